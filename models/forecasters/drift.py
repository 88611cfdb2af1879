"""The drift: the mean change of the last year goes on."""

from typing import ClassVar

import numpy as np

from models.centred import Centre, CentredForecaster, Integers
from models.features.lags import Lags
from models.panel import Panel


class Drift(CentredForecaster):
    """Stock follows the straight line through the last report and that of a year ago (or the first), never below zero.

    Arrivals are the mean rate of the last year.
    """

    name: ClassVar[str] = "drift"
    version: ClassVar[str] = "3"
    role: ClassVar[str] = "baseline"
    keeps_centre: ClassVar[bool] = True

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:  # noqa: ARG002
        """Return straight lines."""
        rate = np.where(known.reported, np.nan_to_num(known.rate_365), np.nan)
        level = np.where(known.reported, known.level, np.nan)
        ahead = np.arange(1, horizon_days + 1)
        stock = level[:, None] + np.nan_to_num(known.slope_365)[:, None] * ahead
        return Centre(rate[:, None] * np.ones(horizon_days), np.maximum(stock, 0))

    def _sentence(self, known: Lags, place: int) -> str:
        """Name the year."""
        if np.isnan(known.rate_365[place]):
            return "No period of arrivals is known yet; nobody is taken to come"
        return f"As over the last year (or since the first report): {known.rate_365[place]:,.1f} people a day"
