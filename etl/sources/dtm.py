"""IOM Displacement Tracking Matrix: IDPs present by area and round, from the API (v3) or a published workbook.

What is decided here, where the source leaves it open:

- Figures are stocks at the reporting date. One place has several rows a round, one a reason and origin: they are summed
  within operation, round, date and area. Operations of one country overlap: each is a series of its own, and two
  series never add up.
- A site and a baseline assessment of one round count the same people: each is a series of its own.
- A sum over a row without a figure, or over a rejected one, is not known, and missing: a part is not the whole.
- The sites of one round are visited on different days: where a table tells only those days, the round is dated by its
  last one. A table that names no round is one, if its days lie within a quarter of a year.
- Reasons come as free combinations ("Conflict; Natural disaster"): a figure with one kind of reason has that cause, one
  with several or none is *not_told*.
- A workbook's sheets are all read (`etl.dtm_tables`); figures that stand in two of them count once. Lines of totals and
  notes below a table are ignored by name.
- Rounds are withdrawn and dated anew: of a country and level whose answer has as many records as it says, a known
  figure of the days asked for is deleted when it is no longer there. Figures without an operation came in a file, and
  stay; a file takes nothing away.
- The licence forbids passing rows on: they are for this installation only.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.displacement import Displacement
from etl.client import get
from etl.columns import Columns
from etl.countries import iso3_of_code, iso3_of_name, known, wanted
from etl.day_order import iso_days
from etl.delimited import Chunk
from etl.dtm_tables import IGNORED, chunks_of, is_complete
from etl.dtm_words import DATE, FIGURE, SURVEYED, day_in
from etl.left_out import new_columns
from etl.not_fetched import noted, part_by_part
from etl.source import Ignored, Item, Payload, Reject, Replaces, Rows, Spec, Window
from etl.whole import A_PART, Whole, told_whole, whole

LONGEST_ROUND = timedelta(days=92)
LEVELS = ("admin2", "admin1", "admin0")
UNNAMED = "no operation named"
MOST_VANISHED_SHARE = 1.0
"""The API has no pages and counts its records, so that an answer that was cut is told by its count; a span may hold one
round only, and when that is dated anew all of the old one is gone."""
DATE_FORMS = ("%Y-%m-%d", "%Y-%m-%dT00:00:00", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00Z", "%Y-%m-%dT00:00:00.000Z")
TOTAL = r"(?i)(.{1,60} )?(sub-?)?totals?( .{1,60})?"
"""A line of totals, also of one area as pivot tables head them: "Grand Total", "Borno Total", "Total général"."""
NOT_AVAILABLE = re.compile(r"(?i)not available|n/?a|-|null")
CAUSES = {
    "conflict": r"(?i)confli[ck]?t|ins[eé]curi|inseguridad|violenc|clash|affrontement|insurgen|armed|bandit",
    "disaster": r"(?i)d[ei]sast|flood|drought|storm|climat|catastroph|inond|inund|s[eé]cheresse|sequ[ií]a|cyclon",
}
"""Words of reasons, in English, French and Spanish."""


class DtmSettings(BaseSettings):
    """``WAYPOST_DTM_KEY``; the countries are those of ``WAYPOST_COUNTRIES``."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_DTM_", env_ignore_empty=True, hide_input_in_errors=True)

    key: str | None = None


