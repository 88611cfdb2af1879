"""How many came in the last 30 days at the neighbours of a place, by travel distance over the roads.

Neighbours are the places behind the nearest `MOST_NEAR` gates (crossings) within `FARTHEST_KM` of road, the place's own
gate included, each less by ``exp(-km / DECAY_KM)``. Missing where none of them has reported.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix, eye

from models.features.feature import LEAST, Feature, Floats, Words
from models.features.lags import Lags
from models.features.reach import DECAY_KM, gate_of
from models.panel import Panel
from models.past import lags_on, now

NAMES = ("neighbours_rate", "neighbours_trend")
FARTHEST_KM = 3 * DECAY_KM
MOST_NEAR = 8
_STARTS_AT_ONCE = 256


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    known = lags_on(panel, days)
    month, quarter, usual, present = (
        _around(panel, np.stack([np.where(k.reported, getattr(k, name), np.nan) for k in known]))
        for name in ("rate_30", "rate_90", "activity", "span_days")
    )
    reported = present[1] > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.log(month[0] / usual[0] + LEAST)
        trend = np.log((month[0] + LEAST * usual[0]) / (quarter[0] + LEAST * usual[0]))
    return np.where(reported[:, :, None], np.stack([rate, trend], axis=2), np.nan)


def _around(panel: Panel, values: Floats) -> tuple[Floats, Floats]:
    """Return the weighted sum of values (days, places) over each place's neighbours, and the weight of those known."""
    near, own = _near(panel)
    both = [np.nan_to_num(values), np.isfinite(values).astype(float)]
    # A place is at its own gate and would else be its own neighbour.
    total, weight = (np.maximum((own @ (near @ (own.T @ v.T))).T - v, 0.0) for v in both)
    return np.where(weight > 1e-9, total, 0.0), np.where(weight > 1e-9, weight, 0.0)


@lru_cache(maxsize=8)
def _near(panel: Panel) -> tuple[csr_matrix, csr_matrix]:
    """Return the weights between gates (gates, gates), and which gate a place has (places, gates)."""
    gates = list(gate_of(panel).values())
    ids, at = np.unique(np.array(gates, dtype=object).astype(str), return_inverse=True)
    own = csr_matrix((np.ones(len(at)), (np.arange(len(at)), at)), shape=(len(at), len(ids)))
    nodes = panel.network.positions(ids.tolist())
    begins, ends, weights = [], [], []
    for begin in range(0, len(ids), _STARTS_AT_ONCE):
        some = ids[begin : begin + _STARTS_AT_ONCE].tolist()
        km = panel.network.distances_km(some, FARTHEST_KM)[:, nodes]
        km[np.arange(len(some)), begin + np.arange(len(some))] = np.inf
        nearest = np.argpartition(km, min(MOST_NEAR, len(ids)) - 1, axis=1)[:, :MOST_NEAR]
        far = np.take_along_axis(km, nearest, axis=1)
        row, column = np.nonzero(np.isfinite(far))
        begins.append(begin + row)
        ends.append(nearest[row, column])
        weights.append(np.exp(-far[row, column] / DECAY_KM))
    parts = [np.concatenate(p) if p else np.empty(0) for p in (weights, begins, ends)]
    near = csr_matrix((parts[0], (parts[1].astype(np.int64), parts[2].astype(np.int64))), shape=(len(ids), len(ids)))
    return (near + eye(len(ids), format="csr")).tocsr(), own


def _words(panel: Panel, columns: Floats) -> Words:
    known = now(panel)
    month, quarter = (
        total / np.maximum(weight, 1e-9)
        for total, weight in (_around(panel, _fresh(known, name)) for name in ("rate_30", "rate_90"))
    )
    return [
        (
            up,
            f"{m:,.1f} people a day came to a place nearby over the last 30 days and {q:,.1f} over the last 90",
        )
        for up, m, q in zip((columns[:, 1] > 0).tolist(), month[0], quarter[0], strict=True)
    ]


def _fresh(known: Lags, name: str) -> Floats:
    """Return a lag (1, places) where the place still reports."""
    return np.where(known.reported, getattr(known, name), np.nan)[None]


FEATURE = Feature(group="neighbours", names=NAMES, values=_values, neutral={"neighbours_trend": 0.0}, words=_words)
