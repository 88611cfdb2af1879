"""Past days of a panel: what was known at each, and what then happened."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.features.lags import Lags, lags
from models.features.market_days import WEEK_DAYS, week_shape
from models.features.season import season_shape
from models.history import History, history, views
from models.panel import Panel

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

STEP_DAYS = 7
MOST_DAYS = 60
"""At most so many past days are looked back on, evenly over what a panel remembers."""
WIDEST_PERIOD_DAYS = 62
"""What happened is not taken from between two reports farther apart than two months."""


@dataclass(frozen=True)
class Past:
    """``days`` (since 1970) ascending, ``step_days`` apart and the last so many before the panel's origin.

    ``lags``, ``weeks`` (`models.features.market_days`) and ``seasons`` (`models.features.season`) at each for all of
    ``panel.counted_ids``, and the newest history.
    """

    days: tuple[int, ...]
    step_days: int
    lags: tuple[Lags, ...]
    weeks: tuple[Floats, ...]
    seasons: tuple[Floats, ...]
    history: History

    def happened(self, at: int, rows: Integers, horizon_days: int) -> tuple[Floats, Floats]:
        """Return arrivals and stock (rows, horizon_days) after the past day number ``at``; NaN where nobody knows.

        Nothing is taken from periods wider than `WIDEST_PERIOD_DAYS`, which say little about a single day.
        """
        first = self.history.column(self.days[at]) + 1
        found = []
        for values, gap in (
            (self.history.arrivals, self.history.arrivals_gap),
            (self.history.stock, self.history.stock_gap),
        ):
            result = np.full((len(rows), horizon_days), np.nan)
            part = values[rows, first : first + horizon_days]
            narrow = gap[rows, first : first + horizon_days] <= WIDEST_PERIOD_DAYS
            result[:, : part.shape[1]] = np.where(narrow, part, np.nan)
            found.append(result)
        return found[0], found[1]


@lru_cache(maxsize=8)
def now(panel: Panel) -> Lags:
    """Return the lags at the panel's origin for all its counted places."""
    newest = history(panel)
    return lags(newest, newest.column(panel.origin_day))


@lru_cache(maxsize=8)
def week_now(panel: Panel) -> Floats:
    """Return the shape of the week after the panel's origin (places, 7) for all its counted places."""
    newest = history(panel)
    return week_shape(newest, newest.column(panel.origin_day))


@lru_cache(maxsize=8)
def past(panel: Panel) -> Past:
    """Return the past days of a panel: weekly, wider apart where the panel remembers more than sixty weeks."""
    newest = history(panel)
    first = newest.first_day
    weeks = max((panel.origin_day - 1 - first) // STEP_DAYS, 0)
    step = STEP_DAYS * max(1, -(-weeks // MOST_DAYS))
    days = tuple(sorted(range(panel.origin_day - step, first, -step)))
    known, shapes, seasons = [], [], []
    for day, view in views(panel, days):
        column = view.column(day)
        then = lags(view, column)
        known.append(_aligned(then, view, panel))
        at = _rows(view, panel)
        shapes.append(np.vstack([week_shape(view, column), np.ones((1, WEEK_DAYS))])[at])
        season = season_shape(view, column, then.stale_days)
        seasons.append(np.vstack([season, np.zeros((1, season.shape[1]))])[at])
    return Past(days, step, tuple(known), tuple(shapes), tuple(seasons), newest)


def season_on(panel: Panel, day: int) -> Floats:
    """Return the season (places, `KNOTS_DAYS`) of the counted places at the origin or at one of the past days."""
    if day == panel.origin_day:
        return _season_now(panel)
    then = past(panel)
    return then.seasons[then.days.index(day)]


@lru_cache(maxsize=8)
def _season_now(panel: Panel) -> Floats:
    newest = history(panel)
    return season_shape(newest, newest.column(panel.origin_day), now(panel).stale_days)


def lags_on(panel: Panel, days: Sequence[int]) -> list[Lags]:
    """Return the lags on some days (since 1970) up to the origin, as known on each, for the counted places."""
    known = {}
    if any(day != panel.origin_day for day in days):
        then = past(panel)
        known = dict(zip(then.days, then.lags, strict=True))
        others = sorted(set(days) - known.keys() - {panel.origin_day})
        known |= {day: _aligned(lags(view, view.column(day)), view, panel) for day, view in views(panel, others)}
    return [now(panel) if day == panel.origin_day else known[day] for day in days]


def take(some: Lags, rows: Integers) -> Lags:
    """Return the lags of some places."""
    return Lags(**{f.name: getattr(some, f.name)[rows] for f in fields(Lags)})


def _aligned(some: Lags, view: History, panel: Panel) -> Lags:
    """Return lags in the order of the panel's counted places, those unknown to the view as not reported."""
    if view.place_ids == panel.counted_ids:
        return some
    at = _rows(view, panel)
    filled = {}
    for field in fields(Lags):
        missing = np.inf if field.name == "stale_days" else np.nan
        values = np.append(getattr(some, field.name), missing)
        filled[field.name] = values[at]
    return Lags(**filled)


def _rows(view: History, panel: Panel) -> Integers:
    """Return the view's row of each counted place of the panel, -1 where the view does not know it."""
    row = {place: i for i, place in enumerate(view.place_ids)}
    return np.array([row.get(place, -1) for place in panel.counted_ids], dtype=np.int64)
