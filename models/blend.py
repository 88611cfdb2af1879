"""Weights of naive forecasts of arrivals: learnt from all places of a situation, beginning at a prior.

The logarithm of the arrivals over a horizon is that of the last value plus a weighted sum of differences from it: of
the damped trend, of the means of a quarter and of a year, and of what the same days brought a year before against the
days before them. Combinations of forecasts are hard to beat, and weights learnt from little data alone lose to equal
ones (Timmermann 2006, Handbook of Economic Forecasting 1, ch. 4): so the weights are those of a robust regression held
to a prior by `PRIOR_EXAMPLES`.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.calibration import KNOTS_DAYS
from models.features.lags import Lags
from models.history import when_known
from models.panel import Panel
from models.past import past, season_on, take

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

PARTS = ("the trend of the last month", "the last quarter", "the last year", "the same season a year before")
PRIOR: Floats = np.array([1 / 3, 1 / 5, 1 / 10, 1 / 5])
"""Round values from a flat optimum over the benchmark's situations and series."""
PRIOR_EXAMPLES = 50.0
ROUNDS = 6
LEAST_ERROR = 0.05
POOLED_PLACES = 300


@dataclass(frozen=True)
class Examples:
    """Past forecasts beside what happened, one row per past day and place.

    ``parts`` (n, knots, `PARTS`): differences of logarithms from the last value. ``happened`` (n, knots): that of what
    happened, NaN where not known. ``known_day`` (n, knots): when it was known. ``weight`` (n, knots).
    """

    parts: Floats
    happened: Floats
    known_day: Integers
    weight: Floats

    def until(self, day: int) -> "Examples":
        """Return the examples with only the outcomes that were known at the end of a day (since 1970)."""
        return Examples(self.parts, np.where(self.known_day <= day, self.happened, np.nan), self.known_day, self.weight)


def weights(several: list[Examples]) -> Floats:
    """Return the weights (knots, `PARTS`) from examples, the prior where there are none.

    Least absolute errors by reweighted least squares, each example held to count at most once.
    """
    found = np.tile(PRIOR, (len(KNOTS_DAYS), 1))
    for j in range(len(KNOTS_DAYS)):
        use = [np.isfinite(e.happened[:, j]) for e in several]
        parts = np.concatenate([np.empty((0, len(PARTS))), *(e.parts[u, j] for e, u in zip(several, use, strict=True))])
        happened = np.concatenate([np.empty(0), *(e.happened[u, j] for e, u in zip(several, use, strict=True))])
        weight = np.concatenate([np.empty(0), *(e.weight[u, j] for e, u in zip(several, use, strict=True))])
        if not len(happened) or weight.sum() <= 0:
            continue
        weight = weight / weight.mean()
        near = np.ones(len(happened))
        for _ in range(ROUNDS):
            held = parts * (weight * near)[:, None]
            square = held.T @ parts + PRIOR_EXAMPLES * np.eye(len(PARTS))
            found[j] = np.linalg.solve(square, held.T @ happened + PRIOR_EXAMPLES * PRIOR)
            near = 0.3 / np.maximum(np.abs(happened - parts @ found[j]), LEAST_ERROR)
    return found


def examples(panel: Panel) -> Examples:
    """Return the examples of a panel: its past days, over some hundreds of its places."""
    then, count = past(panel), len(panel.counted_ids)
    rows = np.unique(np.linspace(0, max(count - 1, 0), min(count, POOLED_PLACES)).astype(np.int64))
    ends = np.array(KNOTS_DAYS)
    empty = np.empty((0, len(KNOTS_DAYS)))
    made = [(np.empty((0, len(KNOTS_DAYS), len(PARTS))), empty, empty.astype(np.int64), empty)]
    for k, day in enumerate(then.days):
        known = take(then.lags[k], rows)
        came = np.cumsum(then.happened(k, rows, ends[-1])[0], axis=1)[:, ends - 1]
        last, parts = differences(panel, day, known, rows)
        outcome = np.minimum(then.history.column(day) + ends, then.history.days - 1)
        known_day = when_known(then.history)[rows][:, outcome] + then.history.first_day
        happened = np.where(known.reported[:, None], np.log1p(came) - last, np.nan)
        made.append((parts, happened, known_day, np.exp(last / 2)))
    return Examples(*(np.concatenate(columns) for columns in zip(*made, strict=True)))


def differences(panel: Panel, day: int, known: Lags, rows: Integers) -> tuple[Floats, Floats]:
    """Return the logarithm of the last value's arrivals up to each knot, and the differences of the parts from it."""
    ahead = np.array(KNOTS_DAYS, dtype=float)
    last = np.log1p(np.nan_to_num(known.rate_last)[:, None] * ahead)
    month, quarter, year = (np.nan_to_num(r)[:, None] for r in (known.rate_30, known.rate_90, known.rate_365))
    trend = quarter * ahead + (month - quarter) * 20 * (1 - np.exp(-ahead / 20))
    parts = [np.log1p(np.maximum(p, 0)) - last for p in (trend, quarter * ahead, year * ahead)]
    return last, np.stack([*parts, season_on(panel, day)[rows]], axis=2)


def blended(last: Floats, parts: Floats, by: Floats, horizon_days: int) -> Floats:
    """Return arrivals a day (places, horizon_days) whose sums up to the knots are those of the weighted parts."""
    sums = np.maximum(np.expm1(last + np.einsum("pkn,kn->pk", parts, by)), 0)
    sums = np.maximum.accumulate(np.column_stack([np.zeros(len(sums)), sums]), axis=1)
    rates = np.diff(sums, axis=1) / np.diff([0, *KNOTS_DAYS])
    block = np.minimum(np.searchsorted(KNOTS_DAYS, np.arange(1, horizon_days + 1)), len(KNOTS_DAYS) - 1)
    return np.asarray(rates[:, block])
