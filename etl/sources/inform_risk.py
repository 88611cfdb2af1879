"""INFORM Risk Index: a country's risk of a humanitarian crisis and what it is made of, by year.

Read are the trends (the API's JSON, the CSV of the Humanitarian Data Exchange, and the yearly workbook's sheet of
results, `etl.inform_book`), which hold the index and its three dimensions, and the CSV of the latest values, which
holds the figures behind them. What is decided here:

- A score is of its whole year, from 0 (least risk) to 10. An empty one is missing, 0 is a score.
- Past years are computed again with today's method: all years are known since they are loaded, none before.
- The file of latest values gives a figure and the score made of it under one name and one unit. Where both stand there
  with different values, nothing tells which is which: both are ignored by name. Those without a name likewise.
- Scores of an indicator and year that are told of `LEAST_COUNTRIES` or more are all there are: a known score that is
  no longer among them is deleted. Fewer are an extract, and a latest value follows an older one, which stays.
- Its units are those published; they are of the figure, and wrong where a score stands alone.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.indicator import Indicator
from etl.client import get
from etl.columns import Columns
from etl.countries import known
from etl.delimited import Chunk, read
from etl.inform_book import scores_of
from etl.json_records import chunk_of_records, shown
from etl.json_text import read_json
from etl.left_out import new_columns
from etl.markup import plain_text
from etl.source import Ignored, Item, Payload, Reject, Replaces, Rows, Spec, Window
from etl.whole import A_PART

CODES = {
    "INFORM": "inform_risk",
    "HA": "hazard_exposure", "HA.NAT": "hazard_exposure_natural", "HA.HUM": "hazard_exposure_human",
    "VU": "vulnerability", "VU.SEV": "vulnerability_socio_economic", "VU.VGR": "vulnerable_groups",
    "CC": "lack_of_coping_capacity", "CC.INS": "lack_of_coping_capacity_institutional",
    "CC.INF": "lack_of_coping_capacity_infrastructure",
}  # fmt: skip
"""The index, its three dimensions and their six categories, as the method's own numbering has them."""
CATEGORIES = tuple(code for code in CODES if "." in code)
REQUIRED = ("Iso3", "IndicatorScore")
TRENDS = ("IndicatorId", "GNAYear")
LATEST = ("IndicatorName", "ValidityYear", "Unit")
IGNORED = (
    "CountryName", "FullName", "WorkflowId", "MethodologyId", "ShortDescription", "ParentLevel", "StepNumber",
    "Ranking",
)  # fmt: skip
FIRST_YEAR = 2000
_NO_YEAR = ("", "0")
_AREA = ["indicator", "area_id", "period_start_date"]
_CODE_CHARACTERS = 100
LEAST_COUNTRIES = 150
"""The index has had 191 countries since its first year."""
MOST_VANISHED_SHARE = 0.1
"""A country leaves the index once in years: more is a list that was cut."""
_IN_CELLS = (
    "t.source_id = 'inform_risk'"
    " AND concat_ws(' ', t.indicator, to_char(t.period_start_date, 'YYYY-MM-DD')) = ANY(:cells)"
)


