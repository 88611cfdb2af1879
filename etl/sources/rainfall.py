"""Rainfall by dekad and administrative area: CHIRPS as the World Food Programme sums it up by P-code.

The files of the Humanitarian Data Exchange are read, one country each, of 2025 and later (``PCODE``, ``adm_level``) and
before (``ADM2_PCODE``, with a line of HXL tags). A dekad begins on day 1, 11 or 21 of a month. Decided here:

- One row of the file is nine rows: rain, its average of 1989 to 2018, and percent of normal, of the dekad and of the
  one and three months (3 and 9 dekads) that end with it. Each has the period it is about.
- Percent of normal is kept as published: it is damped where hardly any rain is usual, and no quotient of the others.
- An empty cell (the first months of a series) is missing; 0 is a dekad without rain. Rain below zero is refused.
- ``version`` says how sure: ``final``, ``prelim`` (provisional) or ``forecast``; only a forecast may be of a dekad that
  has not begun, up to `AHEAD_DAYS` ahead.
- The country is that of the letters a P-code begins with, missing where they are the code of no country.
- What was known when is not stated. It is assumed by the product's calendar: see `DELAY_DAYS`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.indicator import Indicator
from etl.client import get
from etl.columns import Columns
from etl.countries import iso3_of_code, wanted
from etl.delimited import Chunk, read
from etl.hdx_files import CATALOGUE, files_of
from etl.left_out import new_columns, without_tags
from etl.not_fetched import noted, part_by_part
from etl.numbers import to_number
from etl.source import Item, Payload, Rows, Spec, Window

SPANS = {"rf": ("rainfall", 1), "r1": ("rainfall_1_month", 3), "r3": ("rainfall_3_months", 9)}
"""The stem of a column, what it sums up, and over how many dekads."""
MEASURES = {
    column: (f"{name}_{what}", dekads, unit)
    for stem, (name, dekads) in SPANS.items()
    for column, what, unit in (
        (f"{stem}h", "mm", "mm"), (f"{stem}h_avg", "average_mm", "mm"), (f"{stem}q", "percent_of_normal", "%"),
    )
}  # fmt: skip
"""The columns of figures: the indicator, its span in dekads, its unit."""
QUALITIES = {"final": "reported", "prelim": "provisional", "forecast": "forecast"}
DELAY_DAYS = {"final": 50, "prelim": 6, "forecast": -10}
"""How long after its dekad a figure is out: CHIRPS is final in the third week of the next month, preliminary a few days
after; a forecast is out before its dekad begins."""
AHEAD_DAYS = 31
NO_DATA = ("NA", "N/A", "NaN", "nan", "None", "null", "-")
REQUIRED = ("date", *MEASURES, "version")
CODES = {name: level for level in (1, 2) for name in (f"adm{level}_pcode", f"ADM{level}_PCODE")}
"""The column of P-codes in files before 2025, and the administrative level it says."""
OPTIONAL = ("PCODE", "adm_level", *CODES)
IGNORED = ("adm_id", "adm1_id", "adm2_id", "n_pixels")
_TINY = re.compile(r"[0-9](?:\.[0-9]{1,20})?[eE]-[0-9]{1,2}")
"""How exports write the usual rain of deserts: 1.5e-05 mm."""
_LETTERS = re.compile(r"[A-Z]*")
_PART_ROWS = 20_000
"""So many rows of the file are nine times as many of ours in memory."""
_HEAD_BYTES = 4_000
_DEKADS = (1, 11, 21)


class Rainfall:
    """The source; see the module. ``clock`` tells now."""

    spec = Spec(
        id="rainfall",
        title="Rainfall by area and dekad (WFP, CHIRPS)",
        publisher="World Food Programme, from CHIRPS of the Climate Hazards Center (UCSB)",
        url=CATALOGUE,
        licence="CC BY-IGO",
        cadence=timedelta(days=14),
        tables=(Indicator,),
        first_date=date(1981, 1, 1),
        rows=(1, 20_000_000),
        max_bytes=500_000_000,
        publication_delay=timedelta(days=10),
        hosts=("s3.eu-central-1.amazonaws.com",),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the files of the countries that are set, of the last five years or, for an older window, of all years.

        A country that cannot be had does not take the others with it; when none can, its error passes through.
        """
        is_recent = window.start.year > self.clock().year - 5
        yield from part_by_part({iso3: self._files(client, iso3, recent=is_recent) for iso3 in wanted()})

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the figures of a country's file; a row with anything unreadable is rejected whole."""
        if (missed := noted(payload)) is not None:
            yield missed
            return
        now = self.clock()
        with payload.open() as stream:
            if b"aggregation_period" in stream.read(_HEAD_BYTES).partition(b"\n")[0]:
                raise PayloadRejected(payload.name, "is rainfall as HDX HAPI publishes it, which is another source's")
        with payload.open() as stream:
            for told in read(stream, payload.name, REQUIRED, (*OPTIONAL, *IGNORED)):
                code = _code_column(payload.name, told)
                chunk, tags = without_tags(told)
                yield from (*new_columns(told.added), *tags)
                yield from _items(Columns(chunk), code, now)

    def _files(self, client: httpx.Client, iso3: str, *, recent: bool) -> Iterator[Payload]:
        """Yield a country's files; the short ones, of five years, where ``recent``."""
        files = files_of(client, self.spec.url, f"{iso3.lower()}-rainfall-subnational", "CSV")
        short = [file for file in files if "5ytd" in f"{file.name} {file.url}"]
        for file in short if recent and short else [file for file in files if file not in short] or short:
            body, kind = get(client, file.url, self.spec.max_bytes)
            yield Payload(file.name if file.name.endswith(".csv") else f"{file.name}.csv", body, kind)


