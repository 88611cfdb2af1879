"""Forecasters that are a centre and their own past errors.

The errors made at past days give paths their shape and what they share (`models.bootstrap`); how far they spread is
calibrated with the errors of other situations and, more and more, of this one and of each place that counts
(`models.calibration`), and follows a change of regime (`models.adaptation`).
"""

from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.adaptation import factors
from models.bootstrap import Array, Errors, chances, draw
from models.calibration import KNOTS_DAYS, MEDIAN, adapted, by_knot, committed, of_places
from models.features.lags import Lags
from models.forecaster import Forecaster
from models.history import history
from models.margins import (
    FRESH_DAYS,
    YOUNG_DAYS,
    around_centre,
    arrivals_error,
    arrivals_units,
    at_size,
    calibrate_arrivals,
    calibrate_stock,
    stock_error,
)
from models.panel import Panel
from models.past import now, past, take, week_now
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

    def on(self, week: Floats) -> "Centre":
        """Return it with arrivals on the weekdays on which people come (places, 7; `models.features.market_days`)."""
        return replace(self, arrivals=self.arrivals * np.resize(week.T, self.arrivals.shape[::-1]).T)

    def until(self, days: int) -> "Centre":
        """Return its first days."""
        return Centre(self.arrivals[:, :days], self.stock[:, :days])


@dataclass(frozen=True)
class _Look:
    """What a look back at the past days found: error paths, and by measure standardised errors (days, places, knots).

    The standardised ones are NaN where a place could not be judged then: open for less than a month, or not heard of
    within a quarter. ``units`` (days, places, knots) are the people that one unit of arrivals was above the centre.
    """

    errors: Errors
    judged: dict[str, Floats]
    units: Floats