class InformRisk:
    """The source; see the module. ``clock`` tells now: the index of a year is out in the year before, not sooner."""

    spec = Spec(
        id="inform_risk",
        title="INFORM Risk Index",
        publisher="European Commission, Joint Research Centre, with the Inter-Agency Standing Committee",
        url="https://drmkc.jrc.ec.europa.eu/inform-index/api/informapi/countries/trends/",
        licence="CC BY 4.0",
        cadence=timedelta(days=183),
        tables=(Indicator,),
        first_date=date(2015, 1, 1),
        rows=(1, 500_000),
        max_bytes=50_000_000,
        publication_delay=timedelta(days=365),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - always all years
        """Yield the trends of the newest index (its workflow is number 0)."""
        body, kind = get(client, self.spec.url, self.spec.max_bytes, WorkflowId=0)
        yield Payload("inform-trends.json", body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the scores or figures of a payload; two different ones for one country and year are no score."""
        frames: list[pd.DataFrame] = []
        for chunk in _chunks(payload, self.spec.max_bytes):
            if isinstance(chunk, Ignored):
                yield chunk
                continue
            is_trend = set(TRENDS) <= set(chunk.frame)
            if not is_trend and not set(LATEST) <= set(chunk.frame):
                both = f"{', '.join(TRENDS)} (trends) nor {', '.join(LATEST)} (latest values)"
                raise PayloadRejected(payload.name, f"has neither the columns {both}")
            yield from new_columns(chunk.added)
            year = "GNAYear" if is_trend else "ValidityYear"
            dateless = chunk.frame[year].str.strip().isin(_NO_YEAR)
            if dateless.any():
                yield Ignored(int(dateless.sum()), f"without a year ({year} is 0 or empty)")
            chunk = chunk.without(dateless)  # noqa: PLW2901
            if is_trend:
                below = chunk.frame["IndicatorId"].str.strip().str.startswith(tuple(f"{code}." for code in CATEGORIES))
                if below.any():
                    yield Ignored(int(below.sum()), "scores of which the six categories are made")
                chunk = chunk.without(below)  # noqa: PLW2901
            columns = Columns(chunk, chunk.where)
            frame = _scores(columns, self.clock()) if is_trend else _figures(columns, self.clock())
            frames.append(columns.good(frame.assign(locator=columns.locators())))
            yield from columns.rejects("indicator")
        yield from _items(pd.concat(frames, ignore_index=True), is_trend=is_trend)


def _chunks(payload: Payload, max_bytes: int) -> Iterator[Chunk | Ignored]:
    """Yield the records of an answer or the rows of a file as texts."""
    with payload.open() as stream:
        start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PK"):
        yield from scores_of(payload)
        return
    if not start.startswith((b"[", b"{")):
        with payload.open() as stream:
            yield from read(stream, payload.name, REQUIRED, (*TRENDS, *LATEST, *IGNORED))
        return
    content = read_json(payload.name, payload.read(max_bytes))
    if not isinstance(content, list):
        raise PayloadRejected(payload.name, f"is no list of scores: {shown(content)[:200]}")
    if not content:
        raise PayloadRejected(payload.name, "holds no score, which says nothing about any country")
    yield chunk_of_records(payload.name, content, (*REQUIRED, *TRENDS), (), IGNORED, "score")


def _years(columns: Columns, name: str, now: datetime) -> pd.DataFrame:
    """Return country, year and value of each row; faults are noted."""
    iso3 = columns.text("Iso3")
    columns.fault(~iso3.isin(known()), "Iso3", "is the ISO 3166-1 alpha-3 code of no country")
    year = columns.whole_number(name, least=FIRST_YEAR, needed=True)
    columns.fault((year > now.year + 1).fillna(value=False), name, f"is later than {now.year + 1}")
    bounded = year.where((year >= FIRST_YEAR) & (year <= now.year + 1)).astype("string")
    return pd.DataFrame(
        {
            "source_id": "inform_risk",
            "country_iso3": iso3,
            "area_id": iso3,
            "area_id_kind": "iso3",
            "admin_level": 0,
            "period_start_date": pd.to_datetime(bounded + "-01-01", format="%Y-%m-%d"),
            "period_end_date": pd.to_datetime(bounded + "-12-31", format="%Y-%m-%d"),
            "value": columns.number("IndicatorScore"),
        }
    )


def _scores(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the trends' rows: scores of the index and its dimensions."""
    frame = _years(columns, "GNAYear", now).assign(indicator=columns.code("IndicatorId", CODES), unit="0-10")
    columns.fault((frame["value"] < 0) | (frame["value"] > 10), "IndicatorScore", "is not between 0 and 10")
    return frame


def _figures(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the latest values' rows, each under a code made of its name; missing where it has none."""
    frame = _years(columns, "ValidityYear", now)
    unit = columns.text("Unit", "not stated").map(plain_text)
    return frame.assign(indicator=columns.text("IndicatorName", "").map(_code), unit=unit)


def _code(name: str) -> str | None:
    """Return an indicator's code of its published name, None for an empty one.

    >>> _code("GDP per capita (current US$)")
    'inform_gdp_per_capita_current_us'
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = re.sub(r"[^a-z0-9]+", "_", "".join(c for c in plain if not unicodedata.combining(c))).strip("_")
    return f"inform_{words}"[:_CODE_CHARACTERS] if words else None


def _items(frame: pd.DataFrame, *, is_trend: bool) -> Iterator[Item]:
    """Yield the rows once each; those that another one contradicts are rejected (scores) or ignored (figures)."""
    if nameless := int(frame["indicator"].isna().sum()):
        yield Ignored(nameless, "figures without a name")
    frame = frame[frame["indicator"].notna()]
    distinct = frame.drop_duplicates([*_AREA, "value", "unit"])
    if len(distinct) < len(frame):
        yield Ignored(len(frame) - len(distinct), "the same figure once more")
    contradicted = distinct.duplicated(_AREA, keep=False)
    if contradicted.any() and not is_trend:
        yield Ignored(int(contradicted.sum()), "a figure and its score under one name: nothing tells which is which")
    for row in distinct[contradicted & is_trend].itertuples():
        reason = f"{row.indicator} of {row.area_id} has several different scores in one year"
        yield Reject("indicator", str(row.locator), reason, f"{row.area_id} {row.period_start_date:%Y} {row.value}")
    good = distinct[~contradicted]
    if len(good):
        yield Rows(Indicator, good.drop(columns="locator"), good["locator"].astype("str"))
        yield _replaced(good) if is_trend else A_PART


def _replaced(scores: pd.DataFrame) -> Item:
    """Return what scores replace: those of each indicator and year that they tell of most countries."""
    countries = scores.groupby(["indicator", "period_start_date"])["area_id"].nunique()
    cells = [f"{indicator} {start:%Y-%m-%d}" for indicator, start in countries.index[countries >= LEAST_COUNTRIES]]
    return Replaces(Indicator, _IN_CELLS, MOST_VANISHED_SHARE, {"cells": cells}) if cells else A_PART


source = InformRisk()
