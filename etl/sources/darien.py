"""People who cross the Darién from Colombia into Panama, by month, from the published table by nationality.

Decided here, where the table leaves it open:

- The nationalities of a month are added up to one flow; by month and nationality the counts are small, and no
  forecast needs them. A month with a row that cannot be read has no sum, and is rejected as a whole.
- Before `FIRST_MONTHLY_YEAR` the table has one figure a year, written under its January: ignored by name.
- A month without rows is not told, which is not zero. A month is taken as known `LAG_DAYS` after its end.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pandas as pd

from data.errors import ConfigurationMissing
from data.schema.border_point import BorderPoint
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.situation import Situation
from etl.columns import Columns
from etl.delimited import read
from etl.left_out import new_columns
from etl.reference_series import Series, series_items
from etl.source import Ignored, Item, Payload, Reject, Rows, Spec, Window

REQUIRED = ("t", "nat", "n")
IGNORED = ("q",)
FIRST_MONTHLY_YEAR = 2020
LAG_DAYS = 30
SERIES = Series(
    situation_id="darien",
    title="Crossings of the Darién from Colombia into Panama",
    origin_iso3="COL",
    lag_days=LAG_DAYS,
    source="Panama, Servicio Nacional de Migración, collected by IOM (gdidata)",
    licence="MIT (the collection)",
    note="All paths through the Darién together, drawn in the middle of the province.",
    place_id="darien",
    name="Darién",
    kind="border_point",
    country_iso3="PAN",
    longitude=-77.7,
    latitude=8.1,
)


class Darien:
    """The source; see the module. ``clock`` tells now: a month that has not begun is no count."""

    spec = Spec(
        id="darien",
        title="Crossings of the Darién by month",
        publisher="IOM (gdidata), from Panama's Servicio Nacional de Migración",
        url="https://github.com/iom/gdidata",
        licence="MIT",
        cadence=None,
        tables=(Situation, Place, BorderPoint, Observation),
        first_date=date(FIRST_MONTHLY_YEAR, 1, 1),
        rows=(1, 10_000),
        max_bytes=20_000_000,
        publication_delay=timedelta(days=LAG_DAYS),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: the table is published in a form of R, which is not read here."""
        raise ConfigurationMissing("darien", "is loaded from a table (t,nat,n): python -m etl run darien --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield one flow a month, then the place."""
        now, parts = self.clock(), []
        with payload.open() as stream:
            for chunk in read(stream, payload.name, REQUIRED, IGNORED, only=REQUIRED):
                yield from new_columns(chunk.added)
                columns = Columns(chunk, chunk.where)
                frame = _counts(columns, now)
                frame["is_sound"] = ~frame.index.isin(list(columns.faults))
                yield from columns.rejects("observation")
                parts.append(frame.assign(line=chunk.lines))
        yield from _months(pd.concat(parts), now)


def _counts(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return month, nationality and people of each row; what is wrong with it is noted in ``columns``."""
    month = columns.date("t", now=now, needed=True)
    columns.fault(month.notna() & (month.dt.day != 1), "t", "is not the first of a month")
    nationality = columns.text("nat", "")
    columns.fault(~nationality.str.fullmatch("[A-Z]{3}"), "nat", "is no code of three letters")
    people = columns.whole_number("n", needed=True)
    return pd.DataFrame({"month": month, "nationality": nationality, "people": people})


def _months(rows: pd.DataFrame, now: datetime) -> Iterator[Item]:
    """Yield one flow for each month whose rows all are sound and none comes twice."""
    yearly = rows["month"].dt.year < FIRST_MONTHLY_YEAR
    if yearly.any():
        yield Ignored(int(yearly.sum()), f"figures of whole years, before {FIRST_MONTHLY_YEAR}")
    rows = rows[~yearly & rows["month"].notna()]
    twice = rows.duplicated(["month", "nationality"], keep=False)
    sums = rows.assign(is_sound=rows["is_sound"] & ~twice).groupby("month", as_index=False)
    months = sums.agg(people=("people", "sum"), is_sound=("is_sound", "all"), line=("line", "min"))
    for label, month in months[~months["is_sound"]].iterrows():
        reason = "has a row that cannot be read, or a nationality twice: the month has no sum"
        yield Reject("observation", f"month from line {month['line']}", reason, f"{month['month']:%Y-%m} ({label})")
    months = months[months["is_sound"]]
    if months.empty:
        return
    end = months["month"] + pd.offsets.MonthEnd(0)
    known = (pd.to_datetime(end, utc=True) + timedelta(days=LAG_DAYS)).clip(upper=pd.Timestamp(now))
    flows = {
        "place_id": SERIES.full_place_id, "measure": "flow", "direction": "arrival", "population_group": "all",
        "period_start_date": months["month"], "period_end_date": end, "source_id": "darien",
        "people": months["people"], "quality": "reported", "assumed_known_at": known,
    }  # fmt: skip
    yield Rows(Observation, pd.DataFrame(flows), "month from line " + months["line"].astype("str"))
    first = months["month"].min().date()
    facts = {"kind": "flow_monitoring", "origin_iso3": "COL", "host_iso3": "PAN"}
    yield from series_items(SERIES, first, BorderPoint, **facts)


source = Darien()
