"""How good a forecast was: errors of the median, proper scores of the quantiles, and coverage."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.paths import QUANTILES

Floats: TypeAlias = npt.NDArray[np.float64]

_MEDIAN = QUANTILES.index(0.50)
INTERVALS = {50: (0.25, 0.75), 80: (0.10, 0.90), 90: (0.05, 0.95)}
"""Central intervals in percent and their two quantiles."""


def absolute_error(quantiles: Floats, happened: Floats) -> Floats:
    """Return the error of the median (n,) from quantiles (n, 7)."""
    return np.abs(quantiles[:, _MEDIAN] - happened)


def pinball(quantiles: Floats, happened: Floats) -> Floats:
    """Return the mean pinball loss over the seven quantiles (n,).

    >>> pinball(np.zeros((1, 7)), np.array([2.0])).round(2).tolist()
    [1.0]
    """
    level = np.asarray(QUANTILES)
    off = happened[:, None] - quantiles
    return np.asarray(np.maximum(level * off, (level - 1) * off).mean(axis=1))


def weighted_interval_score(quantiles: Floats, happened: Floats) -> Floats:
    """Return the weighted interval score (n,) over the median and the 50, 80 and 90 % intervals.

    Bracher et al. 2021: the mean of half the absolute error and alpha/2 times each interval's score, over K + 1/2.

    >>> weighted_interval_score(np.full((1, 7), 5.0), np.array([7.0])).round(2).tolist()
    [2.0]
    """
    total = 0.5 * absolute_error(quantiles, happened)
    for low, high in INTERVALS.values():
        below, above = quantiles[:, QUANTILES.index(low)], quantiles[:, QUANTILES.index(high)]
        alpha = 1 - (high - low)
        missed = np.maximum(below - happened, 0) + np.maximum(happened - above, 0)
        total = total + alpha / 2 * (above - below) + missed
    return total / (len(INTERVALS) + 0.5)


def covered(quantiles: Floats, happened: Floats, percent: int) -> npt.NDArray[np.bool_]:
    """Return whether the central interval of that many percent held what happened (n,), its ends included."""
    low, high = INTERVALS[percent]
    below, above = quantiles[:, QUANTILES.index(low)], quantiles[:, QUANTILES.index(high)]
    return np.asarray((happened >= below) & (happened <= above))
