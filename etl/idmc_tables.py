"""IDMC's figures as tables: CSV files of the Humanitarian Data Exchange, workbooks and answers of the GIDD's API.

The same figures are published under several spellings of their columns over the years, rounded and exact beside each
other: the exact one is taken where there is one. Three kinds of table are told apart by their columns: figures one by
one (updates, and the disaggregated GIDD), sums of a country and year, and disasters of the GIDD.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

import pandas as pd

from data.errors import PayloadRejected
from etl.columns import Columns
from etl.delimited import Chunk, read
from etl.grid import Format, chunk_of
from etl.json_records import chunk_of_records
from etl.json_text import whole
from etl.left_out import without_tags
from etl.markup import plain_text
from etl.months import last_day
from etl.source import Ignored, Payload
from etl.spreadsheet import MOST_BYTES, sheets

STEMS = {
    "flow": ("internal_displacements", "new_displacements", "new_displacement"),
    "stock": ("stock_displacement", "total_number_of_idps", "total_displacement"),
}
CAUSES = ("conflict", "disaster")
EVENT = {
    "event_id": ("event_id",),
    "event_name": ("event_name",),
    "start": ("start_date", "date_of_event_start", "event_start_date"),
    "end": ("end_date", "date_of_event_end", "event_end_date"),
    "hazard": ("hazard_sub_type_name", "hazard_type_name", "hazard_sub_type", "hazard_type"),
}
YEARS, DISASTERS = "idmc_gidd_years", "idmc_gidd_disasters"
FIRST_YEAR = 1900


class Table(NamedTuple):
    """A table and the cause that its hashtags or its file's name tell, None where they tell none or both."""

    chunk: Chunk
    cause: str | None


def tables(payload: Payload) -> Iterator[Table | Ignored]:
    """Yield the tables of a CSV file or workbook, and what is left out of it.

    Columns are named in small letters with underscores (``Conflict Stock Displacement (Raw)``:
    ``conflict_stock_displacement_raw``). A sheet without the column ISO3 is named. Raises PayloadRejected when none is
    left.
    """
    with payload.open() as stream:
        is_workbook = stream.read(4).startswith(b"PK")
    if not is_workbook:
        with payload.open() as stream:
            for chunk in read(stream, payload.name, ()):
                yield from _plain(chunk, payload.name)
        return
    refused, found = [], False
    for title, rows in sheets(payload.read(MOST_BYTES), payload.name):
        try:
            chunk = chunk_of(rows, Format(("iso3",)), payload.name, f"sheet {title} row")
        except PayloadRejected as error:
            refused.append(f"the sheet {title} {error.reason}"[:300])
            continue
        found = True
        yield from _plain(chunk, payload.name)
    if not found:
        raise PayloadRejected(payload.name, "; ".join(refused)[:1000])
    for reason in refused:
        yield Ignored(0, reason)


def answer(name: str, records: list[Any]) -> Table:
    """Return the results of an answer of the GIDD's API as a table; a field with half a character names no column."""
    told = dict.fromkeys(key for record in records if isinstance(record, dict) for key in record)
    names = [key for key in told if whole(key) == key]
    plain = [key for key in names if not any(isinstance(r.get(key), list) for r in records if isinstance(r, dict))]
    chunk = chunk_of_records(name, records, ("iso3",), [key for key in plain if key != "iso3"], names)
    return Table(chunk, _cause(name))


def kind_of(chunk: Chunk) -> str | None:
    """Return which kind of sums a table holds (`YEARS`, `DISASTERS`), None for figures one by one or anything else."""
    names = set(chunk.frame.columns)
    if "iso3" not in names or {"figure", "total_figures"} & names:
        return None
    has_event = bool({"event_name", "event_id"} & names)
    told = any(_column(names, cause, measure) for cause in CAUSES for measure in STEMS)
    if not told or "year" not in names:
        return None
    return DISASTERS if has_event else YEARS


def sums_of(columns: Columns, cause: str | None, now: datetime) -> list[pd.DataFrame]:
    """Return the rows of a table of years or disasters, one frame a kind of figure.

    ``cause`` is that of columns that do not name it; None leaves them out.

    Flows of a year or of a disaster; stocks at the end of the year, of a disaster only where told. What is wrong with
    a row is noted in ``columns``.
    """
    names, kind = set(columns.chunk.frame.columns), kind_of(columns.chunk)
    common = _years(columns, now) if kind == YEARS else _disasters(columns, now)
    unnamed = "disaster" if kind == DISASTERS else cause
    found = []
    for of in CAUSES:
        for measure in STEMS:
            column = _column(names, of, measure)
            if column is None or (not column.startswith(of) and of != unnamed):
                continue
            frame = common.assign(
                source_id=kind, cause=of, measure=measure, people=columns.whole_number(column),
                record_id=common["record_id"] + f"|{of}|{measure}",
            )  # fmt: skip
            if measure == "stock":
                frame = frame.assign(period_start_date=frame["year_end"], period_end_date=frame["year_end"])
                frame = frame[frame["people"].notna()] if kind == DISASTERS else frame
            found.append(frame.drop(columns="year_end"))
    return found


