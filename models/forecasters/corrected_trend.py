"""The damped trend, corrected by half of what it has been wrong by."""

from typing import ClassVar

from models.forecasters.damped_trend import DampedTrend


class CorrectedTrend(DampedTrend):
    """The damped trend whose stock moves by a share of the middle of its own past errors.

    Registers keep growing after a slope has died out, and the past errors know. Half of them lowers the error on the
    seven benchmark situations; all of them would repeat the early surge of a young situation.
    """

    name: ClassVar[str] = "corrected_trend"
    version: ClassVar[str] = "1"
    role: ClassVar[str] = "shadow"

    def __init__(self, decay_days: float = 20.0, drift_share: float = 0.5) -> None:
        super().__init__(decay_days)
        self.drift_share = drift_share
