"""The season: what the same days brought a year before, over what the month before them did."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.calibration import KNOTS_DAYS
from models.history import History

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

YEAR_DAYS = 364
WINDOW_DAYS = 30
MOST_LOG = 2.0
"""A season may change arrivals by this factor (of e) at most."""


def season_shape(history: History, column: int, stale_days: Floats) -> Floats:
    """Return the logarithm of the season (places, `KNOTS_DAYS`) for the days after a column, as known at its end.

    ``stale_days`` (places,) are the days since the last report: the month is the one before that. Zero where either was
    not counted in full.
    """
    stale = np.where(np.isfinite(stale_days), stale_days, 0).astype(np.int64)
    start = column - YEAR_DAYS
    found = np.zeros((len(stale), len(KNOTS_DAYS)))
    before, complete = _counted(history, start - stale - WINDOW_DAYS, start - stale)
    for j, ahead in enumerate(KNOTS_DAYS):
        came, whole = _counted(history, np.full(len(stale), start), np.full(len(stale), start + ahead))
        expected = before * ahead / WINDOW_DAYS
        found[:, j] = np.where(complete & whole, np.log1p(came) - np.log1p(expected), 0.0)
    return np.clip(found, -MOST_LOG, MOST_LOG)


def _counted(history: History, start: Integers, end: Integers) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return arrivals in the columns after ``start`` up to ``end``, and whether every day of them was counted."""
    inside = (start >= -1) & (end < history.days)
    first, last = np.where(inside, start + 1, 0), np.where(inside, end + 1, 0)
    place = np.arange(len(start))
    people = history.arrivals_sums[place, last] - history.arrivals_sums[place, first]
    days = history.arrivals_counts[place, last] - history.arrivals_counts[place, first]
    return people, inside & (days == end - start)
