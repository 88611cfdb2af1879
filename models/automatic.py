"""Forecasters of the statsforecast library (extra *forecasts*) on each place's weekly series.

Loaded only when asked to forecast, so that everything works without the extra; the registry then says what is needed.
"""

from typing import Any, ClassVar

import numpy as np

from models.centred import Centre, Floats, Integers
from models.features.lags import Lags
from models.forecasters.damped_trend import DampedTrend
from models.history import history
from models.panel import Panel

WEEKS = 60
LEAST_WEEKS = 12
MOST_TIMES = 10.0
"""No forecast beyond so many times the highest week of the series: a multiplicative trend may explode."""


class Automatic(DampedTrend):
    """Weekly means of arrivals and weekly stock (straight between two reports), carried on by a library model.

    A series of fewer than `LEAST_WEEKS` weeks is answered by the damped trend. Past errors, which give the paths their
    shape, are those of the damped trend as well: fitting the library's model at every past day would take minutes.
    """

    needs: ClassVar[str | None] = "statsforecast"
    title: ClassVar[str]

    def _model(self) -> Any:
        """Return a new model of the library."""
        raise NotImplementedError

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:
        """Return the library's forecast at the origin, the damped trend before it and for short series."""
        damped = super()._centre(panel, day, known, rows, horizon_days)
        if day != panel.origin_day:
            return damped
        counted = history(panel)
        column = counted.column(day)
        arrivals, stock = damped.arrivals.copy(), damped.stock.copy()
        for i, row in enumerate(rows):
            if not known.reported[i]:
                continue
            for result, values, last in (
                (arrivals, counted.arrivals[row], int(counted.last_arrivals[row, column])),
                (stock, counted.stock[row], int(counted.last_stock[row, column])),
            ):
                said = self._carried_on(_weekly(values, last), column - last, horizon_days)
                if said is not None:
                    result[i] = said
        return Centre(arrivals, stock)

    def _carried_on(self, weekly: Floats, late_days: int, horizon_days: int) -> Floats | None:
        """Return daily values after the origin, ``late_days`` after the last week; None where it cannot be said."""
        if len(weekly) < LEAST_WEEKS:
            return None
        ahead = -(-(late_days + horizon_days) // 7)
        flat = bool((weekly == weekly[0]).all())
        said = np.full(ahead, weekly[0]) if flat else self._model().forecast(y=weekly, h=ahead)["mean"]
        if not np.isfinite(said).all():
            return None
        days = (late_days + np.arange(1, horizon_days + 1)) / 7
        line = np.interp(days, np.arange(ahead + 1), np.r_[weekly[-1], said])
        return np.asarray(np.clip(line, 0, MOST_TIMES * weekly.max()), dtype=np.float64)

    def _sentence(self, known: Lags, place: int) -> str:
        """Name the model."""
        if np.isnan(known.rate_30[place]):
            return "No period of arrivals is known yet; nobody is taken to come"
        return f"The weekly series carried on by {self.title}"


def _weekly(values: "np.ndarray[Any, np.dtype[np.float32]]", last: int) -> Floats:
    """Return weekly means up to the last known day, the oldest first; weeks nobody counted are straight between."""
    begin = max(last + 1 - 7 * WEEKS, 0)
    part = values[begin : last + 1].astype(np.float64) if last >= 0 else np.empty(0)
    part = part[len(part) % 7 :].reshape(-1, 7)
    known = np.isfinite(part)
    count = known.sum(axis=1)
    if not count.any():
        return np.empty(0)
    first = int(np.argmax(count > 0))
    means = np.where(known, part, 0.0).sum(axis=1)[first:] / np.maximum(count[first:], 1)
    at = np.flatnonzero(count[first:] > 0)
    return np.asarray(np.interp(np.arange(len(means)), at, means[at]))
