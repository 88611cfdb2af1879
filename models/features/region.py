"""How the arrivals of the whole situation move: quarter against year, month against quarter."""

from collections.abc import Sequence

import numpy as np

from models.features.feature import LEAST, Feature, Floats, Words
from models.features.lags import Lags
from models.panel import Panel
from models.past import lags_on

NAMES = ("region_rate", "region_trend")


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    both = np.array([_columns(known) for known in lags_on(panel, days)]).reshape(len(days), 1, len(NAMES))
    return np.repeat(both, len(panel.counted_ids), axis=1)


def _columns(known: Lags) -> tuple[float, float]:
    fresh = known.reported
    month, quarter, year = (float(np.nansum(r[fresh])) for r in (known.rate_30, known.rate_90, known.rate_365))
    least = LEAST * float(np.nansum(known.activity[fresh])) + 1e-9
    return float(np.log((quarter + least) / (year + least))), float(np.log((month + least) / (quarter + least)))


def _words(panel: Panel, columns: Floats) -> Words:  # noqa: ARG001 -- the contract's signature
    return [(up, f"arrivals in the whole situation {'rise' if up else 'fall'}") for up in (columns[:, 1] > 0).tolist()]


FEATURE = Feature(
    group="region", names=NAMES, values=_values, neutral={"region_trend": 0.0}, words=_words, rising=NAMES
)
