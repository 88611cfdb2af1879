"""The moving mean: as many arrivals a day as on average over the days before, and as many people as last reported."""

from typing import ClassVar

import numpy as np

from models.centred import Centre, CentredForecaster, Floats, Integers
from models.features.lags import Lags
from models.panel import Panel


class MovingMean(CentredForecaster):
    """A subclass says over which days; a place without a known period of arrivals is taken to have none."""

    role: ClassVar[str] = "baseline"
    keeps_centre: ClassVar[bool] = True
    words: ClassVar[str]

    def _rate(self, known: Lags) -> Floats:
        """Return the mean arrivals a day (places,)."""
        raise NotImplementedError

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:  # noqa: ARG002
        """Return straight lines."""
        rate = np.where(known.reported, np.nan_to_num(self._rate(known)), np.nan)
        level = np.where(known.reported, known.level, np.nan)
        ones = np.ones(horizon_days)
        return Centre(rate[:, None] * ones, level[:, None] * ones)

    def _sentence(self, known: Lags, place: int) -> str:
        """Name the window."""
        if np.isnan(self._rate(known)[place]):
            return "No period of arrivals is known yet; nobody is taken to come"
        return f"As on average over {self.words}"
