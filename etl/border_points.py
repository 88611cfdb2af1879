"""Border points of a situation that names none: where its routes leave the outline of the origin country.

The rules, and why they are honest, are in docs/formats/situation.md. A point found here is marked
``derived_approximate``: it says between which places people cross, not at which post.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from shapely import GeometryCollection, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from etl import links
from etl.crossing import Crossing, distance_km, locate, off_line_km

LONGEST_LOCATABLE_KM = 400.0
"""Along a longer road the straight line says too little: the network leaves out what lies between. On the seven
benchmark situations a road of at most 400 km strays at most 150 km from its line, a longer one 139 to 482 km."""

NEAR_HOST_KM = 25.0
"""A crossing farther than this from the country of the road's far end lies on the border of a third country, which the
road passes; nearer ones are at a point where three countries meet, or owed to outlines that do not quite fit."""

_DETAILS = ["id", "kind", "origin_iso3", "host_iso3", "opposite_id"]
_PLACE = ["id", "name", "country_iso3", "admin1_name", "longitude", "latitude", "population", "note"]


@dataclass(frozen=True)
class Derived:
    """What `derive` found. ``places`` and ``border_points`` hold one row a new border point, ``links`` their sites.

    ``routes`` are the given ones with ``border_point_id`` (missing: stays in one country, or crosses no known point).
    ``remarks`` says, by id of a given place, what could not be found for it.
    """

    places: pd.DataFrame
    border_points: pd.DataFrame
    links: pd.DataFrame
    routes: pd.DataFrame
    remarks: dict[str, str]


@dataclass(frozen=True)
class _Edge:
    """A route that leaves the origin country: its label among the routes, its two places and its length."""

    label: Any
    origin: Any
    host: Any
    distance_km: float

    def __str__(self) -> str:
        return f"{spoken_name(self.origin)}–{spoken_name(self.host)} ({self.distance_km:,.0f} km)"


def derive(
    places: pd.DataFrame, routes: pd.DataFrame, outlines: Mapping[str, BaseGeometry], origin_iso3: str
) -> Derived:
    """Find the border points of the routes that leave ``origin_iso3``, and the sites that each of them feeds.

    ``places`` has id (unique), name, kind, country_iso3, longitude and latitude (missing: not known), ``routes``
    from_id, to_id and distance_km between known ids, ``outlines`` polygons by ISO 3166-1 alpha-3. Routes from one place
    into one country share one border point, located on the shortest that can be located.
    """
    outline = outlines.get(origin_iso3, GeometryCollection())
    points: list[dict[str, Any]] = []
    point_of_route: dict[Any, str] = {}
    remarks: dict[str, str] = {}
    taken = set(places["id"])
    for edges in _leaving(places, routes, origin_iso3):
        reasons: list[str] = []
        located = next(_located(edges, outline, reasons), None)
        if located is None:
            remarks |= {edge.host.id: f"No border point: {why}." for edge, why in zip(edges, reasons, strict=True)}
            continue
        edge, crossing = located
        point_id = _free_id(f"{edge.origin.id}-{edge.host.id}", taken)
        taken.add(point_id)
        point_of_route |= {e.label: point_id for e in edges}
        entered_iso3 = _entered(edge, crossing, outlines)
        points.append(_point(point_id, edge, crossing, entered_iso3, [e for e in edges if e is not edge]))
    return _assemble(places, routes, points, point_of_route, remarks)


def spoken_name(place: Any) -> str:
    """Return a place's name in words: a bare road number stands for a junction nobody named, no name for its id.

    >>> from types import SimpleNamespace
    >>> spoken_name(SimpleNamespace(id="rn8", name="RN8")), spoken_name(SimpleNamespace(id="lolo", name="Lolo"))
    ('road 8', 'Lolo')
    """
    name = str(place.name or place.id)
    road = re.fullmatch(r"(?:RN|RP|N|A|M|R)[ -]?(\d+)", name)
    return f"road {road[1]}" if road else name


def _leaving(places: pd.DataFrame, routes: pd.DataFrame, origin_iso3: str) -> list[list[_Edge]]:
    """Return the routes out of the origin country, one list for each place they leave and country they enter.

    Lists are in the order of their ids, each from its shortest route to its longest.
    """
    by_id = {place.id: place for place in places.itertuples()}
    groups: dict[tuple[str, str], list[_Edge]] = {}
    for route in routes.itertuples():
        ends = by_id[route.from_id], by_id[route.to_id]
        origin, host = ends if ends[0].country_iso3 == origin_iso3 else ends[::-1]
        if origin.country_iso3 == origin_iso3 != host.country_iso3:
            edge = _Edge(route.Index, origin, host, float(route.distance_km))
            groups.setdefault((origin.id, host.country_iso3), []).append(edge)
    return [sorted(groups[key], key=lambda e: (e.distance_km, e.host.id)) for key in sorted(groups)]


def _located(edges: list[_Edge], outline: BaseGeometry, reasons: list[str]) -> Iterator[tuple[_Edge, Crossing]]:
    """Yield the routes whose crossing can be located; tell of each other one why it cannot."""
    for edge in edges:
        if edge.distance_km > LONGEST_LOCATABLE_KM:
            reasons.append(f"the road {edge} is longer than the {LONGEST_LOCATABLE_KM:g} km that can be located")
            continue
        ends = edge.origin.longitude, edge.origin.latitude, edge.host.longitude, edge.host.latitude
        if pd.isna(list(ends)).any():
            reasons.append(f"an end of the road {edge} has no coordinates")
            continue
        crossing = locate(ends[:2], ends[2:], outline)
        if crossing is None:
            reasons.append(f"the road {edge} does not come near the outline of {edge.origin.country_iso3}")
        else:
            yield edge, crossing


def _entered(edge: _Edge, crossing: Crossing, outlines: Mapping[str, BaseGeometry]) -> str:
    """Return the country that the crossing leads into: the far end's, unless another one lies there."""
    host_iso3, origin_iso3 = str(edge.host.country_iso3), str(edge.origin.country_iso3)
    if host_iso3 not in outlines or _off_km(crossing, outlines[host_iso3]) <= NEAR_HOST_KM:
        return host_iso3
    others = {iso3: _off_km(crossing, outline) for iso3, outline in outlines.items() if iso3 != origin_iso3}
    return min(sorted(others), key=others.__getitem__)


