"""Rain of the last three months upstream against what is normal there.

The logarithm of the mean percent of normal over the areas of the country of origin, the nearer ones counting more
(`models.features.areas`). Forecasts of rain are left out; a figure older than `OLDEST_DAYS` is not known.
"""

from collections.abc import Sequence

import numpy as np

from data.schema.indicator import Indicator
from models.features.areas import areas, mean_on
from models.features.feature import Feature, Floats, Words
from models.panel import RAIN, Panel

NAMES = ("rainfall",)
OLDEST_DAYS = 70
"""A final figure is out fifty days after its dekad."""
LEAST_PERCENT = 5.0


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    found = np.full((len(days), len(panel.counted_ids), len(NAMES)), np.nan)
    rows = panel.versions(Indicator)
    rows = rows[(rows["indicator"] == RAIN) & (rows["quality"] != "forecast") & ~rows["is_deleted"].astype(bool)]
    rows = rows[rows["country_iso3"] == panel.situation["origin_iso3"]]
    some = areas(panel, rows.assign(series=rows["source_id"]), min(days) - OLDEST_DAYS)
    if some is not None:
        found[:, :, 0] = np.log((mean_on(some, days, 0, OLDEST_DAYS) + LEAST_PERCENT) / (100 + LEAST_PERCENT))
    return found


def _words(panel: Panel, columns: Floats) -> Words:  # noqa: ARG001 -- the contract's signature
    percent = np.exp(columns[:, 0]) * (100 + LEAST_PERCENT) - LEAST_PERCENT
    return [(None, f"rain upstream was {p:.0f}% of normal over three months") for p in percent]


FEATURE = Feature(group="rain", names=NAMES, values=_values, neutral={"rainfall": 0.0}, words=_words)
