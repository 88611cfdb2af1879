"""What is felt at a place of something that happened elsewhere, by travel distance over the roads.

What counts is the road to the crossings through which a place is reached (by their shares), or to the place itself
where no crossing is known. Something counts less with the kilometres of road: ``exp(-km / decay_km)``.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.features.catchment import catchments
from models.panel import Panel

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

DECAY_KM = 100.0
"""A catchment is about a hundred kilometres of road; what is farther off counts for little (DOMAIN.md 5.1)."""


def felt(panel: Panel, nodes: Integers, by_node: Floats, decay_km: float = DECAY_KM) -> Floats:
    """Return what places feel (places, columns) of what happened at road nodes (nodes, columns).

    Places are ``panel.counted_ids``. What no road joins to any of the nodes has zero.
    """
    by_place = catchments(panel)
    own = 1 - np.asarray(by_place.sum(axis=1)).ravel()
    found: Floats = by_place @ _at(panel, panel.point_ids, nodes, by_node, decay_km)
    alone = np.flatnonzero(own > 0.5)
    found[alone] = _at(panel, [panel.counted_ids[i] for i in alone], nodes, by_node, decay_km)
    return found


def within(panel: Panel, nodes: Integers, away_km: Floats, km: float) -> npt.NDArray[np.bool_]:
    """Return which of some things (places, things) lie within some kilometres of each counted place's gate.

    A thing is at a road node and some straight kilometres off the road.
    """
    each, at = np.unique(nodes, return_inverse=True)
    road_km = panel.network.between_km(list(gate_of(panel).values()), [panel.network.node_ids[n] for n in each])[:, at]
    near: npt.NDArray[np.bool_] = road_km + away_km <= km
    return near


@lru_cache(maxsize=8)
def gate_of(panel: Panel) -> dict[str, str]:
    """Return for each counted place the border point with its largest share, itself where none is known."""
    by_place = catchments(panel)
    found = {}
    for i, place in enumerate(panel.counted_ids):
        line = slice(by_place.indptr[i], by_place.indptr[i + 1])
        share = by_place.data[line]
        found[place] = panel.point_ids[by_place.indices[line][share.argmax()]] if share.size else place
    return found


def gate_names(panel: Panel) -> list[str]:
    """Return the name of each counted place's gate."""
    names = dict(zip(panel.places["id"], panel.places["name"], strict=True))
    return [names[gate] for gate in gate_of(panel).values()]


def _at(panel: Panel, ids: Sequence[str], nodes: Integers, by_node: Floats, decay_km: float) -> Floats:
    """Return what some places feel (places, columns)."""
    network = panel.network
    distance_km = network.between_km(ids, [network.node_ids[n] for n in nodes])
    result: Floats = np.exp(-distance_km / np.float32(decay_km)) @ by_node
    return result
