"""ACLED's published sums of events and fatalities by area and month: the workbooks on the Humanitarian Data Exchange.

There is one workbook each for political violence, civilian targeting and demonstrations; which one it is, only its
file name says. The exchange's CSV files hold all three, a row each.
What is decided here, where the workbook leaves it open:

- Countries with a response plan stand by second-level area (sheets ``HRP_1`` and on), the others as a whole
  (``Non_HRP``). The sheet ``TOU`` holds the terms of use and is ignored by name.
- Two areas of ACLED that lie in one P-code are summed there; one area that stands twice for a month is a fault.
- An area without a P-code (or with ``NA`` for one) is known by its names and its country's code, since many
  countries have a place of one name. A country without ``ISO3`` is one that is exactly named.
- 0 is a month without an event, as ACLED writes it; an empty cell is missing. Demonstrations have no fatalities.
- The last month is not over on the day that the file name tells (``as-of-2025-01-10``): it is provisional.
- Fatalities are reported estimates. The events themselves are the source ``acled``; sums of both are never added.
"""

import re
from calendar import month_name
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import httpx
import pandas as pd

from data.errors import InputRejected, PayloadRejected
from data.schema.indicator import Indicator
from etl.acled_names import country_of, is_country
from etl.columns import Columns
from etl.delimited import read
from etl.grid import Format, Row, chunk_of, header_in
from etl.left_out import new_columns, without_tags
from etl.month_names import month_number
from etl.months import last_day
from etl.source import Ignored, Item, Payload, Reject, Rows, Spec, Window
from etl.spreadsheet import MOST_BYTES, sheets

FORM = Format(
    required=("country", "month", "year", "events"),
    optional=("admin1", "admin2", "iso3", "admin2_pcode", "admin1_pcode", "fatalities"),
)
EVENT_TYPES = {
    "political": "political_violence", "civilian": "civilian_targeting", "demonstration": "demonstration",
}  # fmt: skip
"""How a file name begins to say what is summed, and the breakdown, as HDX HAPI calls it too."""
MEASURES = (("events", "conflict_events", "events"), ("fatalities", "conflict_fatalities", "people"))
KEY = ["area_id", "area_id_kind", "period_start_date", "period_end_date", "country_iso3", "admin_level"]
CSV_NAMES = {
    "Country ISO3": "iso3", "Admin 1 PCode": "admin1_pcode", "Admin 1 Name": "admin1", "Admin 2 PCode": "admin2_pcode",
    "Admin 2 Name": "admin2", "Start Date": "start", "End Date": "end", "Event Type": "kind", "Events": "events",
    "Fatalities": "fatalities",
}  # fmt: skip
"""The columns of the CSV files that the Humanitarian Data Exchange makes of the workbooks."""
CSV_IGNORED = ("Dataset Id", "Resource Id")
_MIDNIGHT = r"[ T]00:00:00(?:\+00:00|Z)?$"
TERMS = "TOU"
FIRST_YEAR = 1997
_AS_OF = re.compile(r"as-of-([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])")


