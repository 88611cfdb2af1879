"""Where a straight line between two places of different countries leaves the first country.

A road is not straight, so a crossing found this way is approximate. How far off it can be is bounded: a road of length
d between ends s apart stays within the ellipse that has the ends as foci, hence within sqrt(d^2 - s^2) / 2 of the line.
"""

import math
from dataclasses import dataclass

import shapely
from shapely.affinity import translate
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""

FARTHEST_FROM_LINE_KM = 50.0
"""A line that misses the outline by more than this is no approximation of a border crossing (wrong place or country);
a nearer miss is the outline's simplification or the places' own inaccuracy."""

Position = tuple[float, float]
"""Longitude and latitude in degrees WGS 84."""


@dataclass(frozen=True)
class Crossing:
    """A point of the outline, and the ``origin_share`` in [0, 1] of the way that lies on the origin's side.

    ``remark`` says why the place is less certain than usual; empty when the line leaves the outline as expected.
    """

    longitude: float
    latitude: float
    origin_share: float
    remark: str


def distance_km(start: Position, end: Position) -> float:
    """Return the great-circle distance on a sphere (haversine).

    >>> round(distance_km((179.0, -17.0), (-179.0, -17.0)))
    213
    """
    longitude_a, latitude_a, longitude_b, latitude_b = map(math.radians, (*start, *end))
    haversine = (
        math.sin((latitude_b - latitude_a) / 2) ** 2
        + math.cos(latitude_a) * math.cos(latitude_b) * math.sin((longitude_b - longitude_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(haversine)))


def off_line_km(road_km: float, straight_km: float) -> float | None:
    """Return how far a road of this length can stray from the straight line; None when it is shorter than the line.

    >>> off_line_km(50.0, 30.0)
    20.0
    """
    if road_km < straight_km:
        return None
    return math.sqrt(road_km**2 - straight_km**2) / 2


def locate(origin: Position, host: Position, outline: BaseGeometry) -> Crossing | None:
    """Return where the line from ``origin`` to ``host`` leaves the outline of the origin's country for good.

    Only the part of the outline that holds the origin place counts, so that an exclave on the way is no border. Where
    the line does not leave it (a place on the wrong side of a simplified outline, both on one side), the point of the
    outline nearest to the line is taken. Returns None when that is more than `FARTHEST_FROM_LINE_KM` away, or
    when there is no outline.
    """
    if outline.is_empty or origin == host:
        return None
    line, outline = _in_one_frame(origin, host, outline)
    home = _part_of(Point(line.coords[0]), outline)
    inside = line.intersection(home)
    ends = [Point(end) for part in shapely.get_parts(inside) if part.length > 0 for end in part.coords]
    if ends and not home.covers(Point(line.coords[-1])):
        found, remark = max(ends, key=line.project), ""
    else:
        found, on_line = nearest_points(home.boundary, line)
        miss_km = distance_km(_position(found), _position(on_line))
        if miss_km > FARTHEST_FROM_LINE_KM:
            return None
        remark = f"the line does not leave the outline; its nearest point, {miss_km:.1f} km off the line, is taken"
    before, after = distance_km(origin, _position(found)), distance_km(_position(found), host)
    longitude, latitude = _position(found)
    return Crossing(longitude, latitude, before / (before + after), remark)


def _in_one_frame(origin: Position, host: Position, outline: BaseGeometry) -> tuple[LineString, BaseGeometry]:
    """Return the line and the outline in longitudes that run on past 180 degrees where the line passes it."""
    longitude = origin[0] + (host[0] - origin[0] + 180) % 360 - 180
    line = LineString([origin, (longitude, host[1])])
    if -180 <= longitude <= 180:
        return line, outline
    return line, shapely.union_all([outline, translate(outline, xoff=math.copysign(360, longitude))])


def _part_of(place: Point, outline: BaseGeometry) -> BaseGeometry:
    """Return the polygon of an outline that a place lies in, or else the nearest."""
    return min(shapely.get_parts(outline), key=lambda part: (part.distance(place), -part.area))


def _position(point: Point) -> Position:
    """Return a point's longitude, brought back into [-180, 180], and latitude."""
    longitude = point.x if -180 <= point.x <= 180 else (point.x + 180) % 360 - 180
    return longitude, point.y