def _plain(chunk: Chunk, name: str) -> Iterator[Table | Ignored]:
    """Yield a chunk with plain column names, without its line of hashtags."""
    names = [re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_") for label in chunk.frame.columns]
    if twice := sorted({label for label in names if names.count(label) > 1}):
        raise PayloadRejected(name, f"has columns twice: {', '.join(twice)}")
    whole = replace(chunk, frame=chunk.frame.set_axis(names, axis=1), added=())
    chunk, tags = without_tags(whole)
    yield from tags
    told = " ".join(map(str, whole.frame.iloc[0])) if tags else ""
    yield Table(chunk, _cause(told) or _cause(name))


def _cause(text: str) -> str | None:
    """Return the one cause that a text names.

    >>> _cause("#affected+idps+ind+new+conflict"), _cause("conflict_and_disaster.csv")
    ('conflict', None)
    """
    told = [cause for cause in CAUSES if cause in text.casefold()]
    return told[0] if len(told) == 1 else None


def _column(names: set[str], cause: str, measure: str) -> str | None:
    """Return the column of a kind of figure, the exact before the rounded one, with the cause in its name before none.

    >>> _column({"conflict_stock_displacement", "conflict_stock_displacement_raw"}, "conflict", "stock")
    'conflict_stock_displacement_raw'
    """
    options = [
        f"{begin}{stem}{ending}"
        for begin in (f"{cause}_", "")
        for ending in ("_raw", "", "_rounded")
        for stem in STEMS[measure]
    ]
    return next((option for option in options if option in names), None)


def _years(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return country and year of each row."""
    frame = _common(columns, now)
    start = pd.to_datetime(frame["year"].astype("string") + "-01-01", format="%Y-%m-%d")
    return frame.assign(
        record_id=frame["country_iso3"] + "|" + frame["year"].astype("string").fillna(""),
        series="sums of years",
        period_start_date=start,
        period_end_date=frame["year_end"],
    ).drop(columns="year")


def _disasters(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return country, event and days of each row; a day of no finer accuracy than a month ends with its month."""
    frame, cells = _common(columns, now), {what: _first(columns, names) for what, names in EVENT.items()}
    start = _days(columns, cells["start"][0], now)
    end = _days(columns, cells["end"][0], now).fillna(start)
    accuracy = {what: columns.text(f"{what}_date_accuracy", "").str.casefold() for what in ("start", "end")}
    coarse = accuracy["end"].where(accuracy["end"] != "", accuracy["start"])
    last = [_last(day, word) for day, word in zip(end, coarse, strict=True)]
    event, name = cells["event_id"][1], cells["event_name"][1].map(plain_text)
    series = event.where(event != "", name)
    year_start = pd.to_datetime(frame["year"].astype("string") + "-01-01", format="%Y-%m-%d")
    started = start.fillna(year_start)
    ids = frame["country_iso3"] + "|" + started.dt.strftime("%Y-%m-%d").fillna("") + "|" + series
    again = ids.groupby(ids).cumcount()
    return frame.assign(
        record_id=ids + ("#" + (again + 1).astype(str)).where(again > 0, ""),
        series=series.where(series != "", ids),
        period_start_date=started,
        period_end_date=pd.Series(pd.to_datetime(last), index=start.index).fillna(frame["year_end"]),
        note=cells["hazard"][1].map(plain_text).replace("", None),
    ).drop(columns="year")


def _common(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return country and year of each row; faults are noted."""
    iso3 = columns.text("iso3", "")
    year = columns.whole_number("year", least=FIRST_YEAR, needed=True)
    late = year.gt(now.year).fillna(value=False).astype(bool)
    columns.fault(late, "year", "is still to come")
    bounded = year.mask(late)
    return pd.DataFrame(
        {
            "country_iso3": iso3,
            "origin_iso3": iso3,
            "population_group": "idp",
            "admin_level": 0,
            "is_additive": True,
            "quality": "reported",
            "year": bounded,
            "year_end": pd.to_datetime(bounded.astype("string") + "-12-31", format="%Y-%m-%d"),
        }
    )


def _first(columns: Columns, names: tuple[str, ...]) -> "tuple[str, pd.Series[str]]":
    """Return the first of some columns that is there, and its texts (empty where none is)."""
    name = next((name for name in names if name in columns.chunk.frame), names[0])
    return name, columns.text(name, "")


def _days(columns: Columns, name: str, now: datetime) -> "pd.Series[pd.Timestamp]":
    """Return a column of days, missing where empty or absent."""
    return columns.date(name, "%Y-%m-%d", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00", now=now)


def _last(day: pd.Timestamp, accuracy: str) -> date | None:
    """Return the last day that a day of some accuracy may mean.

    >>> _last(pd.Timestamp("2012-02-01"), "month"), _last(pd.Timestamp("2012-02-01"), "day")
    (datetime.date(2012, 2, 29), datetime.date(2012, 2, 1))
    """
    if pd.isna(day):
        return None
    told = date(day.year, day.month, day.day)
    if accuracy == "year":
        return date(told.year, 12, 31)
    return last_day(told) if accuracy == "month" else told