class Dtm:
    """The source; see the module. ``clock`` tells now: no figure was reported more than a day later."""

    spec = Spec(
        id="dtm",
        title="Internally displaced people (IOM DTM)",
        publisher="International Organization for Migration, Displacement Tracking Matrix",
        url="https://dtmapi.iom.int/v3/displacement",
        licence="non-commercial, no redistribution and no derived works (IOM DTM): for this installation only",
        cadence=timedelta(days=30),
        tables=(Displacement,),
        first_date=date(2010, 1, 1),
        rows=(1, 5_000_000),
        max_bytes=300_000_000,
        publication_delay=timedelta(days=60),
        key_setting="WAYPOST_DTM_KEY",
        key_help="subscribe to the API at dtm-apim-portal.iom.int (free); set WAYPOST_COUNTRIES too",
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield each country's figures at each level, what could not be had by name, and last what was whole."""
        key = DtmSettings().key
        if not key:
            raise ConfigurationMissing("WAYPOST_DTM_KEY", f"is not set; {self.spec.key_help}")
        client.headers["Ocp-Apim-Subscription-Key"] = key
        span = {"FromReportingDate": f"{window.start:%Y-%m-%d}", "ToReportingDate": f"{window.end:%Y-%m-%d}"}
        asked = [(country, level) for country in wanted() for level in LEVELS]
        had: dict[str, list[str]] = {}
        parts = {f"{who} {level}": self._figures(client, level, who, span, had) for who, level in asked}
        try:
            yield from part_by_part(parts)
        except httpx.HTTPStatusError as error:
            raise _refusal(error) from error
        if had:
            yield whole(window.start.date(), window.end.date(), had)

    def _figures(
        self, client: httpx.Client, level: str, country: str, span: dict[str, str], had: dict[str, list[str]]
    ) -> Iterator[Payload]:
        """Yield a country's figures at one level, and note in ``had`` when they are all there are."""
        body, kind = get(client, f"{self.spec.url}/{level}", self.spec.max_bytes, Admin0Pcode=country, **span)
        payload = Payload(f"{country}-{level}.json", body, kind)
        if is_complete(payload, self.spec.max_bytes):
            had.setdefault(level, []).append(country)
        yield payload

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the sums of an answer of the API, or of a workbook or CSV file with or without HXL tags."""
        if (missed := noted(payload)) is not None:
            yield missed
            return
        if (had := told_whole(payload)) is not None:
            yield _replaced(had)
            return
        found = []  # a place's rows may stand far apart: sums need them all
        for chunk in chunks_of(payload, self.spec.max_bytes):
            if isinstance(chunk, Ignored):
                yield chunk
                continue
            yield from new_columns(name for name in chunk.added if name not in IGNORED)
            told, left_out = _without_totals(chunk)
            yield from left_out
            columns = Columns(told, told.where)
            rows = _marked(columns, _read(columns, self.clock()))
            yield from columns.rejects("displacement")
            rows = rows.assign(locator=columns.locators()[rows.index], sheet=chunk.where)
            found.append(_of_rounds(rows) if SURVEYED in told.frame else rows)
        if sum(map(len, found)):
            yield from _items(_sums(pd.concat(found, ignore_index=True)))
        if not payload.name.endswith(".json"):
            yield A_PART


def _replaced(had: Whole) -> Replaces:
    """Return what the answers of a fetch replace."""
    levels = {level.removeprefix("admin"): countries for level, countries in had.parts.items()}
    places = [f"{country} {level}" for level, countries in levels.items() for country in countries]
    scope = (
        "t.source_id = 'dtm' AND t.period_end_date >= :start AND t.period_end_date < :end"
        f" AND concat_ws(' ', t.country_iso3, t.admin_level) = ANY(:places) AND NOT starts_with(t.series, '{UNNAMED}')"
    )
    values = {"start": had.start, "end": had.end, "places": places}
    return Replaces(Displacement, scope, MOST_VANISHED_SHARE, values)


def _refusal(error: httpx.HTTPStatusError) -> httpx.HTTPStatusError | PayloadRejected:
    """Return an error that says what a refusal (401, 403) may mean, any other error as it is."""
    if error.response.status_code not in (401, 403):
        return error
    status = error.response.status_code
    reason = (
        f"refused every question with HTTP {status}: either WAYPOST_DTM_KEY is no subscription of this API, or the "
        "firewall before it blocks this address"
    )
    return PayloadRejected(error.request.url.host, reason)


def _items(sums: pd.DataFrame) -> Iterator[Item]:
    """Yield the rows; what two sheets say alike counts once, what they say differently is rejected after the first."""
    twice = sums.duplicated("record_id")
    first = sums[~twice].set_index("record_id")["people"]
    alike = twice & (sums["people"].fillna(-1) == sums["record_id"].map(first).fillna(-1))
    if alike.any():
        yield Ignored(int(alike.sum()), "figures that another sheet has too")
    for row in sums[twice & ~alike].itertuples():
        reason = f"differs from another sheet: {row.people} people instead of {first[row.record_id]}"
        yield Reject("displacement", str(row.locator), reason, str(row.record_id))
    rows = sums[~twice]
    yield Rows(Displacement, rows.drop(columns="locator"), rows["locator"])


def _without_totals(chunk: Chunk) -> tuple[Chunk, list[Ignored]]:
    """Leave out lines of totals, and the notes below a table: lines with neither a code nor a figure."""
    frame, items = chunk.frame, []
    empty = pd.Series("", index=frame.index, dtype="str")
    names, codes = (
        pd.DataFrame({level: frame.get(f"admin{level}{what}", empty).str.strip() for level in range(3)})
        for what in ("Name", "Pcode")
    )
    days = frame.get(DATE, empty).str.strip()
    is_total = pd.concat([names, codes, days], axis=1).apply(lambda column: column.str.fullmatch(TOTAL)).any(axis=1)
    is_bare = (names[[1, 2]] + codes[[1, 2]] == "").all(axis=1)
    told = frame[is_bare].apply(lambda column: column.str.strip().str.fullmatch(TOTAL)).any(axis=1)
    is_total |= told.reindex(frame.index, fill_value=False)
    is_note = (frame[FIGURE].str.strip() == "") & (codes == "").all(axis=1) & ((names != "").sum(axis=1) < 2)
    for left_out, reason in ((is_total, "a line of totals"), (is_note & ~is_total, "a line without code and figure")):
        if left_out.any():
            items.append(Ignored(int(left_out.sum()), reason))
    return chunk.without(is_total | is_note), items


def _read(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return typed rows of a chunk; what is wrong with them is noted in ``columns``."""
    raw = columns.chunk.frame
    for name in raw.columns[~raw.columns.duplicated(keep=False)]:
        raw[name] = raw[name].mask(raw[name].str.strip().str.fullmatch(NOT_AVAILABLE), "")
    raw[DATE] = iso_days(raw[DATE].map({text: _day(text) for text in raw[DATE].unique()}))
    country = _country(columns)
    reason = columns.text("displacementReason", "")
    causes = {cause: reason.str.contains(pattern) for cause, pattern in CAUSES.items()}
    only = {
        cause: told & ~pd.concat([v for k, v in causes.items() if k != cause], axis=1).any(axis=1)
        for cause, told in causes.items()
    }
    level = pd.Series(0, index=raw.index).mask(
        columns.text("admin1Pcode").notna() | columns.text("admin1Name").notna(), 1
    )
    level = level.mask(columns.text("admin2Pcode").notna() | columns.text("admin2Name").notna(), 2)
    return pd.DataFrame(
        {
            "series": columns.text("operation", UNNAMED) + _assessment(columns),
            "round": columns.text("roundNumber", ""),
            "country_iso3": country,
            "admin_level": level,
            "area_pcode": columns.text("admin2Pcode").where(level == 2, columns.text("admin1Pcode")),
            "area_name": columns.text("admin2Name").where(level == 2, columns.text("admin1Name")),
            "names": columns.text("admin1Name", "") + ", " + columns.text("admin2Name", ""),
            "period_end_date": columns.date(DATE, *DATE_FORMS, now=now, needed=True),
            "people": columns.whole_number(FIGURE),
            "cause": reason.map(lambda _: "not_told")
            .mask(only["conflict"], "conflict")
            .mask(only["disaster"], "disaster"),
        }
    )


def _assessment(columns: Columns) -> "pd.Series[str]":
    """Return how people were counted as an addition to the operation, empty where it is not told."""
    told = columns.text("assessmentType", "")
    return (", " + told).where(told != "", "")


def _day(text: str) -> str:
    """Return a day written with the name of its month as 2024-10-15, any other text as it is."""
    try:
        return day_in([text]) if any(sign.isalpha() for sign in text.replace("T", "").replace("Z", "")) else text
    except ValueError:
        return text


def _country(columns: Columns) -> "pd.Series[str]":
    """Return the country: its code, else its name's, else that of the letters a P-code begins with."""
    country = columns.text("admin0Pcode").fillna(columns.text("admin0Name", "").map(iso3_of_name))
    for name in ("admin1Pcode", "admin2Pcode"):
        country = country.fillna(columns.text(name, "").str.extract("^([A-Z]{2,3})[0-9]")[0].map(_of_letters))
    columns.fault(~country.isin(known()), "admin0Pcode", "is no ISO 3166-1 alpha-3 code, and neither name nor P-code "
                  "tells the country")  # fmt: skip
    return country


def _of_letters(letters: object) -> str | None:
    """Return the country of the letters of a P-code, None where there are none."""
    return iso3_of_code(letters) if isinstance(letters, str) else None


def _marked(columns: Columns, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose country and day are known; what is rejected has no figure, and is marked.

    A sum that a rejected row belongs to is not known either.
    """
    is_rejected = ~rows.index.isin(columns.good(rows).index)
    has_place = rows["country_iso3"].isin(known()) & rows["period_end_date"].notna()
    marked = rows.assign(is_rejected=is_rejected, people=rows["people"].mask(is_rejected))
    return marked[~marked["is_rejected"] | has_place]


def _of_rounds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of visits with the last day of their round, where they name it or all lie within one."""
    days = rows.groupby(["series", "round", "country_iso3"], dropna=False)["period_end_date"]
    last = days.transform("max")
    is_one = (rows["round"] != "") | (last - days.transform("min") <= LONGEST_ROUND)
    return rows.assign(period_end_date=last.where(is_one, rows["period_end_date"]))


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each operation, round, date and area; ``locator`` is where the first of its rows stood."""
    key = ["sheet", "series", "round", "country_iso3", "admin_level", "area_pcode", "names", "period_end_date"]
    groups = rows.groupby(key, dropna=False, sort=False)
    sums = groups.agg(
        people=("people", lambda people: people.sum(skipna=False)),
        cause=("cause", lambda causes: causes.iloc[0] if causes.nunique() == 1 else "not_told"),
        area_name=("area_name", "first"),
        locator=("locator", "first"),
        is_rejected=("is_rejected", "all"),
    ).reset_index()
    sums = sums[~sums["is_rejected"]]
    by_name = sums["country_iso3"] + (" " + sums["names"]).where(sums["admin_level"] > 0, "")
    place = sums["area_pcode"].fillna(by_name)
    parts = (sums["series"], sums["round"], sums["period_end_date"].dt.strftime("%Y-%m-%d"), place)
    return sums.drop(columns=["round", "names", "sheet", "is_rejected"]).assign(
        source_id="dtm",
        record_id=["|".join(map(str, values)) for values in zip(*parts, strict=True)],
        population_group="idp",
        measure="stock",
        period_start_date=sums["period_end_date"],
        is_additive=True,
        people=sums["people"].astype("Int64"),
    )


source = Dtm()
