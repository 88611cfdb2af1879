"""Whether a point lies in the country that its row declares."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from etl.outlines import outlines

EARTH_RADIUS_KM = 6371.0088


def outside_country(frame: pd.DataFrame, tolerance_km: float) -> "pd.Series[bool]":
    """Tell which rows lie farther than ``tolerance_km`` outside the country of ``country_iso3``.

    Rows without coordinates, without a country or with a code that has no outline cannot be judged: not outside.
    """
    outside = pd.Series(False, index=frame.index)
    located = frame["longitude"].notna() & frame["latitude"].notna()
    for iso3, rows in frame[located].groupby("country_iso3"):
        outline = outlines().get(str(iso3))
        if outline is None:
            continue
        shapely.prepare(outline)
        x, y = rows["longitude"].to_numpy(dtype=float), rows["latitude"].to_numpy(dtype=float)
        strangers = ~shapely.contains_xy(outline, x, y)
        if strangers.any():
            distance = _distance_km(outline, x[strangers], y[strangers])
            outside.loc[rows.index[strangers]] = distance > tolerance_km
    return outside


def looks_swapped(frame: pd.DataFrame) -> bool:
    """Tell whether exchanging the axes would put most of these rows into their country."""
    turned = frame.rename(columns={"longitude": "latitude", "latitude": "longitude"})
    possible = turned[turned["latitude"].between(-90, 90)]
    return bool(len(possible) - outside_country(possible, 0.0).sum() > len(frame) / 2)


def _distance_km(
    outline: shapely.Geometry, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the great-circle distance from points to the nearest (in degrees) point of an outline."""
    ends = shapely.get_coordinates(shapely.shortest_line(shapely.points(x, y), outline)).reshape(-1, 2, 2)
    a, b = np.radians(ends[:, 0]), np.radians(ends[:, 1])
    half = np.sin((b - a) / 2) ** 2
    chord = half[:, 1] + np.cos(a[:, 1]) * np.cos(b[:, 1]) * half[:, 0]
    distance: npt.NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return distance
