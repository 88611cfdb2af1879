"""Joint sample paths of arrivals and stock, and the quantiles that derive from them.

A path is one possible future of all places together: day 1 is the day after the origin. Sums over days or places are
taken on the paths, because the quantile of a sum is not the sum of quantiles.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.routing import Routing

Array: TypeAlias = npt.NDArray[np.float32]

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
QUANTILE_COLUMNS = ("q05", "q10", "q25", "q50", "q75", "q90", "q95")
HORIZON_DAYS = (7, 14, 30, 60, 90)
_SERIES_AT_ONCE = 4096


@dataclass(frozen=True)
class Paths:
    """Sample paths of one forecaster from one origin.

    ``place_ids`` are the counted places (sites with stock reports, sites or points with flow counts). ``arrivals`` is
    people arriving on each day and ``stock`` people present at its end, both (paths, places, days), float32, at least
    zero. NaN over a whole place means that nothing is forecast there: not reported yet, or no stock where only
    crossings are counted. ``routing`` says over which border points the arrivals of the sites come.
    """

    situation_id: str
    origin_date: date
    place_ids: tuple[str, ...]
    arrivals: Array
    stock: Array
    routing: Routing

    @property
    def n_paths(self) -> int:
        """Return the number of paths."""
        return int(self.arrivals.shape[0])

    @property
    def horizon_days(self) -> int:
        """Return the number of days."""
        return int(self.arrivals.shape[2])

    def at_points(self) -> tuple[tuple[str, ...], Array]:
        """Return the border points and their arrivals (paths, points, days).

        A point with its own counts keeps the forecast of them, but for what moves because it closed (`Routing`). Else
        it gets its share of the forecast sites it feeds; a point that feeds no forecast site is NaN.
        """
        return self.routing.over_points(self.place_ids, self.arrivals)

    def total(self, place_ids: Iterable[str]) -> Array:
        """Return the summed arrivals (paths, days) of the forecast places among ``place_ids``; NaN if there is none."""
        wanted = set(place_ids)
        columns = [i for i, p in enumerate(self.place_ids) if p in wanted and np.isfinite(self.arrivals[0, i]).all()]
        if not columns:
            return np.full((self.n_paths, self.horizon_days), np.nan, dtype=np.float32)
        summed: Array = self.arrivals[:, columns].sum(axis=1)
        return summed

    def frame(
        self, totals: Mapping[str, Iterable[str]] | None = None, days: Sequence[int] | None = None
    ) -> pd.DataFrame:
        """Return rows in the shape of ``data.schema.forecast`` without ``run_id``.

        One row per place, measure, aggregation and day ahead (of ``days``; missing: of all): daily and cumulative
        arrivals of counted places, of border points and of ``totals`` (id -> places summed), and stock. Places without
        forecast have no rows; a point that is counted has those of the point.
        """
        points, at_points = self.at_points()
        sums = {name: self.total(places) for name, places in (totals or {}).items()}
        summed = np.stack(list(sums.values()), axis=1) if sums else np.empty((self.n_paths, 0, self.horizon_days))
        parts = [
            *arrival_rows(points, at_points, days),
            *arrival_rows(self.place_ids, self.arrivals, days),
            *arrival_rows(tuple(sums), summed.astype(np.float32), days),
            rows(self.place_ids, self.stock, "stock", "daily", days),
        ]
        fact = ["place_id", "measure", "aggregation", "horizon_days"]
        return pd.concat(parts, ignore_index=True).drop_duplicates(fact)


def arrival_rows(place_ids: tuple[str, ...], arrivals: Array, days: Sequence[int] | None = None) -> list[pd.DataFrame]:
    """Return daily and cumulative rows of arrivals (paths, places, days) on some days ahead (missing: all)."""
    cumulative = np.cumsum(arrivals, axis=2, dtype=np.float64).astype(np.float32)
    by_aggregation = {"daily": arrivals, "cumulative": cumulative}
    return [rows(place_ids, values, "arrivals", name, days) for name, values in by_aggregation.items()]


def rows(
    place_ids: tuple[str, ...], values: Array, measure: str, aggregation: str, days: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return one row of quantiles per place with a forecast and day ahead (of ``days``; missing: of all)."""
    ahead = np.arange(1, values.shape[2] + 1)
    ahead = ahead if days is None else ahead[np.isin(ahead, days)]
    cuts = quantiles(values[:, :, ahead - 1])
    kept = np.isfinite(cuts).all(axis=(1, 2)) if len(place_ids) else np.zeros(0, dtype=bool)
    head = {
        "place_id": np.repeat(np.asarray(place_ids, dtype=object)[kept], len(ahead)),
        "measure": measure,
        "aggregation": aggregation,
        "horizon_days": np.tile(ahead, int(kept.sum())),
    }
    flat = cuts[kept].reshape(-1, len(QUANTILES)).astype(np.float64)
    return pd.DataFrame({**head, **dict(zip(QUANTILE_COLUMNS, flat.T, strict=True))})


def quantiles(values: Array, levels: tuple[float, ...] = QUANTILES) -> Array:
    """Return quantiles (places, days, levels) over the first axis of (paths, places, days), in bounded memory.

    >>> quantiles(np.arange(5, dtype=np.float32).reshape(5, 1, 1), (0.0, 0.5, 1.0)).ravel().tolist()
    [0.0, 2.0, 4.0]
    """
    n_paths, places, days = values.shape
    result = np.full((places, days, len(levels)), np.nan, dtype=np.float32)
    position = np.asarray(levels) * (n_paths - 1)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, n_paths - 1)
    weight = (position - low).astype(np.float32)
    step = max(1, _SERIES_AT_ONCE // max(days, 1))
    for start in range(0, places, step):
        chunk = np.sort(np.moveaxis(values[:, start : start + step], 0, -1), axis=-1)
        below, above = chunk[..., low], chunk[..., high]
        result[start : start + step] = below + (above - below) * weight
    return np.maximum.accumulate(result, axis=-1)
