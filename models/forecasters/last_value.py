"""The last value: as many people as last reported, as many arrivals a day as in the last period."""

from typing import ClassVar

import numpy as np

from models.centred import Centre, CentredForecaster, Integers
from models.features.lags import Lags
from models.panel import Panel


class LastValue(CentredForecaster):
    """What every other forecaster has to beat. A place without a known period of arrivals is taken to have none."""

    name: ClassVar[str] = "last_value"
    version: ClassVar[str] = "3"
    role: ClassVar[str] = "baseline"
    keeps_centre: ClassVar[bool] = True

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:  # noqa: ARG002
        """Return straight lines."""
        rate = np.where(known.reported, np.nan_to_num(known.rate_last), np.nan)
        level = np.where(known.reported, known.level, np.nan)
        ones = np.ones(horizon_days)
        return Centre(rate[:, None] * ones, level[:, None] * ones)

    def _sentence(self, known: Lags, place: int) -> str:
        """Name the last period."""
        if np.isnan(known.rate_last[place]):
            return "No period of arrivals is known yet; nobody is taken to come"
        return "As many as in the last period"
