"""Whether points lie in the country that their row declares, and whether they say more than that."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from etl.crossing import EARTH_RADIUS_KM
from etl.outlines import outlines

SWAPPED_TOLERANCE_KM = 25.0
_STEP_DEGREES = 0.02
"""Outlines are walked in steps of at most 2.2 km: the nearest step is at most 0.03 km farther than the outline itself
for a point 20 km away, and 1.1 km for a point on it."""

CENTROID_KM = 1.0
"""How near a position is to the centre of a country to be it: outlines, ours and those of others, are off by about so
much."""
SMALLEST_COUNTRY_KM2 = 3_000.0
"""In a smaller country more than one place in a thousand lies at its centre, and the centre is near everything."""
_KM_PER_DEGREE = 2 * np.pi * EARTH_RADIUS_KM / 360

_Degrees = npt.NDArray[np.float64]


def with_odd_positions(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with what is odd about their position in ``location_flag``, and no more precision than it has.

    ``events`` has country_iso3, longitude, latitude, location_precision and location_flag (missing: nothing odd).
    Nought and nought is where an unknown position ends up, ``null_island``; the centre of the country is where one
    goes of which only the country is known, ``country_centroid``.
    """
    unknown = (events["longitude"] == 0) & (events["latitude"] == 0)
    central = at_centroid(events)
    precision, flag = events["location_precision"], events["location_flag"]
    claims = central & (precision != "unknown")
    return events.assign(
        location_precision=precision.mask(claims, "country").mask(unknown, "unknown"),
        location_flag=flag.mask(central & flag.isna(), "country_centroid").mask(unknown, "null_island"),
    )


def at_centroid(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which rows (country_iso3, longitude, latitude in degrees) lie at their country's centre.

    That is within `CENTROID_KM` of it. The centre is that of the outline in plain degrees, as geocoders compute it.
    Countries without an outline or of less than `SMALLEST_COUNTRY_KM2` have none.
    """
    centres = _centroids()
    x, y = (frame["country_iso3"].map(centres[name]).astype("float64") for name in ("longitude", "latitude"))
    east_km = (frame["longitude"].astype("float64") - x) * _KM_PER_DEGREE * np.cos(np.radians(y))
    north_km = (frame["latitude"].astype("float64") - y) * _KM_PER_DEGREE
    return np.hypot(east_km, north_km) <= CENTROID_KM


@cache
def _centroids() -> pd.DataFrame:
    """Return the centres (longitude, latitude) of all countries that are large enough, by code."""
    found = {}
    for iso3, outline in outlines().items():
        centre = outline.centroid
        if outline.area * _KM_PER_DEGREE**2 * np.cos(np.radians(centre.y)) >= SMALLEST_COUNTRY_KM2:
            found[iso3] = (centre.x, centre.y)
    return pd.DataFrame.from_dict(found, orient="index", columns=["longitude", "latitude"])


def outside_country(frame: pd.DataFrame, tolerance_km: float) -> "pd.Series[bool]":
    """Tell which rows lie farther than ``tolerance_km`` outside the country of ``country_iso3``.

    ``frame`` has country_iso3, longitude and latitude in degrees. A row that cannot be judged is not outside: without a
    coordinate or a country, with a code that has no outline, or with a ``location_flag``, which already says what is
    odd about its position. Numbers that are no coordinates at all (projected metres, 181 degrees) are outside.
    """
    outside = np.zeros(len(frame), dtype=bool)
    x = frame["longitude"].to_numpy(dtype="float64", na_value=np.nan)
    y = frame["latitude"].to_numpy(dtype="float64", na_value=np.nan)
    judged = ~(np.isnan(x) | np.isnan(y))
    if "location_flag" in frame:
        judged &= frame["location_flag"].isna().to_numpy()
    codes, countries = pd.factorize(frame["country_iso3"])
    for code, iso3 in enumerate(countries):
        outline = outlines().get(str(iso3))
        rows = np.flatnonzero((codes == code) & judged)
        if outline is None or not len(rows):
            continue
        # contains is the cheap test of a prepared outline; only the strangers pay for a distance.
        shapely.prepare(outline)
        strangers = rows[~shapely.contains_xy(outline, x[rows], y[rows])]
        outside[strangers] = ~_are_within(str(iso3), x[strangers], y[strangers], tolerance_km)
    return pd.Series(outside, index=frame.index)


def looks_swapped(frame: pd.DataFrame) -> bool:
    """Tell whether exchanging longitude and latitude would put most of these rows into their country."""
    turned = frame.rename(columns={"longitude": "latitude", "latitude": "longitude"})
    known = turned["country_iso3"].isin(list(outlines())) & turned[["longitude", "latitude"]].notna().all(axis=1)
    inside = known & ~outside_country(turned, SWAPPED_TOLERANCE_KM)
    return bool(inside.sum() * 2 > len(frame))


def _are_within(iso3: str, x: _Degrees, y: _Degrees, tolerance_km: float) -> npt.NDArray[np.bool_]:
    """Tell which points outside a country are within a great-circle distance of its outline."""
    possible = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    # A great circle of this length spans this chord of the unit sphere.
    chord = 2 * np.sin(min(tolerance_km / EARTH_RADIUS_KM, np.pi) / 2)
    within = np.zeros(len(x), dtype=bool)
    if possible.any():
        points = _on_unit_sphere(x[possible], y[possible])
        within[possible] = np.isfinite(_steps(iso3).query(points, distance_upper_bound=chord)[0])
    return within


@cache
def _steps(iso3: str) -> Any:
    """Return the points along a country's outline, on the unit sphere, for nearest-neighbour queries."""
    points = shapely.get_coordinates(shapely.segmentize(outlines()[iso3], _STEP_DEGREES))
    return cKDTree(_on_unit_sphere(points[:, 0], points[:, 1]))


def _on_unit_sphere(x: _Degrees, y: _Degrees) -> npt.NDArray[np.float64]:
    """Return degrees as Cartesian coordinates, in which the antimeridian and the poles are nowhere special."""
    longitude, latitude = np.radians(x), np.radians(y)
    across = np.cos(latitude)
    return np.column_stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])
