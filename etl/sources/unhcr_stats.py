"""UNHCR refugee statistics: people displaced by year, country of origin and country of asylum.

The API, the zip file or CSV of its download, and the CSV files of the Humanitarian Data Exchange are read. A row holds
one figure a population group; each becomes one figure of displacement. Decided here, where it is open:

- A figure is the stock at the end of its year, people who returned are the flow of the year. Until `FINAL_MONTH` of
  the next year the figures of a year are those of its middle, and provisional.
- ``"-"``, ``NA`` (as R writes it) and an empty cell are not applicable: the figure is missing. ``"0"`` is zero.
- Refugees who returned are in their country of origin; the note says from where. Everybody else is in the country of
  asylum: a row whose country of asylum is unknown, or is a sum over several, has no place and is ignored by name.
- Stateless people and those of unknown or Tibetan origin have codes that are no country: their origin is missing.
- The host community (hst) is not displaced, and not read.
- Years are counted anew: of the years whose pages were all had, a known figure is deleted when it is no longer there.
  A file may hold some countries only, and takes nothing away.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO, NamedTuple

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.displacement import Displacement
from etl.client import get
from etl.columns import Columns
from etl.countries import known
from etl.delimited import Chunk, read
from etl.json_records import chunk_of_records, shown
from etl.json_text import read_json
from etl.left_out import new_columns
from etl.numbers import to_whole_number
from etl.source import Ignored, Item, Payload, Replaces, Rows, Spec, Window
from etl.whole import A_PART, told_whole, whole
from etl.zipped import single_csv


class Group(NamedTuple):
    """What a column of figures counts."""

    population_group: str
    measure: str


GROUPS = {
    "refugees": Group("refugee", "stock"),
    "asylum_seekers": Group("asylum_seeker", "stock"),
    "returned_refugees": Group("returned_refugee", "flow"),
    "idps": Group("idp", "stock"),
    "returned_idps": Group("returned_idp", "flow"),
    "stateless": Group("stateless", "stock"),
    "ooc": Group("other", "stock"),
    "oip": Group("other", "stock"),
}
"""The columns of figures. ``ooc`` are others of concern, ``oip`` other people in need of international protection."""
NEEDED = ("year", "coo_iso", "coa_iso")
IGNORED = ("coo", "coa", "coo_id", "coa_id", "coo_name", "coa_name", "hst")
HDX_NAMES = {
    "Year": "year", "ISO3CoO": "coo_iso", "ISO3CoA": "coa_iso", "REF": "refugees", "IDP": "idps",
    "ASY": "asylum_seekers", "OOC": "ooc", "STA": "stateless", "VDA": "oip",
}  # fmt: skip
"""VDA are Venezuelans displaced abroad, who later became other people in need of international protection."""
DOWNLOAD_NAMES = {
    "Year": "year", "Country of origin (ISO)": "coo_iso", "Country of asylum (ISO)": "coa_iso",
    "Refugees under UNHCR's mandate": "refugees", "Refugees": "refugees", "Asylum-seekers": "asylum_seekers",
    "Returned refugees": "returned_refugees", "IDPs of concern to UNHCR": "idps", "IDPs": "idps",
    "Returned IDPs": "returned_idps", "Returned IDPss": "returned_idps", "Stateless persons": "stateless",
    "Others of concern": "ooc", "Others of concern to UNHCR": "ooc",
    "Other people in need of international protection": "oip", "Country of origin": "coo_name",
    "Country of asylum": "coa_name", "Host community": "hst",
}  # fmt: skip
SAME = {"UKN": "UNK", "STA": "XXA"}
NO_COUNTRY = {"UNK": "unknown origin", "XXA": "stateless", "TIB": "Tibetan"}
TOTAL = "-"
NOT_APPLICABLE = ("-", "NA")
FINAL_MONTH = 6
FIRST_YEAR = 1951
PAGE_ROWS = 10_000
MOST_PAGES = 200
MOST_VANISHED_SHARE = 0.1
"""Pairs of countries hardly ever leave a year; a column that is called otherwise all at once is an eighth of all."""
_IN_YEARS = "t.source_id = 'unhcr_stats' AND t.period_end_date >= :start AND t.period_end_date < :end"
_PREFACE_LINES = 40
_HEAD_BYTES = 1 << 16
_EXPONENT = re.compile(r"[1-9](?:\.[0-9]{1,9})?e\+(?:0[0-9]|1[0-2])")
"""How R writes round numbers into a CSV file (1e+05)."""


class UnhcrStats:
    """The source; see the module. ``clock`` tells now: there are no figures of a year that has not begun."""

    spec = Spec(
        id="unhcr_stats",
        title="Refugees, asylum seekers, IDPs and returns by year (UNHCR)",
        publisher="UNHCR, Refugee Population Statistics Database",
        url="https://api.unhcr.org/population/v1/population/",
        licence="CC BY 4.0",
        cadence=timedelta(days=183),
        tables=(Displacement,),
        first_date=date(FIRST_YEAR, 1, 1),
        rows=(1, 5_000_000),
        max_bytes=500_000_000,
        publication_delay=timedelta(days=180),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the pages of the window's years and the year before, of all pairs of countries, last their years."""
        span: dict[str, str | int] = {"yearFrom": window.start.year - 1, "yearTo": window.end.year}
        every: dict[str, str | int] = {"coo_all": "true", "coa_all": "true", "cf_type": "ISO", "limit": PAGE_ROWS}
        page, pages = 1, 1
        while page <= pages:
            body, kind = get(client, self.spec.url, self.spec.max_bytes, **span, **every, page=page)
            payload = Payload(f"population-{span['yearFrom']}-{span['yearTo']}-page-{page}.json", body, kind)
            _, pages = _envelope(payload, self.spec.max_bytes)
            yield payload
            page += 1
        yield whole(date(window.start.year - 1, 1, 1), date(window.end.year + 1, 1, 1))

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the figures of a page of the API or of a table, and what a whole replaces."""
        if (had := told_whole(payload)) is not None:
            days = {"start": had.start, "end": had.end}
            yield Replaces(Displacement, _IN_YEARS, MOST_VANISHED_SHARE, days)
            return
        with payload.open() as stream:
            start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith((b"{", b"[")):
            items, _ = _envelope(payload, self.spec.max_bytes)
            told = {key for item in items if isinstance(item, dict) for key in item}
            groups = tuple(name for name in GROUPS if name in told)
            chunk = _with_figures(chunk_of_records(payload.name, items, NEEDED, groups, IGNORED, "item"), payload.name)
            yield from _items([chunk], self.clock())
            return
        with _unzipped(payload, self.spec.max_bytes) if start.startswith(b"PK") else payload.open() as stream:
            yield from _items(_chunks(stream, payload.name), self.clock())
        yield A_PART


@contextmanager
def _unzipped(payload: Payload, max_bytes: int) -> Iterator[BinaryIO]:
    """Open the table of a download, which has its footnotes in a CSV file beside it."""
    try:
        with zipfile.ZipFile(BytesIO(payload.read(max_bytes))) as bundle:
            names = [name for name in bundle.namelist() if name == "population.csv"]
            others = [name for name in bundle.namelist() if name.lower().endswith((".csv", ".txt", ".tsv"))]
            packed = bundle.read(names[0]) if names and bundle.getinfo(names[0]).file_size <= max_bytes else b""
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise PayloadRejected(payload.name, f"is no readable zip file: {error}") from error
    if packed:
        yield BytesIO(packed)
    elif len(others) == 1:
        with single_csv(payload, max_bytes) as stream:
            yield stream
    else:
        raise PayloadRejected(payload.name, "holds no population.csv")


def _chunks(stream: BinaryIO, name: str) -> Iterator[Chunk]:
    """Yield chunks of a table with the column names of the API, whichever of the three layouts it has."""
    header, start = _header(stream.read(_HEAD_BYTES))
    stream.seek(start)
    if b"ISO3CoO" in header:
        names, is_hdx = HDX_NAMES, True
    else:
        names, is_hdx = (DOWNLOAD_NAMES if b"(ISO)" in header else {n: n for n in (*NEEDED, *GROUPS, *IGNORED)}), False
    required = [theirs for theirs, ours in names.items() if ours in NEEDED]
    for chunk in read(stream, name, required, names):
        frame = chunk.frame.rename(columns=names)
        if not frame.columns.is_unique:
            raise PayloadRejected(name, "has two columns for one figure")
        yield _with_figures(replace(chunk, frame=frame.apply(_plain) if is_hdx else frame), name)


def _with_figures(chunk: Chunk, name: str) -> Chunk:
    """Return a chunk that has figures; raise PayloadRejected for one of something else (ages, decisions on asylum)."""
    if set(GROUPS) & set(chunk.frame.columns):
        return chunk
    others = ", ".join(chunk.added)[:300]
    raise PayloadRejected(name, f"has no column of figures read here ({', '.join(GROUPS)}), but {others}")


def _header(head: bytes) -> tuple[bytes, int]:
    """Return the header of a table and where it begins: a download has some lines about itself above it."""
    lines = head.split(b"\n")[:_PREFACE_LINES]
    above = next((n for n, line in enumerate(lines) if b"(ISO)" in line), 0)
    return lines[above], sum(len(line) + 1 for line in lines[:above])


def _plain(text: "pd.Series[str]") -> "pd.Series[str]":
    """Return numbers that R wrote with an exponent as plain ones.

    >>> _plain(pd.Series(["1e+05", "2000", "1e5"])).tolist()
    ['100000', '2000', '1e5']
    """
    return text.map(lambda cell: str(int(Decimal(cell))) if _EXPONENT.fullmatch(cell) else cell)


def _envelope(payload: Payload, max_bytes: int) -> tuple[list[object], int]:
    """Return the items of a page of the API and how many pages there are."""
    content = read_json(payload.name, payload.read(max_bytes))
    items = content.get("items") if isinstance(content, dict) else None
    if not isinstance(items, list):
        raise PayloadRejected(payload.name, f"has no list 'items': {shown(content)[:200]}")
    pages = content.get("maxPages")
    if not isinstance(pages, str) or not pages.isdecimal() or not 0 <= int(pages[:6]) <= MOST_PAGES:
        raise PayloadRejected(payload.name, f"has no number 'maxPages' up to {MOST_PAGES} ({str(pages)[:40]})")
    if not items:
        raise PayloadRejected(payload.name, "holds no item, which says nothing about anybody")
    return items, int(pages)


def _items(chunks: Iterable[Chunk], now: datetime) -> Iterator[Item]:
    """Yield the figures of chunks, group by group; a row with anything unreadable is rejected whole."""
    for chunk in chunks:
        yield from new_columns(chunk.added)
        totals = chunk.frame[["coo_iso", "coa_iso"]].apply(lambda cells: cells.str.strip() == TOTAL).any(axis=1)
        if totals.any():
            yield Ignored(int(totals.sum()), "a sum over all countries of origin or asylum")
        columns = Columns(chunk.without(totals), chunk.where)
        pairs = _pairs(columns, now)
        figures = {name: _people(columns, name) for name in GROUPS if name in chunk.frame}
        sound = columns.good(pairs)
        yield from columns.rejects("displacement")
        for name, people in figures.items():
            rows = _figures(sound.assign(people=people[sound.index]), name, now)
            unplaced = rows["country_iso3"].isna()
            if unplaced.any():
                yield Ignored(int(unplaced.sum()), f"{name} whose country is not known")
            rows = rows[~unplaced]
            if len(rows):
                yield Rows(Displacement, rows, columns.locators()[rows.index])


def _pairs(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return year and countries of each row; what is wrong with them is noted in ``columns``."""
    year = columns.whole_number("year", least=FIRST_YEAR, needed=True)
    late = year.gt(now.year).fillna(value=False).astype(bool)
    columns.fault(late, "year", "is still to come")
    codes = {}
    for name in ("coo_iso", "coa_iso"):
        codes[name] = columns.text(name, "").replace(SAME)
        columns.fault(~codes[name].isin([*known(), *NO_COUNTRY]), name, "is no country, nor a known code for none")
    return pd.DataFrame({"year": year.fillna(0).astype(int), **codes})


