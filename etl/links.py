"""Which sites a border point feeds: those its host side reaches by road without going back through the origin."""

import heapq
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from etl.crossing import distance_km

FARTHEST_RATIO = 3.0
FARTHEST_EXTRA_KM = 100.0
"""A border point is linked to a site unless it is farther than `FARTHEST_RATIO` times the site's nearest border point
plus this: people cross where it is near, and a site 40 km from one crossing is not planned for from another 500 km off.
Of 120
pairs of border point and site that roads join in the seven benchmark situations this keeps 112."""

Graph = dict[str, dict[str, float]]


def derive(places: pd.DataFrame, border_points: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    """Return the links (border_point_id, site_id, distance_km), sorted, of all border points to the sites they feed.

    ``places`` has id, kind, country_iso3, longitude and latitude (missing: not known); ``border_points`` id and
    origin_iso3; ``routes`` from_id, to_id, distance_km and border_point_id (missing: none). A route is split at its
    border point in proportion to the straight distances to its two ends, in the middle where one has no coordinates. A
    border point may also be a node of the network itself. A site that no border point reaches has no link.
    """
    country = dict(zip(places["id"], places["country_iso3"], strict=True))
    positions = _positions(places)
    graph = _graph(routes)
    sites = set(places.loc[places["kind"] == "site", "id"])
    rows = []
    for point in border_points.itertuples():
        starts = {point.id: 0.0} | dict(_host_ends(point, routes, country, positions))
        allowed = {place for place, iso3 in country.items() if iso3 != point.origin_iso3}
        reached = _travel(graph, starts, allowed)
        rows += [(point.id, site, reached[site]) for site in sorted(sites & reached.keys())]
    links = pd.DataFrame(rows, columns=["border_point_id", "site_id", "distance_km"]).astype({"distance_km": float})
    nearest = links.groupby("site_id")["distance_km"].transform("min")
    near = links[links["distance_km"] <= FARTHEST_RATIO * nearest + FARTHEST_EXTRA_KM]
    return near.sort_values(["border_point_id", "site_id"], ignore_index=True)


def _host_ends(
    point: Any, routes: pd.DataFrame, country: Mapping[str, str], positions: Mapping[str, tuple[float, float]]
) -> Iterator[tuple[str, float]]:
    """Yield the ends of the point's routes that are not in its origin country, with the road distance to them."""
    for route in routes[routes["border_point_id"] == point.id].itertuples():
        for host, origin in ((route.from_id, route.to_id), (route.to_id, route.from_id)):
            if country.get(host) == point.origin_iso3 or country.get(origin) != point.origin_iso3:
                continue
            share = 0.5
            if {point.id, host, origin} <= positions.keys():
                behind = distance_km(positions[origin], positions[point.id])
                ahead = distance_km(positions[point.id], positions[host])
                share = ahead / (behind + ahead) if behind + ahead > 0 else 0.5
            yield host, share * route.distance_km


def _travel(graph: Graph, starts: Mapping[str, float], allowed: set[str]) -> dict[str, float]:
    """Return the shortest road distance from any start to each allowed place (Dijkstra)."""
    reached: dict[str, float] = {}
    queue = [(distance, place) for place, distance in starts.items()]
    heapq.heapify(queue)
    while queue:
        distance, place = heapq.heappop(queue)
        if place in reached:
            continue
        reached[place] = distance
        for neighbour, step in graph.get(place, {}).items():
            if neighbour in allowed and neighbour not in reached:
                heapq.heappush(queue, (distance + step, neighbour))
    return reached


def _graph(routes: pd.DataFrame) -> Graph:
    """Return road distances between neighbours, both ways; of parallel roads the shortest."""
    graph: Graph = defaultdict(dict)
    for route in routes.itertuples():
        for start, end in ((route.from_id, route.to_id), (route.to_id, route.from_id)):
            graph[start][end] = min(route.distance_km, graph[start].get(end, math.inf))
    return dict(graph)


def _positions(places: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return longitude and latitude of the places that have both."""
    known = places.dropna(subset=["longitude", "latitude"])
    return {p.id: (float(p.longitude), float(p.latitude)) for p in known.itertuples()}
