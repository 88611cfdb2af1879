"""The damped trend: the slope of the last month goes on and dies out."""

from typing import ClassVar

import numpy as np

from models.centred import Centre, CentredForecaster, Integers
from models.features.lags import Lags
from models.panel import Panel


class DampedTrend(CentredForecaster):
    """Stock ``last + 30-day slope * 20 * (1 - exp(-h / 20))`` (BENCHMARK.md, Q2), never below zero.

    Arrivals go from the mean rate of the last 30 days to that of the last 90 with the same decay.
    """

    name: ClassVar[str] = "damped_trend"
    version: ClassVar[str] = "3"
    role: ClassVar[str] = "baseline"
    keeps_centre: ClassVar[bool] = True

    def __init__(self, decay_days: float = 20.0) -> None:
        self.decay_days = decay_days

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:  # noqa: ARG002
        """Return the two decays."""
        left = np.exp(-np.arange(1, horizon_days + 1) / self.decay_days)
        level = np.where(known.reported, known.level, np.nan)
        stock = level[:, None] + np.nan_to_num(known.slope_30)[:, None] * self.decay_days * (1 - left)
        month = np.where(known.reported, np.nan_to_num(known.rate_30), np.nan)
        quarter = np.where(known.reported, np.nan_to_num(known.rate_90), np.nan)
        arrivals = quarter[:, None] + (month - quarter)[:, None] * left
        return Centre(arrivals, np.maximum(stock, 0))

    def _sentence(self, known: Lags, place: int) -> str:
        """Name the month and the quarter."""
        if np.isnan(known.rate_30[place]):
            return "No period of arrivals is known yet; nobody is taken to come"
        month, quarter = known.rate_30[place], known.rate_90[place]
        return f"{month:,.1f} people a day over the last 30 days, going over to the {quarter:,.1f} of the last 90"
