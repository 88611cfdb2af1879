"""Load a situation folder: its geography first, then its counts and events, each through its own source."""

import io
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from data.errors import InputRejected
from data.store import Store
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.situation_rows import Facts, facts_of
from etl.situation_tables import REQUIRED, TABLES, read_table
from etl.source import Payload
from etl.sources.situation import OTHER_TABLES

_NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Folder:
    """A situation folder as read: its facts, and the payloads with the ids of their sources in the order to load."""

    facts: Facts
    payloads: tuple[tuple[str, Payload], ...]


def read(folder: Path) -> Folder:
    """Read a folder of CSV tables (docs/formats/situation.md).

    Raises `InputRejected` when it is no folder, lacks a required table or holds a table that no situation has, and
    `PayloadRejected` when ``situation.csv`` does not describe one situation.
    """
    if not folder.is_dir():
        raise InputRejected(str(folder), "is no folder")
    tables = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    known = {*TABLES, *OTHER_TABLES}
    if strange := sorted(set(tables) - known):
        raise InputRejected(str(folder), f"{strange[0]}.csv is no table of a situation; known are {_files(known)}")
    if missing := [name for name in REQUIRED if name not in tables]:
        raise InputRejected(str(folder), f"lacks {_files(missing)}")
    facts = facts_of(read_table("situation", tables["situation"].read_bytes()))
    geography = {name: path for name, path in tables.items() if name in TABLES}
    payloads = [("situation", Payload(f"{facts.id}.zip", _zipped(geography), "application/zip"))]
    payloads += [
        (source_id, Payload(f"{facts.id}/{name}.csv", tables[name], "text/csv"))
        for name, source_id in OTHER_TABLES.items()
        if name in tables
    ]
    return Folder(facts, tuple(payloads))


def load(store: Store, archive: Archive, folder: Path) -> dict[str, dict[str, int]]:
    """Load a folder, each source atomically and geography first; return the row counts by source id.

    Counts are taken as known ``registration_lag_days`` after their period, conflict events ``conflict_lag_days`` after
    their end. Raises `data.errors.WaypostError` when a source refuses its payload; what was loaded before it stays.
    """
    content = read(folder)
    counts = {}
    for source_id, payload in content.payloads:
        setting = pipeline.Setting(content.facts.id, lag_of(source_id, content.facts))
        counts[source_id] = pipeline.load(store, archive, source(source_id), [payload], setting)
    return counts


def lag_of(source_id: str, lags: "Facts | pd.Series[Any]") -> timedelta | None:
    """Return how long after its content a row of a situation folder is taken to become known; None when loaded.

    ``lags`` is the situation: its facts, or its row of `data.schema.situation.Situation`.
    """
    days = {"counts": lags.registration_lag_days, "ucdp": lags.conflict_lag_days}.get(source_id)
    return None if days is None else timedelta(days=int(days))


def _zipped(tables: dict[str, Path]) -> bytes:
    """Return the files as one zip file, the same bytes for the same content: sorted, undated, not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as bundle:
        for name, path in sorted(tables.items()):
            bundle.writestr(zipfile.ZipInfo(f"{name}.csv", _NO_DATE), path.read_bytes())
    return buffer.getvalue()


def _files(names: "list[str] | set[str]") -> str:
    """Return table names as file names."""
    return ", ".join(f"{name}.csv" for name in sorted(names))
