"""A place's own reports as features: rates, slopes, level and silence, in units of its usual activity."""

from collections.abc import Sequence

import numpy as np

from models.features.feature import LEAST, Feature, Floats, Words
from models.features.lags import Lags
from models.panel import Panel
from models.past import lags_on, now

NAMES = ("rate_last", "rate_30", "rate_90", "rate_365", "slope_30", "slope_90", "level", "stale_days", "span_days")


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    return np.stack([_columns(known) for known in lags_on(panel, days)])


def _columns(known: Lags) -> Floats:
    """Return the columns (places, names)."""
    unit = known.activity
    rates = [np.log(r / unit + LEAST) for r in (known.rate_last, known.rate_30, known.rate_90, known.rate_365)]
    slopes = [np.clip(s / unit, -5, 5) for s in (known.slope_30, known.slope_90)]
    level, span = np.log1p(known.level / unit), np.log1p(np.clip(known.span_days, 0, None))
    stale = np.where(np.isfinite(known.stale_days), known.stale_days, np.nan)
    return np.stack([*rates, *slopes, level, stale, span], axis=1)


def _words(panel: Panel, columns: Floats) -> Words:
    known = now(panel)
    return [
        (month > quarter, f"{month:,.1f} people a day came over the last 30 days and {quarter:,.1f} over the last 90")
        for month, quarter, _ in zip(known.rate_30, known.rate_90, columns, strict=True)
    ]


FEATURE = Feature(
    group="recent",
    names=NAMES,
    values=_values,
    neutral={"rate_last": "rate_90", "rate_30": "rate_90", "slope_30": "slope_90"},
    words=_words,
    rising=("rate_last", "rate_30", "rate_90", "rate_365"),
)
