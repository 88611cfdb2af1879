"""Ranges that follow a change of regime: wider while outcomes fall outside them, narrower while all stay inside.

Adaptive conformal inference (Gibbs and Candes 2021, arXiv:2106.00170) as the quantile tracking of Angelopoulos, Candes
and Tibshirani 2023 (arXiv:2307.16895): after every outcome the range moves by a step times (outside or not, less the
part that may be outside). What moves is the logarithm of one factor on the margins of a place, so that they stay
ordered and finite. The step is theirs as well, `STEP_SHARE` of the largest error of calm times; nothing is fitted.

An outcome counts once its horizon is over, against the range as it was when it was forecast. Outcomes whose horizons
overlap tell the same story more than once and share one step.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.bootstrap import OWN_HALF_WEIGHT
from models.calibration import KNOTS_DAYS, LEVELS, MEDIAN

Floats: TypeAlias = npt.NDArray[np.float64]

LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)
MAY_MISS = 0.2
STEP_SHARE = 0.1
MOST_FACTOR = 2.0
"""A range is never more than so many times wider or narrower than the table makes it: four times the variance."""
_LEAST = 1e-9


def factors(errors: Floats, table: Floats, step_days: int) -> Floats:
    """Return factors (places, knots) on the margins of a table, 1 where nothing is known yet.

    ``table`` is (knots, levels), or one a place (places, knots, levels). ``errors`` (past days, places, knots) are
    standardised, NaN where not known; the past days are ``step_days`` apart, the last so many before the origin. A
    place goes its own way as far as it has outcomes, half with `OWN_HALF_WEIGHT` of them: the table speaks for all
    places of a situation (`models.calibration.adapted`).
    """
    knots = np.array(KNOTS_DAYS)
    over = -(-knots // step_days)
    largest = (table[..., -1] - table[..., 0]) / np.maximum(table[..., HIGH] - table[..., LOW], _LEAST)
    step = STEP_SHARE * largest * np.minimum(1, step_days / knots)
    limit = np.log(MOST_FACTOR)
    needed = _needed(errors, table)
    state = np.zeros((len(errors) + 1, *errors.shape[1:]))
    count = np.zeros(errors.shape[1:])
    for i in range(1, len(state)):
        state[i] = state[i - 1]
        k = np.flatnonzero(over <= i)
        judged = i - over[k]
        outcome = needed[judged, :, k].T
        known = np.isfinite(outcome)
        moved = np.where(known, (outcome > state[judged, :, k].T) - MAY_MISS, 0.0)
        state[i][:, k] = np.clip(state[i][:, k] + step[..., k] * moved, -limit, limit)
        count[:, k] += known
    return np.asarray(np.exp(state[-1] * count / (count + OWN_HALF_WEIGHT)))


def _needed(errors: Floats, table: Floats) -> Floats:
    """Return the logarithm of the factor that would just have held each error in the 80 % range."""
    middle = table[..., MEDIAN]
    off = errors - middle
    side = np.where(off < 0, middle - table[..., LOW], table[..., HIGH] - middle)
    return np.asarray(np.log(np.maximum(np.abs(off), _LEAST)) - np.log(np.maximum(side, _LEAST)))
