"""All features of all places on many days, by name and by group.

Features are ratios, so that places of different size teach each other and nothing is fitted to a size. NaN is
"not known". ``GROUPS`` says which features tell the same story, and what "nothing special" looks like for it: the
drivers of a forecast are what each group adds to that.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.features import conflict as near
from models.features import openness as crossings
from models.features.lags import Lags
from models.panel import Panel
from models.past import now, past

Floats: TypeAlias = npt.NDArray[np.float64]

LEAST = 0.1
"""Part of a place's activity added before a ratio of rates, so that a rate of zero has a logarithm."""
LEAST_CONFLICT = 0.1
LAG_NAMES = ("rate_last", "rate_30", "rate_90", "rate_365", "slope_30", "slope_90", "level", "stale_days", "span_days")
REGION_NAMES = ("region_rate", "region_trend")
CONFLICT_NAMES = (*near.NAMES, "conflict_change")
NAMES = (*LAG_NAMES, *REGION_NAMES, *CONFLICT_NAMES, *crossings.NAMES)
COLUMN = {name: i for i, name in enumerate(NAMES)}

# Each group: its features, and the feature (or number) that stands in when the group tells nothing special.
GROUPS: dict[str, dict[str, str | float]] = {
    "recent": {"rate_last": "rate_90", "rate_30": "rate_90", "slope_30": "slope_90"},
    "region": {"region_trend": 0.0},
    "conflict": {"conflict_recent": "conflict_before", "conflict_change": 0.0},
    "crossings": {"openness": 1.0, "openness_change": 0.0},
}


@lru_cache(maxsize=8)
def features_now(panel: Panel) -> Floats:
    """Return the features (places, features) at the panel's origin, places as in ``panel.counted_ids``."""
    table: Floats = _table(panel, [panel.origin_day], [now(panel)])[0]
    return table


@lru_cache(maxsize=8)
def features_past(panel: Panel) -> Floats:
    """Return the features (past days, places, features) at the days of `models.past.past`, as known on each."""
    then = past(panel)
    return _table(panel, then.days, then.lags)


def neutral(table: Floats, groups: Sequence[str]) -> Floats:
    """Return a copy of features (..., features) in which some groups tell nothing special."""
    result = table.copy()
    for group in groups:
        for name, stand_in in GROUPS[group].items():
            value = table[..., COLUMN[stand_in]] if isinstance(stand_in, str) else stand_in
            result[..., COLUMN[name]] = value
    return result


def _table(panel: Panel, days: Sequence[int], known: Sequence[Lags]) -> Floats:
    """Return (days, places, features)."""
    table = np.full((len(days), len(panel.counted_ids), len(NAMES)), np.nan)
    if not len(days):
        return table
    events, open_now = near.conflict(panel, days), crossings.openness(panel, days)
    logs = np.log(events + LEAST_CONFLICT)
    change = logs[:, :, :1] - logs[:, :, 1:2]
    own = np.stack([_lag_columns(k) for k in known])
    region = np.stack([_region_columns(k) for k in known])
    table[:] = np.concatenate([own, region, logs, change, open_now], axis=2)
    return table


def _lag_columns(known: Lags) -> Floats:
    """Return the place's own reports (places, lags) in units of its activity."""
    unit = known.activity
    rates = [np.log(r / unit + LEAST) for r in (known.rate_last, known.rate_30, known.rate_90, known.rate_365)]
    slopes = [np.clip(s / unit, -5, 5) for s in (known.slope_30, known.slope_90)]
    level, span = np.log1p(known.level / unit), np.log1p(np.clip(known.span_days, 0, None))
    stale = np.where(np.isfinite(known.stale_days), known.stale_days, np.nan)
    return np.stack([*rates, *slopes, level, stale, span], axis=1)


def _region_columns(known: Lags) -> Floats:
    """Return how all arrivals of the situation move (places, 2): quarter against year, month against quarter."""
    fresh = known.reported
    month, quarter, year = (float(np.nansum(r[fresh])) for r in (known.rate_30, known.rate_90, known.rate_365))
    least = LEAST * float(np.nansum(known.activity[fresh])) + 1e-9
    both = [np.log((quarter + least) / (year + least)), np.log((month + least) / (quarter + least))]
    return np.tile(both, (len(fresh), 1))