def _code_column(name: str, chunk: Chunk) -> str:
    """Return the column with the P-code; raise `PayloadRejected` when there is none or no level goes with it."""
    found = [column for column in ("PCODE", *CODES) if column in chunk.frame]
    if len(found) != 1:
        raise PayloadRejected(name, f"has {len(found)} columns of P-codes (PCODE, ADM2_PCODE), not one")
    if found[0] == "PCODE" and "adm_level" not in chunk.frame:
        raise PayloadRejected(name, "lacks the column adm_level")
    return found[0]


def _items(columns: Columns, code: str, now: datetime) -> Iterator[Item]:
    """Yield the rows of a chunk, and what is wrong with the others."""
    areas = _areas(columns, code, now)
    values = {column: _amounts(columns, column) for column in MEASURES}
    areas = columns.good(areas)
    yield from columns.rejects("indicator")
    for start in range(0, len(areas), _PART_ROWS):
        part = areas.iloc[start : start + _PART_ROWS]
        told = [
            part.assign(
                indicator=indicator,
                unit=unit,
                value=values[column][part.index],
                period_start_date=_start_of(part["dekad"], dekads - 1),
            )
            for column, (indicator, dekads, unit) in MEASURES.items()
        ]
        frame = pd.concat(told).sort_index(kind="stable").drop(columns="dekad")
        where = columns.locators()[frame.index].reset_index(drop=True)
        yield Rows(Indicator, frame.reset_index(drop=True), where)


def _areas(columns: Columns, code: str, now: datetime) -> pd.DataFrame:
    """Return the area and the dekad of each row; faults are noted."""
    pcode = columns.text(code)
    columns.fault(pcode.isna(), code, "is missing")
    level = pd.Series(CODES.get(code, 0), index=pcode.index, dtype="Int64")
    if code == "PCODE":
        level = columns.whole_number("adm_level", least=1, needed=True)
        columns.fault((level > 5).fillna(value=False), "adm_level", "is more than 5")
    version = columns.text("version")
    quality = columns.code("version", QUALITIES)
    dekad = columns.date("date", now=now + timedelta(days=AHEAD_DAYS), needed=True)
    columns.fault(dekad.notna() & ~dekad.dt.day.isin(_DEKADS), "date", "is no first day of a dekad (1, 11, 21)")
    future = dekad > pd.Timestamp(now.date()) + timedelta(days=1)
    columns.fault(future & (version != "forecast"), "date", "has not begun, and this is no forecast")
    end = _start_of(dekad, -1) - timedelta(days=1)
    out = pd.to_datetime(end, utc=True) + pd.to_timedelta(version.map(DELAY_DAYS), unit="D")
    return pd.DataFrame(
        {
            "source_id": "rainfall",
            "breakdown": "",
            "country_iso3": pcode.fillna("").map(_country),
            "area_id": pcode,
            "area_id_kind": "pcode",
            "admin_level": level,
            "period_end_date": end,
            "quality": quality,
            "assumed_known_at": out.clip(upper=pd.Timestamp(now)),
            "dekad": dekad,
        }
    )


def _amounts(columns: Columns, name: str) -> "pd.Series[float]":
    """Return a column of figures, missing where the file says so; what is no amount is noted."""
    texts = columns.text(name, "")
    tiny = texts.str.fullmatch(_TINY)
    texts = texts.mask(tiny, texts[tiny].map(lambda text: f"{float(text):.20f}"))
    values, unread = to_number(texts, missing=NO_DATA)
    columns.fault(unread, name, "is no plain number")
    columns.fault(values < 0, name, "is below zero")
    return values


def _start_of(dekad: "pd.Series[pd.Timestamp]", before: int) -> "pd.Series[pd.Timestamp]":
    """Return the first day of the dekad that comes so many dekads before (after: a negative number).

    >>> _start_of(pd.to_datetime(pd.Series(["2024-03-01", "2024-01-11"])), 2).dt.strftime("%m-%d").tolist()
    ['02-11', '12-21']
    """
    number = dekad.dt.year * 36 + (dekad.dt.month - 1) * 3 + (dekad.dt.day - 1).clip(upper=20) // 10 - before
    parts = {"year": number // 36, "month": number % 36 // 3 + 1, "day": number % 3 * 10 + 1}
    return pd.to_datetime(pd.DataFrame(parts), errors="coerce").dt.as_unit("s")


def _country(pcode: str) -> str | None:
    """Return the country of the letters that a P-code begins with, None where they are none's.

    >>> _country("AF01"), _country("TCD14"), _country("12001")
    ('AFG', 'TCD', None)
    """
    found = _LETTERS.match(pcode)
    return iso3_of_code(found[0]) if found and 2 <= len(found[0]) <= 3 else None


source = Rainfall()
