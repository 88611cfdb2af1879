"""Honest ranges from few data: how wrong a forecaster has been in other situations, and more and more in this one.

Errors are standardised so that they ask the same question at every place and size. Their quantiles over several
situations are a small committed table; the situation's own errors are mixed in as its record grows, and where arrivals
are counted those of each place (docs/decisions/0012). Joint paths keep their ranks (who is high together with whom, and
for how long) and take these quantiles as their margins.
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
COLUMNS = [f"q{level:g}" for level in LEVELS]
MEDIAN = LEVELS.index(0.5)
OWN_WINDOWS = 10.0
"""A record that spans so many horizons weighs as much as the table."""
LEAST_WINDOW_DAYS = 14.0
TABLE_FILE = Path(__file__).resolve().parent.parent / "data" / "reference" / "calibration" / "errors.csv"
_DENSE = np.linspace(0.005, 0.995, 100)


@cache
def committed(model: str, measure: str) -> Floats:
    """Return the committed table of a forecaster and measure (knots, `LEVELS`): quantiles of standardised errors.

    A forecaster without a table has that of the last value. Raises FileNotFoundError where the file is missing.
    """
    every = pd.read_csv(TABLE_FILE)
    name = model if (every["model_name"] == model).any() else "last_value"
    mine = every[(every["model_name"] == name) & (every["measure"] == measure)].set_index("horizon_days")
    table: Floats = mine.loc[list(KNOTS_DAYS), COLUMNS].to_numpy(dtype=float)
    return table


def pooled(situations: Sequence[Sequence[Floats]]) -> Floats:
    """Return a table (knots, `LEVELS`) from several situations' standardised errors by knot, each of equal weight."""
    table = np.zeros((len(KNOTS_DAYS), len(LEVELS)))
    for j in range(len(KNOTS_DAYS)):
        parts = [errors[j] for errors in situations if len(errors[j])]
        if parts:
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
        weights = [np.full(len(other), (1 - share) / len(other)), np.full(len(own[j]), share / len(own[j]))]
        values = np.concatenate([other, own[j]])
        mixed[j] = weighted_quantile(values, np.concatenate(weights), np.asarray(LEVELS))
    return mixed


def by_knot(errors: Floats) -> list[Floats]:
    """Return the finite errors of each knot, of all past days and places (..., knots)."""
    return [some[np.isfinite(some)] for some in np.moveaxis(errors, -1, 0)]


def of_places(table: Floats, errors: Floats, step_days: int) -> Floats:
    """Return a table for each place (places, knots, `LEVELS`), with its own errors (past days, places, knots) mixed in.

    The past days are ``step_days`` apart; errors are NaN where not known, and a place without any has the shared table.
    """
    spans = step_days * np.isfinite(errors).any(axis=2).sum(axis=0)
    found = [adapted(table, by_knot(own), span) for own, span in zip(np.moveaxis(errors, 1, 0), spans, strict=True)]
    return np.array(found).reshape(-1, *table.shape)


def knots_of(days: int) -> list[int]:
    """Return the knots within a horizon and its last day.

    >>> knots_of(20)
    [7, 14, 20]
    """
    return sorted({*(k for k in KNOTS_DAYS if k < days), days})


def ranked_errors(levels: Array, table: Floats, factors: Floats) -> list[Array]:
    """Return the table's errors by the ranks of some levels (paths, places, knots): one (paths, places) per knot.

    ``table`` (knots, `LEVELS`), or one a place (places, knots, `LEVELS`), and ``factors`` (knots, places), by which
    errors lie farther from the table's median, are at the knots of ``levels`` (`table_at`).
    """
    n_paths = levels.shape[0]
    at = np.interp((np.arange(n_paths) + 0.5) / max(n_paths, 1), LEVELS, np.arange(len(LEVELS)))
    low = np.minimum(at.astype(np.int64), len(LEVELS) - 2)
    found = []
    for k in range(levels.shape[2]):
        cuts = np.broadcast_to(table[..., k, :], (levels.shape[1], len(LEVELS))).astype(np.float32).T
        ordered = cuts[low] + (at - low).astype(np.float32)[:, None] * (cuts[low + 1] - cuts[low]) - cuts[MEDIAN]
        rank = np.argsort(np.argsort(levels[:, :, k], axis=0, kind="stable"), axis=0, kind="stable")
        found.append(cuts[MEDIAN] + factors[k].astype(np.float32) * np.take_along_axis(ordered, rank, axis=0))
    return found


def table_at(table: Floats, knots: Sequence[int]) -> Floats:
    """Return tables or factors (..., knots, n) at other knots: straight between their own, the nearest outside them."""
    parts = np.array([np.interp(knots, KNOTS_DAYS, knot) for knot in np.eye(len(KNOTS_DAYS))])
    return np.asarray(parts.T @ table)


def weighted_quantile(values: Floats, weights: Floats, at: Floats) -> Floats:
    """Return quantiles with each value's mass centred on it.

    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.ones(3), np.array([0.5])).tolist()
    [2.0]
    """
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order])
    return np.asarray(np.interp(at, (mass - 0.5 * weights[order]) / mass[-1], values[order]))
