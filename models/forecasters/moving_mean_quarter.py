"""The moving mean of a quarter."""

from typing import ClassVar

from models.features.lags import Floats, Lags
from models.moving_mean import MovingMean


class MovingMeanQuarter(MovingMean):
    """As many arrivals a day as on average over the last 90 known days."""

    name: ClassVar[str] = "moving_mean_quarter"
    version: ClassVar[str] = "3"
    words: ClassVar[str] = "the last 90 days"

    def _rate(self, known: Lags) -> Floats:
        """Return the mean of the quarter."""
        return known.rate_90
