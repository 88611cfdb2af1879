"""Forecasters that are a centre and their own past errors (`models.bootstrap`)."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bootstrap import Array, chances, draw
from models.features.lags import Lags
from models.forecaster import Forecaster
from models.panel import Panel
from models.past import now, past, take
from models.recentre import recentre_arrivals, recentre_stock

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

POOLED_PLACES = 300
FRESH_DAYS = 31
REASON_DAYS = 30
ERROR_LIMIT = 50.0
"""Errors beyond so many times the usual activity are cut: one misprint must not fill every range."""


@dataclass(frozen=True)
class Centre:
    """The middle of a forecast: arrivals a day and stock, (places, days), NaN where nothing is forecast."""

    arrivals: Floats
    stock: Floats


class CentredForecaster(Forecaster):
    """A forecaster that writes `_centre`; its paths are that centre and the errors it has made at past days.

    ``drift_share`` in [0, 1] is how much of the errors' own middle moves the stock away from the centre.
    """

    drift_share: float = 0.0

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:
        """Return the centre at the end of a day (since 1970) for some rows of ``panel.counted_ids``.

        ``known`` are the lags of these rows at that day. For a day before the panel's origin only what was known then
        may be used.
        """
        raise NotImplementedError

    def _drivers(self, panel: Panel) -> pd.DataFrame:
        """Return the middle of the first 30 days and what it rests on."""
        known = now(panel)
        rows = np.arange(len(panel.counted_ids))
        per_day = self._centre(panel, panel.origin_day, known, rows, REASON_DAYS).arrivals.mean(axis=1)
        told = [
            (place, self._sentence(known, i), float(per_day[i]))
            for i, place in enumerate(panel.counted_ids)
            if np.isfinite(per_day[i])
        ]
        return pd.DataFrame(told, columns=["place_id", "sentence", "effect_people_per_day"])

    def _sentence(self, known: Lags, place: int) -> str:
        """Return in words what the centre of one place rests on."""
        raise NotImplementedError

    def _draw(
        self, panel: Panel, place_ids: tuple[str, ...], horizon_days: int, n_paths: int, seed: int
    ) -> tuple[Array, Array]:
        """Draw paths for the places, the same for each whatever the others are."""
        row = {place: i for i, place in enumerate(panel.counted_ids)}
        rows = np.array([row[p] for p in place_ids], dtype=np.int64)
        known = take(now(panel), rows)
        centre = self._centre(panel, panel.origin_day, known, rows, horizon_days)
        chance = chances(seed, n_paths, place_ids)
        # A place that has not been heard of for long is less certain than its past errors say.
        late = np.sqrt(1 + np.clip(known.stale_days - FRESH_DAYS, 0, None) / FRESH_DAYS)
        scale = np.where(known.reported, known.activity * late, np.nan).astype(np.float32)[None, :, None]
        own, lent = self._errors(panel, rows, horizon_days), self._pool(panel, horizon_days)
        arrivals = draw(own[0], lent[0], chance)
        arrivals *= scale
        arrivals += centre.arrivals.astype(np.float32)
        stock = draw(own[1], lent[1], chance)
        np.cumsum(stock, axis=2, out=stock)
        stock *= scale
        stock += centre.stock.astype(np.float32)
        np.maximum(arrivals, 0, out=arrivals)
        recentre_arrivals(arrivals, centre.arrivals, known.activity)
        recentre_stock(stock, centre.stock, self.drift_share)
        return arrivals, np.maximum(stock, 0, out=stock)

    def _pool(self, panel: Panel, horizon_days: int) -> tuple[Array, Array]:
        """Return the errors of all places, or of some hundreds where there are more."""
        held = getattr(self, "_held_pool", None)
        if held is None or held[0] is not panel or held[1] != horizon_days:
            count = len(panel.counted_ids)
            rows = np.unique(np.linspace(0, max(count - 1, 0), min(count, POOLED_PLACES)).astype(np.int64))
            held = (panel, horizon_days, self._errors(panel, rows, horizon_days))
            self._held_pool = held
        pool: tuple[Array, Array] = held[2]
        return pool

    def _errors(self, panel: Panel, rows: Integers, horizon_days: int) -> tuple[Array, Array]:
        """Return the errors of arrivals and of stock changes (past days, rows, days) in units of activity."""
        then = past(panel)
        shape = (len(then.days), len(rows), horizon_days)
        arrivals, stock = np.full(shape, np.nan, dtype=np.float32), np.full(shape, np.nan, dtype=np.float32)
        for k, day in enumerate(then.days):
            known = take(then.lags[k], rows)
            centre = self._centre(panel, day, known, rows, horizon_days)
            came, present = then.happened(k, rows, horizon_days)
            unit = np.where(known.reported, known.activity, np.nan)[:, None]
            off = np.diff(present - centre.stock, axis=1, prepend=0.0)
            arrivals[k] = np.clip((came - centre.arrivals) / unit, -ERROR_LIMIT, ERROR_LIMIT)
            stock[k] = np.clip(off / unit, -ERROR_LIMIT, ERROR_LIMIT)
        return arrivals, stock
