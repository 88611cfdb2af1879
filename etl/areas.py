"""Outlines of areas out of foreign numbers: checked, made valid, and written as well-known text.

Polygons are read by hand to a fixed depth, because a nested collection from a stranger can end the process within GEOS.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.affinity import translate
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

MOST_POSITIONS = 5_000_000
"""More positions than any published outline of a country has."""
MOST_CHANGED_SHARE = 0.05
"""How much of its area an outline may gain or lose when it is made valid; more, and it is another shape."""
DECIMALS = 7
"""About a centimetre."""

Ring = npt.NDArray[np.float64]
"""Longitudes and latitudes in degrees, one row a position."""
Polygons = list[list[Ring]]
"""Polygons as rings, the first of each its shell, the others its holes."""


@dataclass(frozen=True)
class Outline:
    """A valid outline in EPSG:4326, longitude first; ``was_repaired`` says that it was not valid as published."""

    wkt: str
    was_repaired: bool


def outline_of(polygons: Polygons) -> Outline:
    """Return the valid outline of polygons; raise ValueError with what is wrong with them.

    Crossed rings are resolved (F34), longitudes beyond 180 degrees and rings across the antimeridian are split there
    (F35). Numbers that are no degrees (projected metres) are refused.
    """
    if not polygons or sum(len(ring) for rings in polygons for ring in rings) == 0:
        raise ValueError("the outline is empty")
    parts, repaired = [], False
    for rings in polygons:
        if not rings:
            raise ValueError("a polygon of the outline has no ring")
        part, was_repaired = _polygon([_checked(ring) for ring in rings])
        parts.append(part)
        repaired = repaired or was_repaired
    whole = shapely.multipolygons([p for part in parts for p in shapely.get_parts(part)])
    if not whole.is_valid:
        repaired, whole = True, _same_area(whole, shapely.union_all(parts))
    whole = shapely.set_precision(_on_the_map(whole), 10.0**-DECIMALS)
    if whole.is_empty:
        raise ValueError("the outline has no area")
    return Outline(shapely.to_wkt(whole, rounding_precision=DECIMALS), repaired)


def polygons_of_geojson(geometry: Any) -> Polygons:
    """Return the rings of a GeoJSON Polygon or MultiPolygon, its numbers as text (`etl.json_text`).

    Raises ValueError for another kind of geometry and for what are no positions. Heights are left out.
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ValueError(f"geometry {str(kind)[:40]!r} is no Polygon or MultiPolygon")
    found = geometry.get("coordinates")
    polygons = _list([found] if kind == "Polygon" else found)
    return [[_ring(ring) for ring in _list(rings)] for rings in polygons]


def polygons_of_wkb(body: bytes) -> Polygons:
    """Return the rings of a WKB polygon or multipolygon (ISO and extended; heights are left out).

    Raises ValueError for any other geometry and for a body that ends too early.
    """
    try:
        polygons, end = _wkb_polygons(body, 0, within=False)
    except struct.error as error:
        raise ValueError("the outline's WKB is cut off") from error
    if end != len(body):
        raise ValueError(f"the outline's WKB goes on after its end, at byte {end:,}")
    return polygons


def _polygon(rings: Sequence[Ring]) -> tuple[BaseGeometry, bool]:
    """Return one valid polygon (or several) of rings, and whether it had to be repaired."""
    try:
        shell, *holes = (shapely.linearrings(ring) for ring in _unwound(rings))
        polygon = shapely.polygons(shell, holes or None)
        if polygon.is_valid:
            return polygon, False
        return _same_area(polygon, _areas_only(shapely.make_valid(polygon))), True
    except GEOSException as error:
        raise ValueError(f"the outline cannot be made valid: {str(error)[:200]}") from error


def _same_area(before: BaseGeometry, after: BaseGeometry) -> BaseGeometry:
    """Return the repaired outline; raise ValueError when the repair made another shape of it."""
    if not before.area:
        raise ValueError("the outline crosses itself so that it has no area as published")
    change = abs(after.area - before.area) / before.area
    if change > MOST_CHANGED_SHARE:
        raise ValueError(f"making the outline valid changes its area by {change:.0%}, at most {MOST_CHANGED_SHARE:.0%}")
    return after


