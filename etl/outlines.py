"""The outlines of all countries, from the reference boundaries; for checks and derivations, not for drawing."""

from functools import cache
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

import data

_FILE = Path(data.__file__).with_name("reference") / "boundaries" / "countries.parquet"


@cache
def outlines() -> MappingProxyType[str, BaseGeometry]:
    """Return polygons in degrees WGS 84 by ISO 3166-1 alpha-3 code, read once.

    Simplified by up to about 1 km; where they come from and what they decide is in ``countries.json`` beside them.
    """
    frame = gpd.read_parquet(_FILE)
    return MappingProxyType(dict(zip(frame["iso3"], frame.geometry, strict=True)))
