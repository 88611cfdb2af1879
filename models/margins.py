"""How errors of stock and of arrivals are standardised, and how paths get calibrated margins.

Stock: ``error = (happened - centre) / scale``, where the scale is the place's usual daily change by the root of time
and a part of its level. Arrivals, summed from day 1: fewer than expected is a part of the centre (at most all of it),
more than expected is in units of what the usual activity would bring, or of the centre where that is more. A surge out
of nothing and a doubling of a steady flow are then errors of like size, and places can lend each other theirs
(docs/decisions/0010).
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.calibration import MEDIAN, knots_of, ranked_errors, table_at
from models.features.lags import Lags

Array: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]

YOUNG_DAYS = 28
FRESH_DAYS = 93
LATE_DAYS = 31
LEVEL_FLOOR = 50.0
LEVEL_SHARE = 0.02
UNSURE_SHARE = 0.1
"""Part of the level that is always in doubt; more where a place is too young or silent too long to know its change."""
MOST_PEOPLE = np.float32(1e8)
"""At one place; about as many as were displaced in the whole world in 2022 (UNHCR)."""
MOST_UNITS = 20.0
"""No error of arrivals is more than so many units: about what one in a hundred reaches where nobody had come before."""
LEAST_PEOPLE = 1e-9
SWAPS = 5
"""Rounds of changing places at most; what is left of the push is a few percent of the low quantiles."""


def stock_scale(known: Lags, ahead: Floats) -> Floats:
    """Return the scale of stock errors (places, days) for some days ahead."""
    sure = (known.span_days >= YOUNG_DAYS) & (known.stale_days <= FRESH_DAYS)
    share = np.where(sure, LEVEL_SHARE, UNSURE_SHARE) * np.maximum(known.level, LEVEL_FLOOR)
    return np.asarray(known.activity[:, None] * np.sqrt(30.0 * ahead) + share[:, None])


def arrivals_units(centre: Floats, known: Lags, ahead: Floats) -> tuple[Floats, Floats]:
    """Return the people (places, days) that one unit of error is, below and above the centre of summed arrivals."""
    return centre, np.maximum(centre, known.activity[:, None] * ahead)


def stock_error(happened: Floats, centre: Floats, known: Lags, ahead: Floats) -> Floats:
    """Return standardised errors of stock (places, days)."""
    return np.asarray((happened - centre) / stock_scale(known, ahead))


def arrivals_error(happened: Floats, centre: Floats, known: Lags, ahead: Floats) -> Floats:
    """Return standardised errors of summed arrivals (places, days)."""
    below, above = arrivals_units(centre, known, ahead)
    off = happened - centre
    return np.asarray(np.clip(off / np.maximum(np.where(off < 0, below, above), LEAST_PEOPLE), -1.0, MOST_UNITS))


def at_size(errors: Floats, then: Floats, now: Floats) -> Floats:
    """Return a place's own errors of arrivals (past days, places, knots) as they would be at its size of today.

    Those above the centre, whose units are people (`arrivals_units`: ``then`` as errors, ``now`` places, knots): counts
    spread with the root of their size (Poisson), so errors in units of the size fall with it.
    """
    up = errors * np.sqrt(then / np.maximum(now, LEAST_PEOPLE))
    return np.where(errors > 0, np.minimum(up, MOST_UNITS), errors)


def around_centre(table: Floats) -> Floats:
    """Return a table of errors of arrivals moved so that its median is none and its low end is still nobody (-1)."""
    off = table - table[..., [MEDIAN]]
    return np.asarray(np.where(off < 0, off / np.maximum(1 + table[..., [MEDIAN]], LEAST_PEOPLE), off))


def doubt(known: Lags) -> Floats:
    """Return how much wider (places,) errors are for a place that has been silent for more than a month.

    An assumption: with the root of the silence in months.
    """
    late = np.where(np.isfinite(known.stale_days), known.stale_days, LATE_DAYS) - LATE_DAYS
    return np.asarray(np.sqrt(1 + np.clip(late, 0, None) / LATE_DAYS))


def calibrate_stock(stock: Array, centre: Floats, known: Lags, table: Floats, factors: Floats) -> Array:
    """Return stock paths (paths, places, days) with the ranks of ``stock`` and the table's errors around the centre.

    The table is (knots, levels), or one a place. ``factors`` (places, knots) widen or narrow its errors at each place
    (`models.adaptation`).
    Ranks are taken at the knots and errors are straight between them, so that a path stays as high or low as it was.
    """
    days = stock.shape[2]
    knots = knots_of(days)
    errors = ranked_errors(stock[:, :, np.array(knots) - 1], table_at(table, knots), table_at(factors.T, knots))
    scale = (stock_scale(known, np.arange(1.0, days + 1)) * doubt(known)[:, None]).astype(np.float32)
    middle = centre.astype(np.float32)
    result = np.empty_like(stock)
    place = np.interp(np.arange(1, days + 1), knots, np.arange(len(knots)))
    for day in range(days):
        low = int(place[day])
        high = min(low + 1, len(knots) - 1)
        error = errors[low] + np.float32(place[day] - low) * (errors[high] - errors[low])
        result[:, :, day] = middle[:, day] + scale[:, day] * error
    return np.clip(result, 0, MOST_PEOPLE, out=result)


def calibrate_arrivals(arrivals: Array, centre: Floats, known: Lags, table: Floats, factors: Floats) -> Array:
    """Return arrival paths (paths, places, days) whose sums from day 1 have the table's errors around the centre's.

    ``table`` and ``factors`` as in `calibrate_stock`.
    Between two knots a path's people come on the same days as before, evenly where nobody came.
    """
    days = arrivals.shape[2]
    knots = knots_of(days)
    ends = np.array(knots) - 1
    so_far = np.cumsum(arrivals, axis=2)[:, :, ends]
    middle = np.cumsum(centre, axis=1)[:, ends]
    below, above = (unit.astype(np.float32) for unit in arrivals_units(middle, known, np.array(knots, dtype=float)))
    errors = ranked_errors(so_far, table_at(table, knots), table_at(factors.T, knots))
    wider = doubt(known).astype(np.float32)
    result = np.empty_like(arrivals)
    before = np.zeros_like(so_far[:, :, 0])
    start = 0
    for k, error in enumerate(errors):
        off = np.clip(error * wider, -1.0, MOST_UNITS)
        wanted = middle[:, k].astype(np.float32) + off * np.where(off < 0, below[:, k], above[:, k])
        total = np.minimum(_not_less(wanted, before), MOST_PEOPLE)
        block = slice(start, knots[k])
        came = arrivals[:, :, block].sum(axis=2, keepdims=True)
        even = np.float32(1 / (block.stop - block.start))
        shape = np.divide(arrivals[:, :, block], came, out=np.full_like(arrivals[:, :, block], even), where=came > 0)
        result[:, :, block] = shape * (total - before)[:, :, None]
        before, start = total, knots[k]
    return result


def _not_less(wanted: Array, before: Array) -> Array:
    """Return what was wanted (paths, places), shared out anew so that no path falls below what had come before.

    Lifting the paths that fall would push every quantile up: they change places with others that are high enough.
    """
    every, found = np.sort(wanted, axis=0), wanted
    for _ in range(SWAPS):
        if not (found < before).any():  # a place without a forecast (NaN) waits for nobody
            break
        rank = np.argsort(np.argsort(np.maximum(found, before), axis=0, kind="stable"), axis=0, kind="stable")
        found = np.take_along_axis(every, rank, axis=0)
    return np.maximum(found, before)
