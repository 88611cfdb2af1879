"""The moving mean of a year."""

from typing import ClassVar

from models.features.lags import Floats, Lags
from models.moving_mean import MovingMean


class MovingMeanYear(MovingMean):
    """As many arrivals a day as on average over the last 365 known days."""

    name: ClassVar[str] = "moving_mean_year"
    version: ClassVar[str] = "3"
    words: ClassVar[str] = "the last 365 days"

    def _rate(self, known: Lags) -> Floats:
        """Return the mean of the year."""
        return known.rate_365
