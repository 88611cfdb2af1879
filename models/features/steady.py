"""The steady daily change of stock: a robust slope that one correction of a register cannot move.

From raw reports, nothing interpolated: the recency-weighted median of the daily changes between reports. The stretch
since the last report counts as no change, at half weight. Of two memories the smaller slope is believed where they
agree in sign, and none where they do not.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.panel import Panel
from models.past import past

Floats: TypeAlias = npt.NDArray[np.float64]

MEMORIES_DAYS = (45.0, 90.0)
SILENCE_WEIGHT = 0.5
YOUNG_DAYS = 28
FRESH_DAYS = 93


@lru_cache(maxsize=8)
def steady_now(panel: Panel) -> Floats:
    """Return the slope (people a day) of each counted place at the panel's origin, NaN without stock reports."""
    slopes: Floats = _slopes(panel, [panel.origin_day])[0]
    return slopes


@lru_cache(maxsize=8)
def steady_past(panel: Panel) -> Floats:
    """Return the slopes (past days, places) at the days of `models.past.past`, as known on each."""
    return _slopes(panel, past(panel).days)


def _slopes(panel: Panel, days: Sequence[int]) -> Floats:
    """Return slopes (days, places), as known on each day."""
    found = np.full((len(days), len(panel.counted_ids)), np.nan)
    row = {place: i for i, place in enumerate(panel.counted_ids)}
    for k, day in enumerate(days):
        then = panel if panel.is_plain else panel.at(date(1970, 1, 1) + timedelta(days=int(day)))
        stock = then.stock()
        known, at = _numbers(stock["known_at"]), _numbers(stock["date"])
        people = stock["people"].to_numpy(dtype=float)
        for place, rows in stock.groupby("place_id").indices.items():
            upto = rows[(known[rows] <= day) & (at[rows] <= day)]
            if len(upto):
                found[k, row[str(place)]] = steady_slope(at[upto], people[upto], day)
    return found


def steady_slope(days: Floats, people: Floats, day: int) -> float:
    """Return the steady change of stock (people a day) from reports in order of date, as seen on ``day``.

    Zero for a place younger than `YOUNG_DAYS`, silent for more than `FRESH_DAYS`, or with one report.

    >>> days = np.arange(0.0, 100.0, 10.0)
    >>> round(steady_slope(days, 5 * days + np.where(days >= 40, 8900, 0), 90), 1)
    5.0
    """
    silence = day - days[-1]
    if len(days) < 2 or day - days[0] < YOUNG_DAYS or silence > FRESH_DAYS:
        return 0.0
    change = np.append(np.diff(people) / np.diff(days), 0.0)
    order = np.argsort(change, kind="stable")
    slopes = []
    for memory in MEMORIES_DAYS:
        weight = np.exp((days[1:] - day) / memory) - np.exp((days[:-1] - day) / memory)
        quiet = SILENCE_WEIGHT * (1 - np.exp(-silence / memory)) + 1e-12
        weights = np.append(weight, quiet)[order]
        mass = np.cumsum(weights)
        slopes.append(float(np.interp(0.5, (mass - 0.5 * weights) / mass[-1], change[order])))
    agree = min(slopes) > 0 or max(slopes) < 0
    return min(slopes, key=abs) if agree else 0.0


def _numbers(days: "pd.Series[pd.Timestamp]") -> Floats:
    """Return days since 1970 of dates or instants (UTC)."""
    plain = days.dt.tz_localize(None) if days.dt.tz is not None else days
    return np.asarray(plain.to_numpy().astype("datetime64[D]").astype(np.float64))
