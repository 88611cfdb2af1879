"""Closed and restricted crossings as a mixture of terrains: people are diverted, few of them stay away.

At a closed crossing an informal part goes on as if it were open, at a restricted one half (the same assumptions as in
`models.routing`); all others choose anew, among what is left. Where nothing is left, everybody crosses informally.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.panel import Panel
from models.routing import INFORMAL_SHARE, RESTRICTED_SHARE
from models.where.choice import spread
from models.where.coefficients import Coefficients
from models.where.terrain import Terrain, terrain

Floats: TypeAlias = npt.NDArray[np.float64]

EVENT_DAYS = 90
"""Conflict events of the last quarter say where people flee from, where no conflict periods are known."""


@dataclass(frozen=True)
class Layers:
    """Terrains with their weights, which sum to one; no terrain where no road leads to any destination."""

    parts: tuple[tuple[float, Terrain], ...]

    @property
    def destination_ids(self) -> tuple[str, ...]:
        """Return the destinations, the same in every part."""
        return self.parts[0][1].destination_ids if self.parts else ()

    @property
    def origin_ids(self) -> tuple[str, ...]:
        """Return the places that people leave from."""
        return self.parts[0][1].origin_ids if self.parts else ()

    def shares(self, conflict: Floats, c: Coefficients) -> Floats:
        """Return each day's shares (days, destinations) from conflict at the origins (days, origins)."""
        return np.asarray(sum(weight * spread(ground, conflict, c) for weight, ground in self.parts))


def layers(panel: Panel, status_override: Mapping[str, str] | None = None) -> Layers:
    """Return the layers for the status at the panel's origin; ``status_override`` answers "what if"."""
    status = {**panel.status_on(), **(status_override or {})}
    closed = frozenset(p for p, s in status.items() if s == "closed")
    shut = closed | {p for p, s in status.items() if s == "restricted"}
    parts = [(1.0, terrain(panel))]
    for cut, kept, wanted in ((closed, INFORMAL_SHARE, bool(closed)), (shut, RESTRICTED_SHARE, shut != closed)):
        if wanted and (left := terrain(panel, cut)).is_open.any():
            weight, ground = parts.pop()
            parts += [(weight * kept, ground), (weight * (1 - kept), left)]
    return Layers(tuple(parts) if parts[0][1].is_open.any() else ())


def conflict(panel: Panel, origin_ids: tuple[str, ...]) -> Floats:
    """Return how much conflict there is at each origin (origins,) as known at the panel's origin date; zero: none.

    The intensity of the conflict periods in force, or else the number of events of the last quarter nearest to each.
    """
    found = np.zeros(len(origin_ids))
    index = {place: i for i, place in enumerate(origin_ids)}
    periods = panel.conflict_periods()
    for place, intensity in periods.loc[periods["end_date"].isna(), ["place_id", "intensity"]].itertuples(index=False):
        if place in index:
            found[index[place]] += float(intensity)
    return found if found.any() else _events(panel, index)


def _events(panel: Panel, index: Mapping[str, int]) -> Floats:
    """Return the events of the last quarter by the origin they are nearest to."""
    found = np.zeros(len(index))
    events = panel.conflict(since=panel.origin_date - timedelta(days=EVENT_DAYS))
    node, _ = panel.network.attach(events["longitude"].to_numpy(dtype=float), events["latitude"].to_numpy(dtype=float))
    for place in node[node >= 0]:
        if (at := index.get(panel.network.node_ids[place])) is not None:
            found[at] += 1
    return found
