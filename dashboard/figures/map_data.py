"""What the map draws, as plain GeoJSON for the browser."""

from typing import Any

import pandas as pd

from dashboard.figures.palette import GAP_COLOUR, IMPACT_COLOUR, NO_FORECAST_COLOUR, SITE_COLOUR
from dashboard.words import GAP, IMPACT, STATUS, people

SMALLEST_PX, LARGEST_PX = 6.0, 26.0
_MARGIN_DEGREES = 1.2


def map_data(
    points: pd.DataFrame, sites: pd.DataFrame, routes: pd.DataFrame, tiles: dict[str, str], selected: str | None
) -> dict[str, Any]:
    """Return the map's data: bounds, feature collections, tile addresses and the selected place.

    ``points`` need id, name, longitude, latitude, status, q50, people_per_day, impact (1 to 5, missing: no forecast)
    and gap_level (missing: not assessed); ``sites`` id, name, coordinates, people, q50.
    Places without coordinates are not drawn; the table lists them.
    """
    largest = points["q50"].max()
    drawn = [_point(row, largest) for row in points.dropna(subset=["longitude", "latitude"]).itertuples()]
    stock = sites["people"].astype("float64").max()
    placed = [_site(row, stock) for row in sites.dropna(subset=["longitude", "latitude"]).itertuples()]
    return {
        "bounds": _bounds(points if points["longitude"].notna().any() else sites),
        "language": "en",
        "points": _collection(drawn),
        "sites": _collection(placed),
        "routes": _collection(_lines(routes)),
        "tiles": tiles,
        "selected": selected,
        "layers": {},
    }


def radius_px(value: float | None, largest: float | None) -> float:
    """Return a radius whose area grows with the value; missing or zero gets the smallest.

    >>> radius_px(100, 400), radius_px(400, 400), radius_px(None, 400)
    (13.0, 26.0, 6.0)
    """
    if value is None or pd.isna(value) or pd.isna(largest) or not largest:
        return SMALLEST_PX
    return float(max(SMALLEST_PX, LARGEST_PX * (value / largest) ** 0.5))


def _point(row: Any, largest: float) -> dict[str, Any]:
    """Return one border point as a feature."""
    known = not pd.isna(row.impact)
    gap = None if pd.isna(row.gap_level) else row.gap_level
    colour = GAP_COLOUR[gap] if gap else IMPACT_COLOUR[int(row.impact)] if known else NO_FORECAST_COLOUR
    label = f"~{people(row.people_per_day)}/day" if known else "no forecast"
    return _feature(
        row,
        radius_px=radius_px(row.q50, largest),
        colour=colour,
        class_label=f"gap: {GAP[gap]}" if gap else (f"impact {IMPACT[int(row.impact)]}" if known else "no forecast"),
        status=row.status,
        status_label=STATUS[row.status],
        hatch=not known,
        label=label,
    )


def _site(row: Any, largest: float) -> dict[str, Any]:
    """Return one site as a feature."""
    return _feature(row, radius_px=radius_px(row.people, largest) * 0.8, colour=SITE_COLOUR, label=people(row.people))


def _feature(row: Any, **properties: Any) -> dict[str, Any]:
    """Return a point feature with its id and name."""
    geometry = {"type": "Point", "coordinates": [round(row.longitude, 5), round(row.latitude, 5)]}
    return {"type": "Feature", "geometry": geometry, "properties": {"id": row.id, "name": row.name, **properties}}


def _lines(routes: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the routes as straight lines by way of their crossing; ends without coordinates are left out."""
    features = []
    for row in routes.itertuples():
        ends = [
            (row.from_id_longitude, row.from_id_latitude),
            (row.border_point_id_longitude, row.border_point_id_latitude),
            (row.to_id_longitude, row.to_id_latitude),
        ]
        known = [(round(x, 5), round(y, 5)) for x, y in ends if not pd.isna(x)]
        if len(known) < 2:
            continue
        crossing = not pd.isna(row.border_point_id)
        properties = {"closed": bool(row.is_closed), "crossing": crossing, "distance_km": float(row.distance_km)}
        features.append(
            {"type": "Feature", "geometry": {"type": "LineString", "coordinates": known}, "properties": properties}
        )
    return features


def _bounds(places: pd.DataFrame) -> list[float]:
    """Return west, south, east, north around places with a margin; the world when none has coordinates."""
    located = places.dropna(subset=["longitude", "latitude"])
    if located.empty:
        return [-180.0, -60.0, 180.0, 75.0]
    west, east = located["longitude"].min(), located["longitude"].max()
    south, north = located["latitude"].min(), located["latitude"].max()
    return [float(west) - _MARGIN_DEGREES, float(south) - _MARGIN_DEGREES, float(east) + _MARGIN_DEGREES,
            float(north) + _MARGIN_DEGREES]  # fmt: skip


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a feature collection."""
    return {"type": "FeatureCollection", "features": features}
