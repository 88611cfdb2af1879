"""Situations: folders of tables that describe places, border points, sites, roads and closures of one displacement.

The payload is the whole folder as one zip file (`etl.situation.read` makes it), because the tables only mean something
together: a row that names an unknown place is rejected with the row it stands in, and the load is atomic.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import PurePosixPath
from typing import Any

import httpx
import pandas as pd
from shapely.geometry.base import BaseGeometry

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema import Versioned
from data.schema.border_point import BorderPoint
from data.schema.conflict_period import ConflictPeriod
from data.schema.link import Link
from data.schema.place import Place
from data.schema.route import Route
from data.schema.site import Site
from data.schema.situation import Situation
from data.schema.status_period import StatusPeriod
from etl.outlines import outlines
from etl.situation_rows import Facts, Whole, resolve
from etl.situation_tables import REQUIRED, TABLES, Sheet, read_table
from etl.source import Item, Payload, Replaces, Rows, Spec, Window

OTHER_TABLES = {"observations": "counts", "conflict_events": "ucdp"}
"""Tables of a folder that other sources read, by the file's stem: the source's id."""

_SPEC = Spec(
    id="situation",
    title="Situation folders: places, border points, sites, routes, closures",
    publisher="whoever describes the situation; each folder names its source",
    url="docs/formats/situation.md",
    licence="each folder names its own",
    cadence=None,
    tables=(Situation, Place, BorderPoint, Site, Link, Route, StatusPeriod, ConflictPeriod),
    first_date=None,
    rows=(4, 200_000),
    max_bytes=50_000_000,
)
_MOST_VANISHED_SHARE = 0.5
_SCOPES: tuple[tuple[type[Versioned], str, str], ...] = (
    (Place, "places", "t.id"),
    (BorderPoint, "border_points", "t.id"),
    (Site, "sites", "t.id"),
    (Link, "links", "t.border_point_id"),
    (Route, "routes", "t.from_id"),
    (StatusPeriod, "status_periods", "t.border_point_id"),
    (ConflictPeriod, "conflict_periods", "t.place_id"),
)
_ID_COLUMNS = ("id", "opposite_id", "border_point_id", "site_id", "from_id", "to_id", "place_id")


@dataclass(frozen=True)
class SituationSource:
    """The source of situation folders. ``outlines`` gives the countries for a folder that names no border points."""

    outlines: Callable[[], Mapping[str, BaseGeometry]] = outlines
    spec: Spec = _SPEC

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002
        """Raise `ConfigurationMissing`: a situation is a folder, nobody publishes it as a feed."""
        raise ConfigurationMissing("a situation", "is loaded from a folder: python -m etl situation DIR")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the rows of all tables of one zipped folder, with the times at which they became known.

        Geography is taken as known from the situation's start, a link from its own date. A period that ended is two
        versions: one known at its start without the end, one known at its end.
        """
        sheets = unpack(payload, self.spec.max_bytes)
        whole = resolve(sheets, {} if "border_points" in sheets else self.outlines())
        yield from whole.rejects
        yield from _situation(whole.facts)
        for table, name, column in _SCOPES:
            if name in whole.frames:
                yield _rows(whole, table, whole.frames[name])
            # A row in quarantine may be one that is known: while there is any, nothing counts as gone.
            if not any(reject.table_name == table.__tablename__ for reject in whole.rejects):
                share = _MOST_VANISHED_SHARE if table is Place else 1.0
                yield Replaces(table, f"starts_with({column}, :prefix)", share, {"prefix": f"{whole.facts.id}:"})


source = SituationSource()


def unpack(payload: Payload, max_bytes: int) -> dict[str, Sheet]:
    """Return the tables of a zipped folder by name.

    Raises `PayloadRejected` when it is no zip file, is larger than ``max_bytes`` unpacked, lacks a required table, or
    has a table that no situation has. Files that are no CSV are documents and are left alone.
    """
    sheets: dict[str, Sheet] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(payload.read(max_bytes))) as bundle:
            members = [m for m in bundle.infolist() if m.filename.endswith(".csv")]
            size = sum(member.file_size for member in members)
            if size > max_bytes:
                raise PayloadRejected(payload.name, f"unpacks to {size:,} bytes, more than {max_bytes:,}")
            for member in members:
                name = PurePosixPath(member.filename).stem
                _refuse_strangers(name, sheets)
                sheets[name] = read_table(name, bundle.read(member))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise PayloadRejected(payload.name, f"is no readable zip file of a situation folder ({error})") from error
    missing = [f"{name}.csv" for name in REQUIRED if name not in sheets]
    if missing:
        raise PayloadRejected(payload.name, f"lacks {', '.join(missing)}")
    return sheets


def _refuse_strangers(name: str, sheets: Mapping[str, Sheet]) -> None:
    """Raise `PayloadRejected` for a table that is not read here, or that was read before."""
    if name in OTHER_TABLES:
        how = "load the folder with: python -m etl situation DIR"
        raise PayloadRejected(f"{name}.csv", f"is read by the source {OTHER_TABLES[name]}; {how}")
    if name not in TABLES:
        raise PayloadRejected(f"{name}.csv", f"is no table of a situation; known are {', '.join(TABLES)}")
    if name in sheets:
        raise PayloadRejected(f"{name}.csv", "is there twice")


def _situation(facts: Facts) -> Iterator[Rows]:
    """Yield the situation itself."""
    row = {**facts.__dict__, "note": facts.note or "", "assumed_known_at": _at(facts.start_date)}
    yield Rows(Situation, pd.DataFrame([row]), pd.Series(["situation.csv row 1"]))


def _rows(whole: Whole, table: type[Versioned], frame: pd.DataFrame) -> Rows:
    """Return the rows of one table: its columns, ids with the situation's prefix, and when they became known."""
    facts = whole.facts
    if "end_date" in table.content():
        lag = timedelta(days=facts.conflict_lag_days) if table is ConflictPeriod else timedelta(0)
        frame = _versions(frame, lag)
    else:
        since = frame["since_date"] if "since_date" in frame else pd.Series(None, index=frame.index, dtype=object)
        known = [max(facts.start_date, day) if isinstance(day, date) else facts.start_date for day in since]
        frame = frame.assign(assumed_known_at=pd.Series([_at(day) for day in known], index=frame.index, dtype=object))
    frame = frame.reset_index(drop=True)
    columns = {c: frame[c] for c in (*table.content(), "known_at", "assumed_known_at") if c in frame}
    result = pd.DataFrame(columns)
    for column in set(_ID_COLUMNS) & set(columns):
        result[column] = [None if pd.isna(local) else f"{facts.id}:{local}" for local in result[column]]
    if table is Place:
        result["situation_id"] = facts.id
    if "note" in result:
        result["note"] = result["note"].fillna("")
    return Rows(table, result, frame["locator"].astype("str"))


def _versions(periods: pd.DataFrame, lag: timedelta) -> pd.DataFrame:
    """Return each period as it was known from its start, without an end, and again from its end."""
    versions: list[dict[str, Any]] = []
    for row in periods.to_dict("records"):
        start, end = row["start_date"], row["end_date"]
        if end is None or end > start:
            versions.append({**row, "end_date": None, "known_at": _at(start) + lag})
        if end is not None:
            versions.append({**row, "known_at": _at(max(start, end)) + lag})
    return pd.DataFrame(versions, columns=[*periods.columns, "known_at"])


def _at(day: date) -> datetime:
    """Return the first instant of a day, UTC."""
    return datetime.combine(day, time(), UTC)