@dataclass(frozen=True)
class _Lent:
    """What places of a panel lend each other: the errors of some rows, and the tables of margins by measure."""

    panel: Panel
    horizon_days: int
    rows: Integers
    look: _Look
    tables: dict[str, Floats]


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
        days = max(horizon_days, *KNOTS_DAYS)
        centre = self._centre(panel, panel.origin_day, known, rows, days).on(week_now(panel)[rows])
        chance = chances(seed, n_paths, place_ids)
        lent = self._lent(panel, horizon_days)
        own = lent.look if np.array_equal(rows, lent.rows) else self._look_back(panel, rows, horizon_days)
        margins = self._margins(lent, own, known, centre)
        centre = centre.until(horizon_days)
        unit = known.activity.astype(np.float32)[None, :, None]
        arrivals = draw(own.errors.arrivals, lent.look.errors.arrivals, chance) * unit
        arrivals = np.maximum(arrivals + centre.arrivals.astype(np.float32), 0)
        stock = draw(own.errors.stock, lent.look.errors.stock, chance)
        np.cumsum(stock, axis=2, out=stock)
        stock = stock * unit + centre.stock.astype(np.float32)
        return (
            calibrate_arrivals(arrivals, centre.arrivals, known, *margins["arrivals"]),
            calibrate_stock(stock, centre.stock, known, *margins["stock"]),
        )

    def _margins(self, lent: _Lent, own: _Look, known: Lags, centre: Centre) -> dict[str, tuple[Floats, Floats]]:
        """Return by measure the margins of places, and the factors on them.

        Margins are shared, but for arrivals at places that count them: those have their own errors mixed in. What
        arrives at a place that registers people present is estimated, and says less about that place.
        """
        step_days = past(lent.panel).step_days
        ahead = np.array(KNOTS_DAYS, dtype=float)
        middle = np.cumsum(centre.arrivals, axis=1)[:, np.array(KNOTS_DAYS) - 1]
        units = arrivals_units(middle, known, ahead)[1]
        counts = np.isnan(known.level)
        arrivals = np.tile(self._placed("arrivals", lent.tables["arrivals"]), (len(counts), 1, 1))
        judged = np.where(counts[:, None], at_size(own.judged["arrivals"], own.units, units), own.judged["arrivals"])
        mixed = of_places(lent.tables["arrivals"], judged[:, counts], step_days)
        arrivals[counts] = self._placed("arrivals", mixed)
        stock = self._placed("stock", lent.tables["stock"])
        return {
            "arrivals": (arrivals, factors(judged, arrivals, step_days)),
            "stock": (stock, factors(own.judged["stock"], stock, step_days)),
        }

    def standardised(self, panel: Panel) -> dict[str, list[Floats]]:
        """Return the standardised errors by measure and knot, at the panel's past days, over some hundreds of places.

        Only of places that could be judged then: open for a month and heard of within a quarter.
        """
        look = self._look_back(panel, _some_rows(panel), max(KNOTS_DAYS))
        return {measure: by_knot(errors) for measure, errors in look.judged.items()}

    def _lent(self, panel: Panel, horizon_days: int) -> _Lent:
        """Return what the places lend each other; held until another panel is asked for."""
        held: _Lent | None = getattr(self, "_held", None)
        if held is None or held.panel is not panel or held.horizon_days != horizon_days:
            rows = _some_rows(panel)
            look = self._look_back(panel, rows, horizon_days)
            span_days = panel.origin_day - history(panel).first_day
            tables = {m: self._table(m, by_knot(errors), span_days) for m, errors in look.judged.items()}
            held = _Lent(panel, horizon_days, rows, look, tables)
            self._held = held
        return held

    def _table(self, measure: str, own: list[Floats], span_days: int) -> Floats:
        """Return the errors of one measure that all places share, as quantiles."""
        return adapted(committed(self.name, measure), own, span_days)

    def _placed(self, measure: str, table: Floats) -> Floats:
        """Return a table of errors as margins: around the centre where that stays the median."""
        if measure == "stock":
            return table - table[..., [MEDIAN]]
        return around_centre(table) if self.keeps_centre else table

    def _look_back(self, panel: Panel, rows: Integers, horizon_days: int) -> _Look:
        """Return the errors at the panel's past days: day by day to the horizon, and standardised at the knots."""
        then = past(panel)
        days = max(horizon_days, *KNOTS_DAYS)
        shape = (len(then.days), len(rows), horizon_days)
        errors = Errors(np.full(shape, np.nan, dtype=np.float32), np.full(shape, np.nan, dtype=np.float32))
        ahead = np.array(KNOTS_DAYS, dtype=float)
        ends = ahead.astype(np.int64) - 1
        judged = {measure: np.full((*shape[:2], len(ahead)), np.nan) for measure in ("arrivals", "stock")}
        units = np.full((*shape[:2], len(ahead)), np.nan)
        for k, day in enumerate(then.days):
            known = take(then.lags[k], rows)
            centre = self._centre(panel, day, known, rows, days).on(then.weeks[k][rows])
            came, present = then.happened(k, rows, days)
            unit = np.where(known.reported, known.activity, np.nan)[:, None]
            off = np.diff(present - centre.stock, axis=1, prepend=0.0)[:, :horizon_days]
            errors.arrivals[k] = np.clip(((came - centre.arrivals) / unit)[:, :horizon_days], -ERROR_LIMIT, ERROR_LIMIT)
            errors.stock[k] = np.clip(off / unit, -ERROR_LIMIT, ERROR_LIMIT)
            fit = (known.stale_days <= FRESH_DAYS) & (known.span_days >= YOUNG_DAYS)
            sums, middle = np.cumsum(came, axis=1)[:, ends], np.cumsum(centre.arrivals, axis=1)[:, ends]
            units[k] = arrivals_units(middle, known, ahead)[1]
            judged["arrivals"][k, fit] = arrivals_error(sums, middle, known, ahead)[fit]
            judged["stock"][k, fit] = stock_error(present[:, ends], centre.stock[:, ends], known, ahead)[fit]
        return _Look(errors, judged, units)


def _some_rows(panel: Panel) -> Integers:
    """Return the rows of all counted places, or of some hundreds spread evenly where there are more."""
    count = len(panel.counted_ids)
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, POOLED_PLACES)).astype(np.int64))
