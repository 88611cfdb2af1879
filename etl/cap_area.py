"""Areas of the Common Alerting Protocol: polygons as "lat,lon lat,lon ..." and circles as "lat,lon km"."""

import re
from xml.etree.ElementTree import Element

import numpy as np
from pyproj import Geod

from etl.areas import Ring, outline_of
from etl.cap_index import name_of

_DEGREES = r"([+-]?(?:[0-9]{1,3}(?:\.[0-9]{0,20})?|\.[0-9]{1,20}))"
_POSITION = re.compile(f"{_DEGREES},{_DEGREES}")
_BESIDE_COMMA = re.compile(r"\s*,\s*")
_NUMBER = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,20})?")
_EARTH = Geod(ellps="WGS84")
_CIRCLE_POSITIONS = 64
_WIDEST_KM = 5_000.0
_GAP_DEGREES = 0.001
"""A ring whose ends are this near (100 m) is closed up to the rounding of its numbers."""


def wkt_of(polygons: list[str], circles: list[str]) -> str | None:
    """Return the union of polygons and circles as well-known text, longitude first; None where there is none.

    A circle without a radius is a point, and counts where nothing else is given. Raises ValueError with what is wrong:
    positions that are no degrees, a latitude beyond 90 degrees, a ring that is not closed or has under 4 positions.
    """
    rings = [_ring(text) for text in polygons]
    points = []
    for text in circles:
        longitude, latitude, radius_km = _circle(text)
        if radius_km > 0:
            rings.append(_around(longitude, latitude, radius_km))
        else:
            points.append((longitude, latitude))
    if rings:
        return outline_of([[ring] for ring in rings]).wkt
    if points:
        return "MULTIPOINT (" + ", ".join(f"({longitude} {latitude})" for longitude, latitude in points) + ")"
    return None


def texts(area: Element, name: str) -> list[str]:
    """Return the texts of an area's elements of one name that hold anything."""
    found = ["".join(child.itertext()).strip() for child in area if name_of(child) == name]
    return [text for text in found if text]


def _ring(text: str) -> Ring:
    """Return the positions of a polygon, longitude first."""
    parts = _BESIDE_COMMA.sub(",", text.strip(" ,")).split()
    positions = [_position(pair) for part in parts for pair in _pairs(part)]
    if len(positions) < 4:
        raise ValueError(f"polygon has {len(positions)} positions, a closed one has 4 or more ({text[:60]})")
    if max(abs(a - b) for a, b in zip(positions[0], positions[-1], strict=True)) > _GAP_DEGREES:
        raise ValueError(f"polygon is not closed: it begins at {positions[0][::-1]} and ends at {positions[-1][::-1]}")
    return np.array([*positions[:-1], positions[0]], dtype=np.float64)


def _pairs(part: str) -> list[str]:
    """Return the pairs of numbers that a comma joins (seen: "41.1,-117.6, 41.0,-117.4"); an odd one out stays as it is.

    >>> _pairs("10,20,11,21"), _pairs("10,20,11")
    (['10,20', '11,21'], ['10,20,11'])
    """
    numbers = part.split(",")
    return [part] if len(numbers) % 2 else [f"{a},{b}" for a, b in zip(numbers[::2], numbers[1::2], strict=True)]


def _position(text: str) -> tuple[float, float]:
    """Return longitude and latitude of "latitude,longitude" in degrees."""
    found = _POSITION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no position like 'latitude,longitude'")
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 and abs(longitude) <= 90:
        raise ValueError(f"position {text!r} has its axes swapped: CAP writes latitude,longitude")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError(f"position {text!r} is not on Earth")
    return longitude, latitude


def _circle(text: str) -> tuple[float, float, float]:
    """Return longitude, latitude and radius in km of a circle."""
    place, radius = (*_BESIDE_COMMA.sub(",", text).split(maxsplit=1), "", "")[:2]
    if _NUMBER.fullmatch(radius) is None or float(radius) > _WIDEST_KM:
        raise ValueError(f"circle {text[:60]!r} is not 'latitude,longitude km' with at most {_WIDEST_KM:,.0f} km")
    longitude, latitude = _position(place)
    return longitude, latitude, float(radius)


def _around(longitude: float, latitude: float, radius_km: float) -> Ring:
    """Return a ring of positions that lie ``radius_km`` from a position on the ellipsoid."""
    azimuth = np.linspace(360, 0, _CIRCLE_POSITIONS, endpoint=False)
    start = np.full(_CIRCLE_POSITIONS, longitude), np.full(_CIRCLE_POSITIONS, latitude)
    longitudes, latitudes, _ = _EARTH.fwd(*start, azimuth, np.full(_CIRCLE_POSITIONS, radius_km * 1000))
    ring = np.column_stack([longitudes, latitudes])
    return np.vstack([ring, ring[:1]])