def _off_km(crossing: Crossing, outline: BaseGeometry) -> float:
    """Return how far a crossing lies from a country."""
    here = Point(crossing.longitude, crossing.latitude)
    nearest, _ = nearest_points(outline, here)
    return distance_km((nearest.x, nearest.y), (here.x, here.y))


def _free_id(wanted: str, taken: set[str]) -> str:
    """Return the wanted id, or with the first number that makes it new."""
    numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbered if name not in taken)


def _point(point_id: str, edge: _Edge, crossing: Crossing, host_iso3: str, others: list[_Edge]) -> dict[str, Any]:
    """Return a border point as one record: the place and its crossing side."""
    straight_km = distance_km((edge.origin.longitude, edge.origin.latitude), (edge.host.longitude, edge.host.latitude))
    off_km = off_line_km(edge.distance_km, straight_km)
    reach = (
        f"the road is given as {edge.distance_km:,.0f} km, shorter than the line ({straight_km:,.0f} km): one is wrong"
        if off_km is None
        else f"the road ({edge.distance_km:,.0f} km) may lie up to {off_km:,.0f} km off that line"
    )
    origin, host = spoken_name(edge.origin), spoken_name(edge.host)
    line = f"where the straight line from {origin} to {host} leaves {edge.origin.country_iso3}"
    note = f"Derived, approximate: {line}; {reach}."
    note += f" There {crossing.remark}." if crossing.remark else ""
    if host_iso3 != edge.host.country_iso3:
        note += f" It leads into {host_iso3}, on the way to {edge.host.country_iso3}."
    note += f" Stands also for the way {', '.join(map(str, others))}." if others else ""
    return {
        "id": point_id, "name": f"{origin}–{host}", "kind": "unknown", "country_iso3": host_iso3,
        "origin_iso3": edge.origin.country_iso3, "host_iso3": host_iso3, "opposite_id": None,
        "admin1_name": None, "population": None, "note": note,
        "longitude": round(crossing.longitude, 5), "latitude": round(crossing.latitude, 5),
    }  # fmt: skip


def _assemble(
    places: pd.DataFrame,
    routes: pd.DataFrame,
    points: list[dict[str, Any]],
    point_of_route: dict[Any, str],
    remarks: dict[str, str],
) -> Derived:
    """Split the points into places and crossing sides, mark the routes, and link the sites."""
    frame = pd.DataFrame(points, columns=list(dict.fromkeys(_PLACE + _DETAILS)))
    as_places = frame[_PLACE].assign(kind="border_point", coordinate_quality="derived_approximate")
    crossed = routes.assign(border_point_id=pd.Series(point_of_route, dtype="str").reindex(routes.index))
    everywhere = pd.concat([places, as_places], ignore_index=True) if points else places
    found = links.derive(everywhere, frame[_DETAILS], crossed)
    unlinked = sorted(set(places.loc[places["kind"] == "site", "id"]) - set(found["site_id"]) - remarks.keys())
    remarks = remarks | dict.fromkeys(unlinked, "No route leads to this site from a border point.")
    return Derived(as_places, frame[_DETAILS], found, crossed, remarks)
