"""What a place has reported of late: level, rates and trend, as known at the end of a day.

Windows end at the last report known, not at the day itself: the days between are not known, and not zero.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.history import NEVER, History

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

STALE_DAYS = 186
"""A place that has not reported for half a year is not forecast from its history."""
GONE_DAYS = 93
GONE_PERIODS = 6
NEW_BEFORE_DAYS, NEW_AFTER_DAYS = 31, 62
"""A place that is silent for a quarter, and for six of its own periods, longer than the others has become another one
(renamed, merged) if another began to report when it stopped: who comes to it is counted there."""
LONGEST_PERIOD_DAYS = 93
FLOOR_SHARE_PER_DAY = 0.0003
FLOOR_PEOPLE_PER_DAY = 0.05
"""The least activity: a register that stands still is still corrected now and then."""


@dataclass(frozen=True)
class Lags:
    """Arrays over the history's places, NaN where not known.

    ``level``: people at the last report. ``stale_days``: days since the last report or counted period. ``rate_last``,
    ``rate_30``, ``rate_90``, ``rate_365``: arrivals a day over the last period (at least a week) and over days.
    ``slope_30``, ``slope_90``: net change of stock a day, without registrations that catch up; ``slope_365`` the same
    over the last year, or since the first report. ``activity``: usual size
    of a daily change, positive wherever the place has reported. ``span_days``: days from the first to the last report.
    ``gone_days``: the silence (``stale_days``) after which nothing is forecast from its history.
    """

    level: Floats
    stale_days: Floats
    rate_last: Floats
    rate_30: Floats
    rate_90: Floats
    rate_365: Floats
    slope_30: Floats
    slope_90: Floats
    activity: Floats
    span_days: Floats
    slope_365: Floats
    gone_days: Floats

    @property
    def reported(self) -> npt.NDArray[np.bool_]:
        """Tell which places have not been silent for too long to be forecast from their history."""
        return self.stale_days <= self.gone_days


def lags(history: History, column: int) -> Lags:
    """Return what was known at the end of a day (its column)."""
    places = np.arange(len(history.place_ids))
    last_stock = history.last_stock[:, column].astype(np.int64)
    last_arrivals = history.last_arrivals[:, column].astype(np.int64)
    has_stock = last_stock != NEVER
    level = np.where(has_stock, history.stock[places, np.maximum(last_stock, 0)], np.nan).astype(np.float64)
    last = np.maximum(last_stock, last_arrivals)
    rate = {days: _mean_rate(history, last_arrivals, days) for days in (30, 90, 365)}
    slope = {days: _slope(history, last_stock, days) for days in (30, 90)}
    stale_days = np.where(last == NEVER, np.inf, column - last).astype(np.float64)
    return Lags(
        level=level,
        stale_days=stale_days,
        rate_last=_mean_rate(history, last_arrivals, _last_width(history, last_arrivals)),
        rate_30=rate[30],
        rate_90=rate[90],
        rate_365=rate[365],
        slope_30=slope[30],
        slope_90=slope[90],
        activity=np.where(last == NEVER, np.nan, _activity(history, last_arrivals, level)),
        span_days=np.where(last == NEVER, np.nan, last - history.first_report).astype(np.float64),
        slope_365=_year_slope(history, last_stock),
        gone_days=_gone(history, column, last, stale_days),
    )


def _last_width(history: History, last: Integers) -> Integers:
    """Return how many days the last known period of arrivals has, at least a week, at most a quarter."""
    width = history.arrivals_gap[np.arange(len(last)), np.maximum(last, 0)]
    return np.clip(width, 7, LONGEST_PERIOD_DAYS).astype(np.int64)


def _gone(history: History, column: int, last: Integers, stale_days: Floats) -> Floats:
    """Return the silence after which a place is gone: `STALE_DAYS`, earlier where another has taken its place.

    Its rhythm is the days between its last two reports, or those of its last period.
    """
    at = (np.arange(len(last)), np.maximum(last - 1, 0))
    rhythm = np.minimum(history.stock_gap[at], history.arrivals_gap[at]).astype(np.float64)
    begun = np.sort(history.first_report[(history.first_report <= column) & (last != NEVER)])  # as known by then
    new = np.searchsorted(begun, last + NEW_AFTER_DAYS, "right") - np.searchsorted(begun, last - NEW_BEFORE_DAYS)
    others = new - (history.first_report >= last - NEW_BEFORE_DAYS)
    early = stale_days.min(initial=np.inf) + np.maximum(GONE_DAYS, GONE_PERIODS * rhythm)
    return np.asarray(np.where(others > 0, np.minimum(early, STALE_DAYS), STALE_DAYS), dtype=np.float64)


def _mean_rate(history: History, last: Integers, days: "int | Integers") -> Floats:
    """Return mean arrivals a day over the known days among the ``days`` up to the last known one."""
    people, known = _window(history.arrivals_sums, last, days), _window(history.arrivals_counts, last, days)
    mean = np.divide(people, known, out=np.full(len(last), np.nan), where=known > 0)
    return np.where(last == NEVER, np.nan, mean)


def _slope(history: History, last: Integers, days: int) -> Floats:
    """Return the net change of stock a day over the days up to the last report; before the first report it stood."""
    return np.where(last == NEVER, np.nan, _window(history.net_sums, last, days) / days)


def _year_slope(history: History, last: Integers) -> Floats:
    """Return the net change of stock a day over the last year, or since the first report where that is later."""
    span = np.clip(last - history.first_report, 1, 365)
    return np.where(last == NEVER, np.nan, _window(history.net_sums, last, 365) / span)


def _activity(history: History, last: Integers, level: Floats) -> Floats:
    """Return the usual size of a daily change: seven parts of the last 90 days and three of the last year."""
    means = {}
    for days in (90, 365):
        moved, known = _window(history.moves_sums, last, days), _window(history.moves_counts, last, days)
        means[days] = np.divide(moved, known, out=np.full(len(last), np.nan), where=known > 0)
    usual = 0.7 * means[90] + 0.3 * means[365]
    usual = np.where(np.isnan(usual), means[365], usual)
    floor = FLOOR_PEOPLE_PER_DAY + FLOOR_SHARE_PER_DAY * np.nan_to_num(level)
    result: Floats = np.maximum(np.nan_to_num(usual), floor)
    return result


def _window(sums: Floats, last: Integers, days: "int | Integers") -> Floats:
    """Return the sum over the ``days`` columns up to and with ``last`` from running sums (places, days + 1)."""
    places = np.arange(len(last))
    result: Floats = sums[places, last + 1] - sums[places, np.maximum(last + 1 - days, 0)]
    return result