class AcledAggregates:
    """The source; see the module. ``clock`` tells now: a month that begins later is none."""

    spec = Spec(
        id="acled_aggregates",
        title="Political violence by area and month (ACLED on HDX)",
        publisher="Armed Conflict Location & Event Data",
        url="https://data.humdata.org/organization/acled",
        licence="ACLED terms of use: attribution; sums may be shown",
        cadence=None,
        tables=(Indicator,),
        first_date=date(FIRST_YEAR, 1, 1),
        rows=(1, 2_000_000),
        max_bytes=MOST_BYTES,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - files only
        """Raise InputRejected: these sums come as files."""
        raise InputRejected(self.spec.id, "comes as workbooks from HDX: etl run acled_aggregates --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield events and fatalities of each area and month."""
        now, found = self.clock(), dict[str, list[pd.DataFrame]]()
        with payload.open() as stream:
            is_workbook = stream.read(2) == b"PK"
        for part in _of_workbook(payload, self.spec.max_bytes) if is_workbook else _of_text(payload):
            if isinstance(part, Ignored):
                yield part
                continue
            breakdown, columns = part
            frame = columns.good(_read(columns, now))
            yield from columns.rejects("indicator")
            found.setdefault(breakdown, []).append(frame.assign(locator=columns.locators()[frame.index]))
        if not found:
            raise PayloadRejected(payload.name, "has no sheet of sums by country and month")
        for breakdown, frames in found.items():
            yield from _items(pd.concat(frames, ignore_index=True), breakdown, _as_of(payload.name, now))


def _of_workbook(payload: Payload, max_bytes: int) -> Iterator[tuple[str, Columns] | Ignored]:
    """Yield the sheets of sums of a workbook with what they sum; the others are named."""
    breakdown = _event_type(payload.name)
    for title, rows in sheets(payload.read(max_bytes), payload.name):
        if title == TERMS or not rows:
            yield Ignored(0, f"the sheet {title} holds no sums")
            continue
        columns = _columns(rows, payload.name, title)
        yield from new_columns(columns.chunk.added)
        yield breakdown, columns


def _of_text(payload: Payload) -> Iterator[tuple[str, Columns] | Ignored]:
    """Yield the rows of a CSV file kind by kind; its months are told by their first and last day."""
    with payload.open() as stream:
        for told in read(stream, payload.name, CSV_NAMES, CSV_IGNORED):
            chunk, tags = without_tags(told)
            yield from (*new_columns(told.added), *tags)
            frame = chunk.frame.rename(columns=CSV_NAMES)
            days = frame[["start", "end"]].apply(lambda cells: cells.str.replace(_MIDNIGHT, "", regex=True))
            months = {pair: _month(*pair) for pair in days.drop_duplicates().itertuples(index=False, name=None)}
            pairs = [months[pair] for pair in days.itertuples(index=False, name=None)]
            frame = frame.assign(month=[month for month, _ in pairs], year=[year for _, year in pairs], country="")
            if frame.empty and chunk.broken:
                yield next(iter(EVENT_TYPES.values())), Columns(replace(chunk, frame=frame, added=()), chunk.where)
            for kind, rows in frame.groupby("kind", sort=False):
                if kind not in EVENT_TYPES.values():
                    raise PayloadRejected(
                        payload.name, f"sums a kind of event that is not known here: {str(kind)[:80]}"
                    )
                part = replace(chunk, frame=rows, lines=chunk.lines[rows.index], added=())
                yield str(kind), Columns(part, chunk.where)
                chunk = replace(chunk, broken=[])


def _month(start: str, end: str) -> tuple[str, str]:
    """Return name and year of the month from a first to a last day, empty texts for any other period.

    >>> _month("1997-02-01", "1997-02-28"), _month("1997-02-01", "1997-02-27")
    (('February', '1997'), ('', ''))
    """
    try:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        return "", ""
    is_month = first.day == 1 and last == last_day(first)
    return (month_name[first.month], str(first.year)) if is_month else ("", "")


def _items(rows: pd.DataFrame, breakdown: str, as_of: date) -> Iterator[Item]:
    """Yield the sums of one kind of event; an area and month that stood before is rejected."""
    twice = rows.duplicated([*KEY, "part"])
    for row in rows[twice].itertuples():
        raw = f"{row.area_id}, {row.part}, {row.period_start_date:%Y-%m}, {row.events}, {row.fatalities}"
        yield Reject("indicator", str(row.locator), "has an area and month that stood before", raw)
    sums = _sums(rows[~twice])
    is_over = sums["period_end_date"] <= pd.Timestamp(as_of)
    sums["quality"] = is_over.map({True: "reported", False: "provisional"})
    for column, indicator, unit in MEASURES:
        told = sums.drop(columns=["events", "fatalities", "locator"]).assign(
            indicator=indicator, unit=unit, breakdown=breakdown, value=sums[column].astype("Float64")
        )
        if len(told) and (column != "fatalities" or breakdown != "demonstration"):
            yield Rows(Indicator, told, sums["locator"])


def _event_type(name: str) -> str:
    """Return what a workbook sums, by its file name; raise PayloadRejected when that does not say it."""
    found = [event_type for word, event_type in EVENT_TYPES.items() if word in name.casefold()]
    if len(found) != 1:
        words = ", ".join(EVENT_TYPES)
        raise PayloadRejected(name, f"does not say in its name which events it sums ({words}): keep the name from HDX")
    return found[0]


def _as_of(name: str, now: datetime) -> date:
    """Return the day until which a workbook counts, by its file name, else today."""
    found = _AS_OF.search(name)
    try:
        return date.fromisoformat(found[1]) if found else now.date()
    except ValueError as error:
        raise PayloadRejected(name, "has an impossible day in its name") from error


def _columns(rows: list[Row], name: str, title: str) -> Columns:
    """Return the cells of a sheet; the columns that not every sheet has are there, and empty."""
    place = f"{name}, sheet {title}"
    header = header_in(rows, FORM, place)
    if missing := [column for column in FORM.required if column not in header.names]:
        raise PayloadRejected(place, f"lacks the columns {', '.join(missing)}")
    return Columns(chunk_of(rows, FORM, place, "row"), f"sheet {title} row")


def _read(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return typed rows of a sheet; what is wrong with them is noted in ``columns``."""
    country = _told(columns, "iso3").fillna(columns.text("country", "").map(country_of))
    columns.fault(
        ~country.fillna("").map(is_country).astype(bool),
        "country",
        "is no country known here, and iso3 no alpha-3 code",
    )
    pcode, names = _told(columns, "admin2_pcode"), [_told(columns, name) for name in ("admin1", "admin2")]
    level = pd.Series(0, index=country.index).mask(names[0].notna(), 1).mask(names[1].notna() | pcode.notna(), 2)
    name = names[1].where(level == 2, names[0])
    pcode = pcode.where(level == 2, _told(columns, "admin1_pcode").where(level == 1))
    columns.fault((level > 0) & pcode.isna() & name.isna(), "admin2", "is missing, and so is its P-code")
    part = ("/" + names[0]).fillna("") + ("/" + names[1]).fillna("")
    start, end = _months(columns, now)
    return pd.DataFrame(
        {
            "country_iso3": country,
            "area_id": country.where(level == 0, pcode.fillna(country + part)),
            "area_id_kind": pd.Series("name", index=level.index).mask(pcode.notna(), "pcode").mask(level == 0, "iso3"),
            "area_name": name,
            "admin_level": level,
            "period_start_date": start,
            "period_end_date": end,
            "events": columns.whole_number("events"),
            "fatalities": columns.whole_number("fatalities"),
            "part": part,
        }
    )


def _told(columns: Columns, name: str) -> "pd.Series[str]":
    """Return a column of names or codes; ``NA`` is how the workbook writes that there is none."""
    told = columns.text(name)
    return told.mask(told == "NA")


def _months(columns: Columns, now: datetime) -> "tuple[pd.Series[pd.Timestamp], pd.Series[pd.Timestamp]]":
    """Return the first and last day of each row's month."""
    number, year = columns.text("month", "").map(month_number), columns.whole_number("year", needed=True)
    columns.fault(number.isna(), "month", "is no English name of a month")
    possible = (year >= FIRST_YEAR) & (year <= now.year) & number.notna()
    pairs = zip(year.where(possible), number.where(possible), strict=True)
    first = [date(int(y), int(m), 1) if pd.notna(y) and pd.notna(m) else None for y, m in pairs]
    late = pd.Series([day is not None and day > now.date() for day in first], index=year.index)
    columns.fault(year.notna() & ~possible.fillna(value=False) & number.notna(), "year", f"is none since {FIRST_YEAR}")
    columns.fault(late, "month", "has not begun yet")
    ends = [last_day(day) if day else None for day in first]
    start, end = (
        pd.Series(pd.to_datetime(pd.Series(days, dtype=object)).to_numpy(), year.index) for days in (first, ends)
    )
    return start, end


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each area and month, ``locator`` where the first of its parts stood.

    A sum over a part without a figure is missing.
    """
    figures = ["events", "fatalities"]
    groups = rows.groupby(KEY, sort=False)
    sums = groups[figures].sum()
    is_known = rows[figures].notna().groupby([rows[name] for name in KEY], sort=False).all()
    told = groups[["area_name", "locator"]].first()
    return sums.where(is_known).join(told).reset_index().assign(source_id="acled_aggregates")


source = AcledAggregates()
