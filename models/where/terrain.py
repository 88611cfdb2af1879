"""The ground on which people choose where to go: places, roads and open destinations, as a panel knows them.

Destinations are the sites, and the border points of a host country that has no site: there the point itself is where
people arrive. Nothing here knows a count or a capacity.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.schema.border_point import BorderPoint
from models.network import EARTH_RADIUS_KM, Network
from models.panel import Panel

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Integers: TypeAlias = npt.NDArray[np.int64]

CROWDING_KM = 60.0
"""Range over which destinations crowd one another: two days' walk."""


@dataclass(frozen=True)
class Terrain:
    """Origins and destinations of one situation, some border points perhaps closed.

    ``distance_km`` and ``passed`` (other destinations on the way) are (origins, destinations), infinite where no road
    leads. ``home`` tells which origins are settled places of the country of origin. ``is_open`` (and some road leads
    there), ``country`` (a number), ``crowding``, ``hubs`` and ``roads`` (logarithms) are those of the destinations.
    """

    origin_ids: tuple[str, ...]
    destination_ids: tuple[str, ...]
    home: Bools
    distance_km: Floats
    passed: Floats
    is_open: Bools
    country: Integers
    crowding: Floats
    hubs: Floats
    roads: Floats

    @property
    def reach(self) -> Bools:
        """Tell which open destination can be reached from which origin."""
        return np.isfinite(self.distance_km) & self.is_open


@dataclass(frozen=True)
class _Traits:
    """What does not change when a border point closes."""

    origin_ids: tuple[str, ...]
    destination_ids: tuple[str, ...]
    home: Bools
    country: Integers
    crowding: Floats
    hubs: Floats
    roads: Floats


def terrain(panel: Panel, cut: Collection[str] = ()) -> Terrain:
    """Return the terrain as known at the panel's origin, without the roads over the border points in ``cut``."""
    traits = _traits(panel)
    network = panel.network.without(cut) if cut else panel.network
    distance_km, passed = _ways(network, traits.origin_ids, traits.destination_ids)
    return Terrain(
        **{name: getattr(traits, name) for name in _Traits.__dataclass_fields__},
        distance_km=distance_km,
        passed=passed,
        is_open=_is_open(panel, traits.destination_ids) & np.isfinite(distance_km).any(axis=0),
    )


def destinations(panel: Panel) -> tuple[str, ...]:
    """Return the sites, and the border points of host countries without a site, sorted."""
    country = dict(zip(panel.places["id"], panel.places["country_iso3"], strict=True))
    received = {country[site] for site in panel.site_ids if site in country}
    points = panel.versions(BorderPoint)
    host = dict(zip(points["id"], points["host_iso3"], strict=True))
    linked = set(panel.links()["border_point_id"])
    alone = {p for p in panel.point_ids if host[p] not in received and p not in linked}
    return tuple(sorted({s for s in panel.site_ids if s in country} | alone))


@lru_cache(maxsize=8)
def _traits(panel: Panel) -> _Traits:
    """Return origins, destinations and what marks them."""
    to = destinations(panel)
    places = panel.places.set_index("id")
    leave = places[places["kind"].isin(["town", "hub"]) & ~places.index.isin(to)]
    settled = leave["kind"] == "town"
    home = settled & (leave["country_iso3"] == panel.situation["origin_iso3"])
    here = places.loc[list(to)]
    return _Traits(
        tuple(leave.index),
        to,
        (home if home.any() else settled).to_numpy(dtype=bool),
        pd.factorize(here["country_iso3"], sort=True)[0].astype(np.int64),
        _crowding(here[["longitude", "latitude"]].to_numpy(dtype=float)),
        _hubs(panel, tuple(leave.index[leave["kind"] == "hub"]), to),
        np.log(np.maximum(panel.network.road_counts(to), 1)),
    )


def _crowding(degrees: Floats) -> Floats:
    """Return how crowded destinations are by each other, from (longitude, latitude); one without position is alone."""
    x, y = np.radians(degrees).T
    half = np.sin((y[:, None] - y) / 2) ** 2 + np.cos(y[:, None]) * np.cos(y) * np.sin((x[:, None] - x) / 2) ** 2
    apart_km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    near = np.nan_to_num(np.exp(-apart_km / CROWDING_KM))
    np.fill_diagonal(near, 1.0)
    return np.asarray(np.log(near.sum(axis=1)), dtype=np.float64)


def _hubs(panel: Panel, hubs: tuple[str, ...], to: tuple[str, ...]) -> Floats:
    """Return log(1 + the number of forwarding hubs that are nearest to each destination)."""
    count = np.zeros(len(to))
    if hubs and to:
        away_km = panel.network.between_km(hubs, to)
        joined = np.isfinite(away_km).any(axis=1)
        np.add.at(count, away_km[joined].argmin(axis=1), 1)
    return np.asarray(np.log1p(count))


def _ways(network: Network, origins: tuple[str, ...], to: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Return road kilometres, and how many other destinations are passed, (origins, destinations) both."""
    if not origins or not to:
        return np.full((len(origins), len(to)), np.inf), np.zeros((len(origins), len(to)))
    distance_km, before = network.ways(origins)
    target, start = network.positions(to), network.positions(origins)[:, None]
    is_destination = np.zeros(len(network.node_ids), dtype=bool)
    is_destination[target] = True
    passed = np.zeros((len(origins), len(to)))
    line = np.arange(len(origins))[:, None]
    node = before[:, target]
    while (inside := (node >= 0) & (node != start)).any():
        passed += inside & is_destination[np.maximum(node, 0)]
        node = np.where(inside, before[line, np.maximum(node, 0)], -1)
    return distance_km[:, target], passed


def _is_open(panel: Panel, to: tuple[str, ...]) -> Bools:
    """Tell which destinations are open.

    A site abroad that no border point feeds yet is not, unless people have been counted there, or no link at all is
    known in its country.
    """
    country = dict(zip(panel.places["id"], panel.places["country_iso3"], strict=True))
    fed = set(panel.links()["site_id"])
    linked = {country[site] for site in fed} - {panel.situation["origin_iso3"]}
    known = fed | panel.told_ids | set(panel.point_ids)
    return np.array([place in known or country[place] not in linked for place in to], dtype=bool)
