"""A crossing that does not exist yet, put into a panel: for the question what it would receive."""

from typing import Any

import numpy as np

from data.errors import InputRejected
from data.schema.border_point import BorderPoint
from data.schema.link import Link
from data.schema.place import Place
from data.schema.route import Route
from models.network import great_circle_km
from models.panel import Panel

DETOUR = 1.3
"""Road kilometres for a straight one: an assumption for ways that are not on any map."""
LINK_KM = 300.0
"""A new point feeds the sites of its host country within so many kilometres of road."""


def with_point(panel: Panel, point_id: str, host_iso3: str, longitude: float, latitude: float) -> Panel:
    """Return the panel with a temporary border point, joined to the nearest places on both sides of the border.

    ``point_id`` must be new. Raises InputRejected when it is not, or when a side has no place with coordinates.
    """
    known = panel.places
    if point_id in set(known["id"]):
        raise InputRejected(point_id, "is already a place of this situation")
    origin_iso3 = str(panel.situation["origin_iso3"])
    here = np.array([longitude, latitude])
    ends = [_nearest(panel, here, iso3) for iso3 in (origin_iso3, host_iso3)]
    place = {
        "id": point_id, "situation_id": panel.situation_id, "name": point_id.rsplit(":", 1)[-1],
        "kind": "border_point", "country_iso3": host_iso3, "longitude": longitude, "latitude": latitude,
        "coordinate_quality": "published", "note": "what if",
    }  # fmt: skip
    point = {"id": point_id, "kind": "temporary", "origin_iso3": origin_iso3, "host_iso3": host_iso3}
    road = {
        "from_id": ends[0][0], "to_id": ends[1][0], "border_point_id": point_id,
        "distance_km": max(DETOUR * (ends[0][1] + ends[1][1]), 0.1),
    }  # fmt: skip
    joined = panel.plus({Place: [place], BorderPoint: [point], Route: [road]})
    return joined.plus({Link: _links(joined, point_id, host_iso3)})


def _nearest(panel: Panel, here: "np.ndarray[Any, np.dtype[np.float64]]", iso3: str) -> tuple[str, float]:
    """Return the nearest place of a country that is no border point, and the straight kilometres to it."""
    there = panel.places
    there = there[(there["country_iso3"] == iso3) & (there["kind"] != "border_point") & there["longitude"].notna()]
    if there.empty:
        raise InputRejected(iso3, "has no place with coordinates that a new crossing could be joined to")
    degrees = there[["longitude", "latitude"]].to_numpy(dtype=float)
    away_km = [great_circle_km(here, position) for position in degrees]
    nearest = int(np.argmin(away_km))
    return str(there["id"].iloc[nearest]), float(away_km[nearest])


def _links(panel: Panel, point_id: str, host_iso3: str) -> list[dict[str, Any]]:
    """Return the links from a new point to the sites of its host country within `LINK_KM`."""
    country = dict(zip(panel.places["id"], panel.places["country_iso3"], strict=True))
    sites = [site for site in panel.site_ids if country[site] == host_iso3]
    away_km = panel.network.between_km([point_id], sites)[0] if sites else []
    return [
        {"border_point_id": point_id, "site_id": site, "distance_km": float(km)}
        for site, km in zip(sites, away_km, strict=True)
        if km <= LINK_KM
    ]
