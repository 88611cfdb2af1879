"""Which two countries a border point joins, by the outlines of the countries."""

from functools import cache

import numpy as np
import shapely
from shapely import Point
from shapely.ops import nearest_points

from etl.crossing import Position, distance_km
from etl.outlines import outlines

FARTHEST_POST_KM = 10.0
"""How far a border point may lie from either country: outlines are off by about 1 km, and posts stand some kilometres
back from a border."""

_KM_PER_DEGREE = 111.0


@cache
def _tree() -> tuple[shapely.STRtree, tuple[str, ...]]:
    """Return the outlines as a search tree, and their codes in its order."""
    codes = tuple(sorted(outlines()))
    return shapely.STRtree([outlines()[iso3] for iso3 in codes]), codes


def countries_near(position: Position, farthest_km: float = FARTHEST_POST_KM) -> dict[str, float]:
    """Return the countries within a distance, the nearest first, with the distance in km (0: the point lies in it).

    >>> countries_near((9.570, 47.218))
    {'AUT': 0.0, 'LIE': ...}
    """
    tree, codes = _tree()
    here = Point(position)
    across = farthest_km / _KM_PER_DEGREE / max(np.cos(np.radians(position[1])), 0.05)
    found = {}
    for index in tree.query(here.buffer(across).envelope):
        nearest, _ = nearest_points(outlines()[codes[index]], here)
        found[codes[index]] = distance_km((nearest.x, nearest.y), position)
    return {iso3: km for iso3, km in sorted(found.items(), key=lambda pair: (pair[1], pair[0])) if km <= farthest_km}
