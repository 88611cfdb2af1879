"""Forecasters that are a centre and their own past errors.

The errors made at past days give paths their shape and what they share (`models.bootstrap`); how far they spread is
calibrated with the errors of other situations and, more and more, of this one (`models.calibration`).
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bootstrap import Array, Errors, chances, draw
from models.calibration import KNOTS_DAYS, MEDIAN, adapted, committed
from models.features.lags import Lags
from models.forecaster import Forecaster
from models.history import history
from models.margins import (
    FRESH_DAYS,
    YOUNG_DAYS,
    arrivals_error,
    calibrate_arrivals,
    calibrate_stock,
    stock_error,
)
from models.panel import Panel
from models.past import now, past, take
from models.reasons import COLUMNS

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

POOLED_PLACES = 300
REASON_DAYS = 30
ERROR_LIMIT = 50.0
"""Errors beyond so many times the usual activity are cut: one misprint must not fill every range."""


@dataclass(frozen=True)
class Centre:
    """The middle of a forecast: arrivals a day and stock, (places, days), NaN where nothing is forecast."""

    arrivals: Floats
    stock: Floats


@dataclass(frozen=True)
class _Lent:
    """What places of a panel lend each other: error paths of both measures, and the two tables of margins."""

    panel: Panel
    horizon_days: int
    rows: Integers
    errors: Errors
    arrivals_table: Floats
    stock_table: Floats


class CentredForecaster(Forecaster):
    """A forecaster that writes `_centre`; its paths are that centre and the errors it has made at past days.

    The median of stock is the centre itself, and with ``keeps_centre`` that of arrivals too; else the middle of past
    errors moves it.
    """

    keeps_centre: ClassVar[bool] = False

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:
        """Return the centre at the end of a day (since 1970) for some rows of ``panel.counted_ids``.

        ``known`` are the lags of these rows at that day. For a day before the panel's origin only what was known then
        may be used.
        """
        raise NotImplementedError

    def _sentence(self, known: Lags, place: int) -> str:
        """Return in words what the centre of one place rests on, without a full stop."""
        raise NotImplementedError

    def _drivers(self, panel: Panel) -> pd.DataFrame:
        """Return the middle of the first 30 days and what it rests on."""
        known = now(panel)
        rows = np.arange(len(panel.counted_ids))
        per_day = self._centre(panel, panel.origin_day, known, rows, REASON_DAYS).arrivals.mean(axis=1)
        told = [
            (place, "centre", self._sentence(known, i), float(per_day[i]))
            for i, place in enumerate(panel.counted_ids)
            if np.isfinite(per_day[i])
        ]
        return pd.DataFrame(told, columns=list(COLUMNS))

    def _draw(
        self, panel: Panel, place_ids: tuple[str, ...], horizon_days: int, n_paths: int, seed: int
    ) -> tuple[Array, Array]:
        """Draw paths for the places, the same for each whatever the others are."""
        row = {place: i for i, place in enumerate(panel.counted_ids)}
        rows = np.array([row[p] for p in place_ids], dtype=np.int64)
        known = take(now(panel), rows)
        centre = self._centre(panel, panel.origin_day, known, rows, horizon_days)
        chance = chances(seed, n_paths, place_ids)
        lent = self._lent(panel, horizon_days)
        own = lent.errors if np.array_equal(rows, lent.rows) else self._look_back(panel, rows, horizon_days)[0]
        unit = known.activity.astype(np.float32)[None, :, None]
        arrivals = draw(own.arrivals, lent.errors.arrivals, chance) * unit + centre.arrivals.astype(np.float32)
        np.maximum(arrivals, 0, out=arrivals)
        stock = draw(own.stock, lent.errors.stock, chance)
        np.cumsum(stock, axis=2, out=stock)
        stock = stock * unit + centre.stock.astype(np.float32)
        return (
            calibrate_arrivals(arrivals, centre.arrivals, known, lent.arrivals_table),
            calibrate_stock(stock, centre.stock, known, lent.stock_table),
        )

    def standardised(self, panel: Panel) -> dict[str, list[Floats]]:
        """Return the standardised errors by measure and knot, at the panel's past days, over some hundreds of places.

        Only of places that could be judged then: open for a month and heard of within a quarter.
        """
        return self._look_back(panel, _some_rows(panel), max(KNOTS_DAYS))[1]

    def _lent(self, panel: Panel, horizon_days: int) -> _Lent:
        """Return what the places lend each other; held until another panel is asked for."""
        held: _Lent | None = getattr(self, "_held", None)
        if held is None or held.panel is not panel or held.horizon_days != horizon_days:
            rows = _some_rows(panel)
            errors, own = self._look_back(panel, rows, max(horizon_days, *KNOTS_DAYS))
            cut = Errors(errors.arrivals[:, :, :horizon_days], errors.stock[:, :, :horizon_days])
            span_days = panel.origin_day - history(panel).first_day
            tables = [self._table(measure, own[measure], span_days) for measure in ("arrivals", "stock")]
            held = _Lent(panel, horizon_days, rows, cut, *tables)
            self._held = held
        return held

    def _table(self, measure: str, own: list[Floats], span_days: int) -> Floats:
        """Return the margins of one measure."""
        table = adapted(committed(self.name, measure), own, span_days)
        return table - table[:, [MEDIAN]] if self.keeps_centre or measure == "stock" else table

    def _look_back(self, panel: Panel, rows: Integers, horizon_days: int) -> tuple[Errors, dict[str, list[Floats]]]:
        """Return the errors at the panel's past days, day by day and (standardised, judged) at the knots."""
        then = past(panel)
        shape = (len(then.days), len(rows), horizon_days)
        errors = Errors(np.full(shape, np.nan, dtype=np.float32), np.full(shape, np.nan, dtype=np.float32))
        ahead = np.array([k for k in KNOTS_DAYS if k <= horizon_days], dtype=float)
        ends = ahead.astype(np.int64) - 1
        judged: dict[str, list[Floats]] = {"arrivals": [], "stock": []}
        for k, day in enumerate(then.days):
            known = take(then.lags[k], rows)
            centre = self._centre(panel, day, known, rows, horizon_days)
            came, present = then.happened(k, rows, horizon_days)
            unit = np.where(known.reported, known.activity, np.nan)[:, None]
            off = np.diff(present - centre.stock, axis=1, prepend=0.0)
            errors.arrivals[k] = np.clip((came - centre.arrivals) / unit, -ERROR_LIMIT, ERROR_LIMIT)
            errors.stock[k] = np.clip(off / unit, -ERROR_LIMIT, ERROR_LIMIT)
            fit = (known.stale_days <= FRESH_DAYS) & (known.span_days >= YOUNG_DAYS)
            sums, middle = np.cumsum(came, axis=1)[:, ends], np.cumsum(centre.arrivals, axis=1)[:, ends]
            judged["arrivals"].append(arrivals_error(sums, middle, known, ahead)[fit])
            judged["stock"].append(stock_error(present[:, ends], centre.stock[:, ends], known, ahead)[fit])
        return errors, {measure: _by_knot(parts) for measure, parts in judged.items()}


def _by_knot(parts: list[Floats]) -> list[Floats]:
    """Return the finite errors of each knot."""
    if not parts:
        return [np.empty(0)] * len(KNOTS_DAYS)
    every = np.concatenate(parts)
    return [every[np.isfinite(every[:, j]), j] for j in range(every.shape[1])]


def _some_rows(panel: Panel) -> Integers:
    """Return the rows of all counted places, or of some hundreds spread evenly where there are more."""
    count = len(panel.counted_ids)
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, POOLED_PLACES)).astype(np.int64))
