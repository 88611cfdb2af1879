"""The lists of border crossing points that are understood, brought to the columns of docs/formats/crossing-lists.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from data.errors import PayloadRejected
from etl.delimited import Chunk, read
from etl.first_bytes import kind_of
from etl.json_text import read_json, whole
from etl.records import BROKEN_TEXT_CHARACTERS, Broken
from etl.source import Payload

OWN = (
    "id", "name", "other_name", "origin_iso3", "host_iso3", "kind", "transport", "status", "status_date", "longitude",
    "latitude", "note",
)  # fmt: skip
_MOST_FEATURES = 50_000
_FARTHEST_APART_DEGREES = 0.01


@dataclass(frozen=True)
class Shape:
    """One way to write a list: our column for each of its columns, folded, and the columns that it must have.

    ``home_is_origin`` says whether the listing country is the one people leave (missing: each row names both).
    """

    columns: dict[str, str]
    needed: frozenset[str]
    home_is_origin: bool | None


UKRAINE = Shape(
    {
        "nameeng": "name", "nameenglish": "name", "nameukr": "other_name", "nameukrainian": "other_name",
        "country": "neighbour", "type": "transport", "status": "status", "statusasof": "status_date",
        "lon": "longitude", "long": "longitude", "longitude": "longitude", "lat": "latitude", "latitude": "latitude",
    },
    frozenset({"name", "neighbour"}),
    home_is_origin=True,
)  # fmt: skip
"""The list of the Logistics Cluster and OCHA for Ukraine: the country is that of the neighbour."""
TUNISIA = Shape(
    {
        "name": "name", "type": "transport", "mode": "control", "longitudex": "longitude", "latitudey": "latitude",
        "sources": "seen_from",
    },
    frozenset({"name", "transport", "control", "longitude", "latitude"}),
    home_is_origin=False,
)  # fmt: skip
"""The list of points of entry for Tunisia: one row a point and country from which something came."""
GENERAL = Shape(
    {column.replace("_", ""): column for column in OWN},
    frozenset({"name", "origin_iso3", "host_iso3"}),
    home_is_origin=None,
)


def read_list(payload: Payload, max_bytes: int) -> tuple[Shape, list[Chunk]]:
    """Return the shape of a list and its rows under our names; ``added`` are the columns nobody knows.

    Raises PayloadRejected when it is neither a FeatureCollection of points nor a table, or of no known shape.
    """
    with payload.open() as stream:
        kind = kind_of(stream.read(64))
    if kind == "a JSON document":
        chunks = [_chunk_of(payload.name, read_json(payload.name, payload.read(max_bytes)))]
    else:
        with payload.open() as stream:
            chunks = list(read(stream, payload.name, ()))
    shape = _shape(payload.name, list(chunks[0].frame.columns))
    return shape, [_renamed(chunk, shape) for chunk in chunks]


def _shape(name: str, columns: list[str]) -> Shape:
    """Return the shape whose columns these are; raise PayloadRejected when there is none."""
    folded = {_folded(column) for column in columns}
    for shape in (GENERAL, UKRAINE, TUNISIA):
        if shape.needed <= {shape.columns[column] for column in folded & set(shape.columns)}:
            return shape
    needed = ", ".join(sorted(GENERAL.needed))
    raise PayloadRejected(name, f"is no list of crossing points: it lacks {needed}; it has {', '.join(columns)[:500]}")


def _renamed(chunk: Chunk, shape: Shape) -> Chunk:
    """Return a chunk under our column names; of two columns that mean the same the first counts."""
    names: dict[str, str] = {}
    for column in chunk.frame.columns:
        ours = shape.columns.get(_folded(column))
        if ours and ours not in names.values():
            names[column] = ours
    added = tuple(c for c in chunk.frame.columns if c not in names and _folded(c) not in {"ogcfid", "fid", "objectid"})
    return replace(chunk, frame=chunk.frame[list(names)].rename(columns=names), added=added)


def _folded(column: str) -> str:
    """Return a column's name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", column.casefold())


def _chunk_of(name: str, document: Any) -> Chunk:
    """Return the features of a GeoJSON document as rows of text."""
    if isinstance(document, dict) and "resources" in document:
        urls = [str(r.get("url"))[:200] for r in document["resources"] if isinstance(r, dict)]
        raise PayloadRejected(name, f"describes a data set and is not the list; its files are {', '.join(urls)[:1000]}")
    found = document.get("features") if isinstance(document, dict) else None
    if not isinstance(found, list) or document.get("type") != "FeatureCollection":
        raise PayloadRejected(name, "is no GeoJSON FeatureCollection")
    if not found or len(found) > _MOST_FEATURES:
        raise PayloadRejected(name, f"has {len(found):,} features, a list has 1 to {_MOST_FEATURES:,}")
    rows: dict[int, dict[str, str]] = {}
    broken = []
    for number, feature in enumerate(found, start=1):
        try:
            rows[number] = dict(_texts(feature))
        except ValueError as error:
            broken.append(Broken(number, number, str(error), str(feature)[:BROKEN_TEXT_CHARACTERS]))
    index = pd.Index(list(rows), dtype="int64")
    frame = pd.DataFrame(list(rows.values()), index=index).fillna("").astype("str")
    lines = pd.Series(list(rows), index=index, dtype="int64")
    return Chunk(frame, lines, broken, (), lambda row: str(found[row - 1])[:BROKEN_TEXT_CHARACTERS], "feature")


def _texts(feature: Any) -> Iterator[tuple[str, str]]:
    """Yield the properties of a feature as text, and the coordinates of its point, which count.

    Raises ValueError when it is no point, or when its properties say that it is somewhere else.
    """
    told = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(told, dict):
        raise ValueError("is no feature with properties")  # noqa: TRY004 - data, not a call
    geometry = feature.get("geometry")
    position = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if geometry is not None and not (isinstance(position, list) and len(position) >= 2):
        raise ValueError("is no point")
    here = dict(zip(("longitude", "latitude"), [str(n) for n in position or []], strict=False))
    for name, value in told.items():
        ours = {"lon": "longitude", "long": "longitude", "lat": "latitude"}.get(_folded(name), _folded(name))
        if ours not in here:
            yield whole(name), whole(value) if isinstance(value, str) else ""
        elif value not in {None, ""} and abs(_degrees(str(value)) - _degrees(here[ours])) > _FARTHEST_APART_DEGREES:
            raise ValueError(f"{name} {str(value)[:30]} is not that of its point ({here[ours][:30]})")
    yield from here.items()


def _degrees(text: str) -> float:
    """Return a number of degrees; raise ValueError when the text is none."""
    if not re.fullmatch(r"-?\d{1,3}(\.\d{1,20})?", text, re.ASCII):
        raise ValueError(f"{text[:30]!r} is no number of degrees")
    return float(text)
