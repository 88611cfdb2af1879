"""Published figures of areas upstream, as they were known on past days and are felt at a place.

Figures come in series (a source's operation at one administrative level), which never add up. On a day the newest
period of a series counts. An area whose place is known counts less with the kilometres of road to it
(`models.features.reach`); a series without any such area is that of the whole country, the same for all places. Of
several series one is believed: one with known areas before one without, then the one with the largest ``size``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from models.features.conflict import FOREVER, numbers
from models.features.reach import DECAY_KM, Floats, Integers, felt
from models.panel import Panel

FAR_DECAY_KM = 3 * DECAY_KM
"""What is upstream lies beyond the catchment: figures of an area say more about the way there than events do."""


@dataclass(frozen=True)
class Areas:
    """Figures by column: those of one series and period with one time of being known are one column.

    ``total`` and ``weight``: sums of value and of ones as felt at places (places, columns). ``plain``: the same (2,
    columns) with every area counting fully. ``series`` numbers the series, ``is_placed`` tells (series) which have
    areas on roads. ``end`` of the period, ``known`` from and until ``gone`` are days since 1970.
    """

    total: Floats
    weight: Floats
    plain: Floats
    series: Integers
    is_placed: Integers
    end: Integers
    known: Integers
    gone: Integers

    def believed(self, day: int, oldest_days: int, by_total: bool) -> int | None:
        """Return the series to believe on a day (-1 and below: none): placed first, then with the largest size.

        The size is the sum of the values (``by_total``) or the number of areas. None where there is no such series.
        """
        best, found = (-1, -np.inf), None
        for one in np.unique(self.series).tolist():
            columns = self.newest(one, day, 0, oldest_days)
            size = float(self.plain[0 if by_total else 1, columns].sum())
            if len(columns) and (int(self.is_placed[one]), size) > best:
                best, found = (int(self.is_placed[one]), size), int(one)
        return found

    def newest(self, series: int, day: int, back_days: int, oldest_days: int) -> Integers:
        """Return the columns of a series' newest period that ended by some days before a day, as known on the day."""
        asked = day - back_days
        seen = (self.series == series) & (self.known <= day) & (self.gone > day)
        seen &= (self.end <= asked) & (self.end >= asked - oldest_days)
        return np.flatnonzero(seen & (self.end == self.end[seen].max(initial=-FOREVER)))


def areas(panel: Panel, rows: pd.DataFrame, since_day: int) -> Areas | None:
    """Return the figures of periods that ended on a day (since 1970) or later; None where there are none.

    ``rows`` have series, value, admin_level, period_end_date, longitude, latitude, known_from and known_to; a missing
    value is left out.
    """
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return None
    rows = rows[numbers(rows["period_end_date"], 0) >= since_day].reset_index(drop=True)
    if rows.empty:
        return None
    node, away_km = panel.network.attach(*(rows[c].to_numpy(dtype=float) for c in ("longitude", "latitude")))
    when = {"end": ("period_end_date", 0), "known": ("known_from", 0), "gone": ("known_to", FOREVER)}
    heads = pd.DataFrame({name: numbers(rows[column], missing) for name, (column, missing) in when.items()})
    # What has no place in a series stands apart, so that a place that is told later does not change what was said.
    series = rows.groupby(["series", "admin_level", pd.Series(node >= 0, name="placed")]).ngroup().to_numpy()
    is_placed = np.zeros(series.max() + 1, dtype=np.int64)
    is_placed[series[node >= 0]] = 1
    heads["series"] = series
    at = heads.groupby(list(heads.columns)).ngroup().to_numpy()
    heads = heads.assign(at=at).drop_duplicates("at").sort_values("at")
    value = rows["value"].to_numpy(dtype=float)
    plain = np.stack([np.bincount(at, value, len(heads)), np.bincount(at, minlength=len(heads)).astype(float)])
    near = np.exp(-away_km / FAR_DECAY_KM)
    total, weight = _felt(panel, node, at, np.stack([value * near, near]), plain, is_placed[heads["series"]])
    series_at, end, known, gone = (heads[c].to_numpy(dtype=np.int64) for c in ("series", "end", "known", "gone"))
    return Areas(total, weight, plain, series_at, is_placed, end, known, gone)


def _felt(
    panel: Panel, node: Integers, at: Integers, parts: Floats, plain: Floats, is_placed: Integers
) -> tuple[Floats, Floats]:
    """Return the two parts as felt at places (places, columns), the plain ones where a series has no places."""
    nodes, row = np.unique(node, return_inverse=True)
    on = nodes >= 0
    found = []
    for part, whole in zip(parts, plain, strict=True):
        by_node = csr_matrix((part, (row, at)), shape=(len(nodes), plain.shape[1])).toarray()[on]
        near = felt(panel, nodes[on], by_node, FAR_DECAY_KM)
        found.append(np.where(is_placed > 0, near, whole))
    return found[0], found[1]


def mean_on(some: Areas, days: Sequence[int], back_days: int, oldest_days: int) -> Floats:
    """Return the mean value upstream (days, places), as known on each day, of so many days before; NaN not known."""
    found = np.full((len(days), len(some.total)), np.nan)
    for i, day in enumerate(days):
        series = some.believed(day, oldest_days, by_total=False)
        if series is None:
            continue
        columns = some.newest(series, day, back_days, oldest_days)
        weight = some.weight[:, columns].sum(axis=1)
        np.divide(some.total[:, columns].sum(axis=1), weight, out=found[i], where=weight > 0)
    return found