def _areas_only(geometry: BaseGeometry) -> BaseGeometry:
    """Return the polygons of a geometry that was made valid, without the lines and points that are left over."""
    polygons = [p for part in shapely.get_parts(geometry) for p in shapely.get_parts(part) if p.geom_type == "Polygon"]
    return shapely.multipolygons(polygons) if polygons else shapely.MultiPolygon()


def _checked(ring: Ring) -> Ring:
    """Return a ring whose numbers are degrees; longitudes may run on to 360 beyond the antimeridian."""
    if len(ring) < 4:
        raise ValueError(f"a ring of the outline has {len(ring)} positions, a closed one has 4 or more")
    wrong = ~np.isfinite(ring).all(axis=1) | (np.abs(ring[:, 0]) > 360) | (np.abs(ring[:, 1]) > 90)
    if wrong.any():
        longitude, latitude = ring[wrong][0]
        raise ValueError(f"longitude {longitude:g}, latitude {latitude:g} are no degrees")
    return ring


def _unwound(rings: Sequence[Ring]) -> Sequence[Ring]:
    """Return rings with longitudes that run on, where the shell jumps from 180 to -180 degrees."""
    shell = rings[0][:, 0]
    if np.ptp(shell) <= 180 or np.ptp(np.where(shell < 0, shell + 360, shell)) >= 180:
        return rings
    return [np.column_stack([np.where(ring[:, 0] < 0, ring[:, 0] + 360, ring[:, 0]), ring[:, 1]]) for ring in rings]


def _on_the_map(whole: BaseGeometry) -> BaseGeometry:
    """Return an outline with what lies beyond 180 degrees brought to the other side."""
    west, _, east, _ = whole.bounds
    if west >= -180 and east <= 180:
        return whole
    turned = [translate(whole, xoff=turn) for turn in (-360, 0, 360)]
    pieces = [_areas_only(shapely.intersection(piece, shapely.box(-180, -90, 180, 90))) for piece in turned]
    return shapely.union_all(pieces)


def _list(found: Any) -> list[Any]:
    """Return a list; raise ValueError for anything else."""
    if not isinstance(found, list):
        raise ValueError(f"coordinates {str(found)[:40]!r} are no list")  # noqa: TRY004 - data, not a call
    return found


def _ring(found: Any) -> Ring:
    """Return the positions of one ring."""
    positions = _list(found)
    if len(positions) > MOST_POSITIONS:
        raise ValueError(f"the outline has {len(positions):,} positions, at most {MOST_POSITIONS:,}")
    for position in positions:
        if not isinstance(position, list) or len(position) < 2 or not all(isinstance(n, str) for n in position):
            raise ValueError(f"{str(position)[:60]!r} is no position")
    return np.array([[float(p[0]), float(p[1])] for p in positions], dtype=np.float64).reshape(-1, 2)


def _wkb_polygons(body: bytes, at: int, *, within: bool) -> tuple[Polygons, int]:
    """Return the polygons that begin at a byte, and where they end; a multipolygon holds no other one."""
    (little,) = struct.unpack_from("<B", body, at)
    order = "<" if little else ">"
    (kind,) = struct.unpack_from(f"{order}I", body, at + 1)
    at += 9 if kind & 0x20000000 else 5  # an extended one names its reference system
    width = 2 + bool(kind & 0x80000000) + bool(kind & 0x40000000) + (0, 1, 1, 2)[min((kind & 0xFFFF) // 1000, 3)]
    base = (kind & 0xFFFF) % 1000
    if base not in {3, 6} or (base == 6 and within):
        raise ValueError(f"the outline's WKB is of kind {base}, neither a polygon (3) nor a multipolygon (6)")
    (count,) = struct.unpack_from(f"{order}I", body, at)
    at += 4
    polygons: Polygons = []
    rings: list[Ring] = []
    for _ in range(count):
        if base == 6:
            inner, at = _wkb_polygons(body, at, within=True)
            polygons += inner
            continue
        (positions,) = struct.unpack_from(f"{order}I", body, at)
        if positions * width * 8 > len(body) - at - 4:
            raise ValueError(f"the outline's WKB claims {positions:,} positions in {len(body) - at:,} bytes")
        values = np.frombuffer(body, dtype=f"{order}f8", count=positions * width, offset=at + 4)
        rings.append(values.reshape(-1, width)[:, :2].astype(np.float64))
        at += 4 + positions * width * 8
    return (polygons if base == 6 else [rings] if rings else []), at
