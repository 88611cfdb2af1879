"""The combination: the naive forecasts of arrivals together, weighted by how good they have been."""

from typing import ClassVar

import numpy as np

from models.blend import PARTS, Examples, blended, differences, examples, weights
from models.calibration import KNOTS_DAYS
from models.centred import Centre, Floats, Integers
from models.features.lags import Lags
from models.forecasters.steady_change import SteadyChange
from models.panel import Panel, day_number
from models.past import past


class Combination(SteadyChange):
    """Arrivals are a weighted geometric mean of naive forecasts (`models.blend`), stock that of the steady change.

    The weights are learnt from all places together; those that past errors are measured by were learnt from what was
    known then, at some past days (``refits``), and are the prior's before the first.
    """

    name: ClassVar[str] = "combination"
    version: ClassVar[str] = "3"
    role: ClassVar[str] = "shadow"
    keeps_centre: ClassVar[bool] = True

    def __init__(
        self, decay_days: float = 20.0, damping_days: float = 90.0, gain: float = 1.2, refits: int = 8
    ) -> None:
        super().__init__(decay_days, damping_days, gain)
        self.refits = refits

    def _fit(self, panels: list[Panel]) -> None:
        """Learn the weights now, and at some past days of each situation."""
        several = [examples(panel) for panel in panels]
        self.weights_ = weights(several)
        self.weights_then_: dict[str, list[tuple[int, Floats]]] = {}
        for i, panel in enumerate(panels):
            days = past(panel).days
            at = sorted({days[len(days) * k // (self.refits + 1)] for k in range(1, self.refits + 1)}) if days else []
            self.weights_then_[panel.situation_id] = [(day, weights(_then(several, i, day))) for day in at]

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:
        """Return the blend, beside the steady change's stock."""
        steady = super()._centre(panel, day, known, rows, horizon_days)
        last, parts = differences(panel, day, known, rows)
        arrivals = blended(last, parts, self._weights(panel, day), horizon_days)
        return Centre(np.where(known.reported[:, None], arrivals, np.nan), steady.stock)

    def _weights(self, panel: Panel, day: int) -> Floats:
        """Return the newest weights that had seen nothing of the panel's situation after a day."""
        until = self.fitted_until_.get(panel.situation_id)
        if until is None or day >= day_number(until):
            return self.weights_
        before = [found for at, found in self.weights_then_[panel.situation_id] if at <= day]
        return before[-1] if before else weights([])

    def _sentence(self, known: Lags, place: int) -> str:
        """Name the last period and what it is weighed with."""
        if np.isnan(known.rate_last[place]):
            return "No period of arrivals is known yet; nobody is taken to come"
        month = self.weights_[KNOTS_DAYS.index(30)]
        said = ", ".join(f"{100 * w:.0f} % of the way to {part}" for w, part in zip(month, PARTS, strict=True))
        return f"{known.rate_last[place]:,.1f} people a day in the last period, corrected by {said}"


def _then(several: list[Examples], own: int, day: int) -> list[Examples]:
    """Return the examples with those of one situation cut at a day."""
    return [e if j != own else e.until(day) for j, e in enumerate(several)]
