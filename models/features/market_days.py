"""Market days: on which weekdays more people come, learnt place by place from what was counted day by day.

The part that each day has in its week, averaged over half a year of weeks. How far it is believed is the positive part
of James and Stein's estimator: what chance alone would make of as many weeks is taken off, so that a place without
market days has none.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.history import History

Floats: TypeAlias = npt.NDArray[np.float64]

WEEK_DAYS = 7
MOST_WEEKS = 26
LEAST_WEEKS = 6


def week_shape(history: History, column: int) -> Floats:
    """Return arrivals on each of the 7 days after a column over their mean (places, 7), as known at its end.

    Each line has a mean of 1; all 1 where fewer than `LEAST_WEEKS` whole weeks were counted day by day.
    """
    weeks = min(MOST_WEEKS, (column + 1) // WEEK_DAYS)
    window = np.arange(column + 1 - WEEK_DAYS * weeks, column + 1)
    daily = (history.arrivals_gap[:, window] == 1) & (window <= history.last_arrivals[:, [column]])
    if not daily.any():
        return np.ones((len(daily), WEEK_DAYS))
    people = np.where(daily, history.arrivals[:, window], np.nan).astype(np.float64).reshape(-1, weeks, WEEK_DAYS)
    total = people.sum(axis=2, keepdims=True)
    return _believed(np.divide(WEEK_DAYS * people, total, out=np.full_like(people, np.nan), where=total > 0))


def _believed(part: Floats) -> Floats:
    """Return the mean of (places, weeks, 7) parts over the weeks that are known, drawn towards 1 by its own error."""
    known = np.isfinite(part).all(axis=2, keepdims=True)
    count = known.sum(axis=1)
    enough = np.maximum(count, LEAST_WEEKS)
    mean = np.where(known, part, 0.0).sum(axis=1) / enough
    spread = np.where(known, (part - mean[:, None]) ** 2, 0.0).sum(axis=(1, 2))[:, None]
    chance = spread / (WEEK_DAYS * (enough - 1) * enough)
    seen = ((mean - 1) ** 2).mean(axis=1, keepdims=True)
    belief = np.where((count >= LEAST_WEEKS) & (seen > 0), np.maximum(1 - chance / np.maximum(seen, 1e-12), 0), 0)
    return np.asarray(1 + belief * (mean - 1))
