"""Honest ranges from few data: how wrong a forecaster has been in other situations, and more and more in this one.

Errors of stock are standardised by a scale that is the same question at every place and size. Their quantiles over
several situations are a small committed table; the situation's own errors are mixed in as its record grows. Joint paths
keep their ranks (who is high together with whom, and for how long) and take these quantiles as their margins.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Array: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]

KNOTS_DAYS = (7, 14, 30, 60, 90)
LEVELS = (0.01, 0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975, 0.99)
OWN_WINDOWS = 10.0
"""A record that spans so many horizons weighs as much as the table."""
LEAST_WINDOW_DAYS = 14.0
_DENSE = np.linspace(0.005, 0.995, 100)
_FOLDER = Path(__file__).resolve().parent.parent / "data" / "reference" / "calibration"


@cache
def committed(name: str) -> Floats:
    """Return the committed table of a forecaster (knots, `LEVELS`): errors in units of its scale."""
    frame = pd.read_csv(_FOLDER / f"{name}.csv", index_col="horizon_days")
    table: Floats = frame.loc[list(KNOTS_DAYS)].to_numpy(dtype=float)
    return table


def pooled(situations: Sequence[Sequence[Floats]]) -> Floats:
    """Return a table (knots, `LEVELS`) from several situations' standardised errors by knot, each of equal weight."""
    table = np.zeros((len(KNOTS_DAYS), len(LEVELS)))
    for j in range(len(KNOTS_DAYS)):
        parts = [errors[j] for errors in situations if len(errors[j])]
        weights = np.concatenate([np.full(len(p), 1 / len(p)) for p in parts])
        table[j] = weighted_quantile(np.concatenate(parts), weights, np.asarray(LEVELS))
    return table


def adapted(table: Floats, own: Sequence[Floats], span_days: float) -> Floats:
    """Return the table with a situation's own errors by knot mixed in, by how many horizons its record spans."""
    mixed = table.copy()
    for j, knot in enumerate(KNOTS_DAYS):
        if not len(own[j]):
            continue
        windows = max(span_days, 0.0) / max(knot, LEAST_WINDOW_DAYS)
        share = windows / (windows + OWN_WINDOWS)
        other = np.interp(_DENSE, LEVELS, table[j])
        weights = np.concatenate(
            [np.full(len(other), (1 - share) / len(other)), np.full(len(own[j]), share / len(own[j]))]
        )
        mixed[j] = weighted_quantile(np.concatenate([other, own[j]]), weights, np.asarray(LEVELS))
    return mixed


def with_margins(paths: Array, centre: Floats, scale: Floats, table: Floats) -> Array:
    """Return paths (paths, places, days) with the ranks of ``paths`` and the table's errors around the centre.

    ``centre`` and ``scale`` are (places, days). Ranks are taken at the knots and errors are straight between them, so
    that a path stays as high or low as it was.
    """
    n_paths, _, days = paths.shape
    knots = [k for k in KNOTS_DAYS if k <= days] or [days]
    levels = (np.arange(n_paths) + 0.5) / n_paths
    errors = []
    for knot in knots:
        j = int(np.argmin(np.abs(np.asarray(KNOTS_DAYS) - knot)))
        ordered = np.interp(levels, LEVELS, table[j]).astype(np.float32)
        rank = np.argsort(np.argsort(paths[:, :, knot - 1], axis=0, kind="stable"), axis=0, kind="stable")
        errors.append(ordered[rank])
    result = np.empty_like(paths)
    place = np.clip(np.interp(np.arange(1, days + 1), knots, np.arange(len(knots))), 0, len(knots) - 1)
    for day in range(days):
        low = min(int(place[day]), max(len(knots) - 2, 0))
        high = min(low + 1, len(knots) - 1)
        share = np.float32(place[day] - low)
        error = errors[low] + share * (errors[high] - errors[low])
        result[:, :, day] = centre[:, day].astype(np.float32) + scale[:, day].astype(np.float32) * error
    return result


def weighted_quantile(values: Floats, weights: Floats, at: Floats) -> Floats:
    """Return quantiles with each value's mass centred on it.

    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.ones(3), np.array([0.5])).tolist()
    [2.0]
    """
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order])
    return np.asarray(np.interp(at, (mass - 0.5 * weights[order]) / mass[-1], values[order]))
