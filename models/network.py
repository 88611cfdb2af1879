"""Distances over the route network.

Places are nodes, routes are edges in both directions. A route that uses a border point is split there, in proportion to
the straight distances to its two ends, so that distances to and over border points are travel distances as well.
"""

from collections.abc import Collection, Sequence
from copy import copy
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of the Earth (IUGG)."""
_STARTS_AT_ONCE = 256


class Network:
    """The route graph of one situation."""

    def __init__(self, places: pd.DataFrame, routes: pd.DataFrame) -> None:
        """Take places (id, longitude, latitude) and routes (from_id, to_id, distance_km, border_point_id)."""
        self.node_ids = tuple(sorted(places["id"]))
        self._index = {node: i for i, node in enumerate(self.node_ids)}
        located = places.set_index("id").loc[list(self.node_ids)]
        self._degrees = located[["longitude", "latitude"]].to_numpy(dtype=float)
        self._graph = self._edges(routes)

    def distances_km(self, from_ids: Sequence[str], limit_km: float = np.inf) -> Floats:
        """Return travel distances (from_ids, all nodes); infinite where no road leads or beyond ``limit_km``."""
        starts = [self._index[place] for place in from_ids]
        if not starts:
            return np.empty((0, len(self.node_ids)))
        found: Floats = dijkstra(self._graph, directed=False, indices=starts, limit=limit_km)
        return found

    def between_km(self, from_ids: Sequence[str], to_ids: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return travel distances (from_ids, to_ids), searched from the side that has fewer places."""
        if len(to_ids) < len(from_ids):
            return self.between_km(to_ids, from_ids).T
        columns = self.positions(to_ids)
        found = np.empty((len(from_ids), len(to_ids)), dtype=np.float32)
        for begin in range(0, len(from_ids), _STARTS_AT_ONCE):
            some = slice(begin, begin + _STARTS_AT_ONCE)
            found[some] = self.distances_km(from_ids[some])[:, columns]
        return found

    def apart_km(self, from_id: str, to_ids: Sequence[str]) -> Floats:
        """Return travel distances from one place to some, straight ones where no road leads; NaN without a position."""
        by_road = self.distances_km([from_id])[0, self.positions(to_ids)]
        here = self._degrees[self._index[from_id]]
        straight = [great_circle_km(here, self._degrees[self._index[to]]) for to in to_ids]
        return np.where(np.isfinite(by_road), by_road, np.array(straight, dtype=float))

    def ways(self, from_ids: Sequence[str]) -> tuple[Floats, Indices]:
        """Return travel distances (from_ids, all nodes) and the node before each on the way, negative where none is."""
        starts = [self._index[place] for place in from_ids]
        distance_km, before = dijkstra(self._graph, directed=False, indices=starts, return_predecessors=True)
        return distance_km, before.astype(np.intp)

    def without(self, ids: Collection[str]) -> "Network":
        """Return the network without the roads that lead to or over some nodes; ids that are no nodes do not matter."""
        cut = np.array([i for place, i in self._index.items() if place in ids], dtype=np.intp)
        rest = self._graph.tocoo()
        kept = ~(np.isin(rest.row, cut) | np.isin(rest.col, cut))
        left = copy(self)
        left._graph = coo_matrix((rest.data[kept], (rest.row[kept], rest.col[kept])), shape=rest.shape).tocsr()
        for held in ("_on_road", "_tree"):
            left.__dict__.pop(held, None)
        return left

    def road_counts(self, ids: Sequence[str]) -> Indices:
        """Return how many roads meet at each of some places."""
        return np.asarray(np.diff(self._graph.indptr)[self.positions(ids)], dtype=np.intp)

    def positions(self, ids: Sequence[str]) -> Indices:
        """Return the columns of ``distances_km`` for some places; raises KeyError for one that is no node."""
        return np.array([self._index[place] for place in ids], dtype=np.intp)

    def attach(self, longitude: Floats, latitude: Floats) -> tuple[Indices, Floats]:
        """Return for each position the nearest node that has a road, and the straight kilometres to it.

        Without any such node (or for a missing position) the node is -1 and the distance infinite.
        """
        node = np.full(len(longitude), -1, dtype=np.intp)
        away_km = np.full(len(longitude), np.inf)
        usable = np.isfinite(longitude) & np.isfinite(latitude)
        if self._on_road.size == 0 or not usable.any():
            return node, away_km
        chord, nearest = self._tree.query(_unit_vectors(longitude[usable], latitude[usable]))
        node[usable] = self._on_road[nearest]
        away_km[usable] = 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0, 1))
        return node, away_km

    @cached_property
    def _on_road(self) -> Indices:
        """Nodes with coordinates and at least one edge."""
        degree = np.diff(self._graph.indptr)
        return np.flatnonzero((degree > 0) & np.isfinite(self._degrees).all(axis=1))

    @cached_property
    def _tree(self) -> KDTree:
        """Nearest neighbours on the sphere: the chord between unit vectors grows with the distance."""
        return KDTree(_unit_vectors(*self._degrees[self._on_road].T))

    def _edges(self, routes: pd.DataFrame) -> csr_matrix:
        """Return the symmetric graph, parallel roads by the shortest, roads over border points split there."""
        ends: list[tuple[int, int, float]] = []
        for road in routes[["from_id", "to_id", "distance_km", "border_point_id"]].itertuples(index=False):
            start, end, over = (self._index.get(i, -1) for i in (road.from_id, road.to_id, road.border_point_id))
            if start < 0 or end < 0:
                continue
            if over < 0 or over in (start, end):
                ends.append((start, end, float(road.distance_km)))
                continue
            share = self._part_before(start, over, end)
            ends += [(start, over, share * road.distance_km), (over, end, (1 - share) * road.distance_km)]
        frame = pd.DataFrame(ends, columns=["a", "b", "km"])
        both = pd.concat([frame, frame.rename(columns={"a": "b", "b": "a"})])
        shortest = both.groupby(["a", "b"], as_index=False)["km"].min()
        size = len(self.node_ids)
        # An edge of zero length would be no edge to scipy.
        km = np.maximum(shortest["km"].to_numpy(dtype=float), 1e-3)
        a, b = shortest["a"].to_numpy(dtype=np.intp), shortest["b"].to_numpy(dtype=np.intp)
        return coo_matrix((km, (a, b)), shape=(size, size)).tocsr()

    def _part_before(self, start: int, over: int, end: int) -> float:
        """Return which part of a road lies before its border point; a half where coordinates are missing."""
        before = great_circle_km(self._degrees[start], self._degrees[over])
        after = great_circle_km(self._degrees[over], self._degrees[end])
        whole = before + after
        return before / whole if np.isfinite(whole) and whole > 0 else 0.5


def great_circle_km(a: Floats, b: Floats) -> float:
    """Return the straight distance between two (longitude, latitude) in degrees; NaN where one is missing.

    >>> round(great_circle_km(np.array([0.0, 0.0]), np.array([0.0, 1.0])), 2)
    111.2
    """
    chord = np.linalg.norm(_unit_vectors(a[:1], a[1:]) - _unit_vectors(b[:1], b[1:]))
    return float(2 * EARTH_RADIUS_KM * np.arcsin(min(float(chord) / 2, 1.0))) if np.isfinite(chord) else float("nan")


def _unit_vectors(longitude: Floats, latitude: Floats) -> Floats:
    """Return points on the unit sphere (n, 3)."""
    x, y = np.radians(longitude), np.radians(latitude)
    return np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])