def _people(columns: Columns, name: str) -> "pd.Series[int]":
    """Return the figures of a column, missing where not applicable."""
    people, unread = to_whole_number(columns.text(name, ""), missing=NOT_APPLICABLE)
    columns.fault(unread, name, "is no plain whole number of 0 or more")
    return people


def _figures(pairs: pd.DataFrame, name: str, now: datetime) -> pd.DataFrame:
    """Return the figures of one column (``people``) of sound rows as rows of the table."""
    group, origin = GROUPS[name], pairs["coo_iso"].where(pairs["coo_iso"].isin(known()))
    asylum = pairs["coa_iso"].where(pairs["coa_iso"].isin(known()))
    final = pd.to_datetime({"year": pairs["year"] + 1, "month": FINAL_MONTH, "day": 1}, utc=True)
    is_half = final > pd.Timestamp(now)
    end = pd.to_datetime({"year": pairs["year"], "month": 12 - 6 * is_half, "day": 31 - is_half})
    start = pd.to_datetime({"year": pairs["year"], "month": 1, "day": 1})
    note = pairs["coo_iso"].map(NO_COUNTRY)
    if name == "returned_refugees":
        note = "returned from " + pairs["coa_iso"]
    return pd.DataFrame(
        {
            "source_id": "unhcr_stats",
            "record_id": pairs["year"].astype(str) + ":" + pairs["coo_iso"] + ">" + pairs["coa_iso"] + ":" + name,
            "series": name,
            "population_group": group.population_group,
            "measure": group.measure,
            "country_iso3": origin if name == "returned_refugees" else asylum,
            "origin_iso3": origin,
            "admin_level": 0,
            "period_start_date": start if group.measure == "flow" else end,
            "period_end_date": end,
            "people": pairs["people"],
            "is_additive": True,
            "quality": is_half.map({True: "provisional", False: "reported"}),
            "note": note,
        }
    )


source = UnhcrStats()
