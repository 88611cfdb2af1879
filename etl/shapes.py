"""Points, lines and areas out of foreign numbers as well-known text: degrees, longitude first.

Geometries are read by hand to a fixed depth; a collection within a collection is refused. Areas are `etl.areas`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.errors import GEOSException

from etl.areas import DECIMALS, MOST_POSITIONS, Ring, outline_of, polygons_of_geojson

MOST_DEGREES = 3600.0
"""No track goes ten times round the Earth."""
_NO_AREA = 1e-12
"""Square degrees: less than a tenth of a square metre is what rounding leaves."""
Position = tuple[float, float]
"""Longitude and latitude in degrees; a longitude may run on to 360 beyond the antimeridian."""


def shape_of(geometries: Sequence[Any]) -> str | None:
    """Return GeoJSON geometries of one kind, their numbers as text (`etl.json_text`), as one shape.

    None where they are areas that are all shrunk to points or lines; such slivers among others are left out (GDACS
    rounds to 10 m). Raises ValueError with what is wrong:
    another type of geometry than points, lines and polygons, several kinds at once, numbers that are no degrees.
    """
    kinds = {_kind(geometry) for geometry in geometries}
    if len(kinds) != 1:
        raise ValueError(f"geometries of several kinds ({', '.join(sorted(kinds))}) are one shape")
    kind = kinds.pop()
    if kind == "Polygon":
        polygons = [polygon for geometry in geometries for polygon in polygons_of_geojson(geometry)]
        wide = [polygon for polygon in polygons if _has_area(polygon)]
        return None if polygons and not wide else outline_of(wide).wkt
    lines = [line for geometry in geometries for line in _lines(geometry)]
    return points_of([p for line in lines for p in line]) if kind == "Point" else track_of(lines)


def points_of(positions: Sequence[Position]) -> str:
    """Return positions as a point or several; raise ValueError when there is none, or one that is not on Earth."""
    if not positions:
        raise ValueError("the shape has no position")
    told = [_on_earth(*position) for position in positions]
    pairs = [((longitude + 180) % 360 - 180 if abs(longitude) > 180 else longitude, y) for longitude, y in told]
    shape = shapely.Point(pairs[0]) if len(pairs) == 1 else shapely.MultiPoint(pairs)
    return str(shapely.to_wkt(shape, rounding_precision=DECIMALS))


def track_of(lines: Sequence[Sequence[Position]]) -> str:
    """Return lines as one shape, each by the shorter way round the Earth and split at the antimeridian.

    A line that stays at one position is a point. Raises ValueError when there is none, or one that is not on Earth.

    >>> track_of([[(179.0, 10.0), (-179.0, 10.0)]])
    'MULTILINESTRING ((179 10, 180 10), (-180 10, -179 10))'
    >>> track_of([[(5.0, 10.0)]])
    'POINT (5 10)'
    """
    pieces = [piece for line in lines if line for piece in _split([_on_earth(*position) for position in line])]
    if not pieces:
        first = [line[0] for line in lines if line]
        return points_of(first)
    shape = pieces[0] if len(pieces) == 1 else shapely.MultiLineString(pieces)
    return str(shapely.to_wkt(shape, rounding_precision=DECIMALS))


def _has_area(rings: list[Ring]) -> bool:
    """Tell whether a polygon encloses anything; what cannot be judged does, and is refused with its reason later."""
    shell = rings[0] if rings else None
    if shell is None or len(shell) < 4 or not np.isfinite(shell).all():
        return True
    x, y = (shell - shell[0]).T
    if not np.isclose(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]), 0, atol=_NO_AREA):
        return True
    if not np.ptp(shell, axis=0).all():
        return False
    try:
        return bool(shapely.make_valid(shapely.polygons(shell)).area > 0)
    except GEOSException:
        return True


def _split(line: Sequence[Position]) -> list[Any]:
    """Return the pieces of one line that lie between -180 and 180 degrees, none when it is a point."""
    numbers = np.array(line, dtype=np.float64)
    numbers[:, 0] = np.unwrap(numbers[:, 0], period=360)
    if not np.ptp(numbers, axis=0).any():
        return []
    whole, pieces = shapely.LineString(numbers), []
    west, _, east, _ = whole.bounds
    if west >= -180 and east <= 180:
        return [whole]
    if east - west > MOST_DEGREES:
        raise ValueError(f"a line goes {(east - west) / 360:.0f} times round the Earth")
    for turn in range(int((west + 180) // 360), int((east + 180) // 360) + 1):
        part = translate(
            shapely.intersection(whole, shapely.box(turn * 360 - 180, -90, turn * 360 + 180, 90)), -turn * 360
        )
        pieces += [piece for piece in _simple(part) if piece.geom_type == "LineString"]
    return pieces


def _simple(shape: Any) -> list[Any]:
    """Return the lines of a shape, those that only touch at their ends as one."""
    lines = [piece for piece in shapely.get_parts(shape) if piece.geom_type == "LineString"]
    return list(shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))) if lines else []


def _kind(geometry: Any) -> str:
    """Return Point, LineString or Polygon for a geometry of that kind or of several."""
    found = str(geometry.get("type"))[:40] if isinstance(geometry, dict) else "none"
    kind = found.removeprefix("Multi")
    if kind not in {"Point", "LineString", "Polygon"} or found.startswith("MultiMulti"):
        raise ValueError(f"geometry {found!r} is no point, line or polygon")
    return kind


def _lines(geometry: Any) -> list[list[Position]]:
    """Return the positions of a geometry of points or lines; points are one line."""
    found, kind = geometry.get("coordinates"), geometry["type"]
    nested = {"Point": [[found]], "MultiPoint": [found], "LineString": [found]}.get(kind, found)
    if not isinstance(nested, list) or not all(isinstance(line, list) for line in nested):
        raise ValueError(f"coordinates {str(nested)[:40]!r} are no list of positions")
    if sum(map(len, nested)) > MOST_POSITIONS:
        raise ValueError(f"the shape has more than {MOST_POSITIONS:,} positions")
    return [[_position(position) for position in line] for line in nested]


def _position(found: Any) -> Position:
    """Return a GeoJSON position; its height is left out."""
    if not isinstance(found, list) or len(found) < 2 or not all(isinstance(number, str) for number in found[:2]):
        raise ValueError(f"{str(found)[:60]!r} is no position")
    return _on_earth(float(found[0]), float(found[1]))


def _on_earth(longitude: float, latitude: float) -> Position:
    """Return a position; raise ValueError when it is not on Earth."""
    if not (-360 <= longitude <= 360 and -90 <= latitude <= 90):
        raise ValueError(f"longitude {longitude:g}, latitude {latitude:g} are no degrees")
    return longitude, latitude
