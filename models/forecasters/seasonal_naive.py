"""The seasonal naive: the same days of last year again."""

from datetime import date, timedelta
from typing import ClassVar

import numpy as np

from models.centred import Centre, CentredForecaster, Integers
from models.features.lags import Lags
from models.history import history
from models.panel import Panel

YEAR_DAYS = 364
"""Whole weeks, so that a market day meets a market day."""


class SeasonalNaive(CentredForecaster):
    """Arrivals are those of the same days a year before, stock changes as it did then.

    Days that nobody counted then have the mean arrivals of the last quarter, and no change of stock.
    """

    name: ClassVar[str] = "seasonal_naive"
    version: ClassVar[str] = "3"
    role: ClassVar[str] = "baseline"
    keeps_centre: ClassVar[bool] = True

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:
        """Return last year's days."""
        plain = day == panel.origin_day or panel.is_plain
        counted = history(panel if plain else panel.at(date(1970, 1, 1) + timedelta(days=day)))
        row = {place: i for i, place in enumerate(counted.place_ids)}
        at = np.array([row.get(panel.counted_ids[r], -1) for r in rows], dtype=np.int64)
        days = counted.column(day) + np.arange(1, horizon_days + 1) - YEAR_DAYS * (1 + (horizon_days - 1) // YEAR_DAYS)
        inside = (days >= 0) & (at >= 0)[:, None]
        columns = np.maximum(days, 0)
        came = np.where(inside, counted.arrivals[at][:, columns], np.nan)
        change = np.where(inside, counted.net[at][:, columns], np.nan)
        quarter = np.where(known.reported, np.nan_to_num(known.rate_90), np.nan)
        level = np.where(known.reported, known.level, np.nan)
        arrivals = np.where(np.isnan(came), quarter[:, None], came)
        arrivals = np.where(known.reported[:, None], arrivals, np.nan)
        return Centre(arrivals, np.maximum(level[:, None] + np.cumsum(np.nan_to_num(change), axis=1), 0))

    def _sentence(self, known: Lags, place: int) -> str:
        """Name the year before."""
        if np.isnan(known.rate_90[place]):
            return "No period of arrivals is known yet; nobody is taken to come"
        return "As on the same days a year before, or as over the last quarter where nobody counted then"
