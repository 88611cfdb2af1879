"""Acute food insecurity upstream: the share of people in IPC phase 3 (crisis) or worse, and how it changed in a year.

The mean over the areas of the country of origin, the nearer ones counting more (`models.features.areas`). Only what was
analysed as current counts, no projection; an analysis older than `OLDEST_DAYS` is not known.
"""

from collections.abc import Sequence

import numpy as np

from data.schema.indicator import Indicator
from models.features.areas import areas, mean_on
from models.features.feature import Feature, Floats, Words
from models.panel import FOOD, Panel

NAMES = ("food_share", "food_change")
PHASE = "phase 3+"
OLDEST_DAYS = 400
YEAR_DAYS = 365


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    found = np.full((len(days), len(panel.counted_ids), len(NAMES)), np.nan)
    rows = panel.versions(Indicator)
    rows = rows[(rows["indicator"] == FOOD) & (rows["breakdown"] == PHASE) & ~rows["is_deleted"].astype(bool)]
    rows = rows[(rows["country_iso3"] == panel.situation["origin_iso3"]) & (rows["quality"] != "forecast")]
    some = areas(panel, rows.assign(series=rows["source_id"]), min(days) - YEAR_DAYS - OLDEST_DAYS)
    if some is not None:
        share = mean_on(some, days, 0, OLDEST_DAYS)
        found[:] = np.stack([share, share - mean_on(some, days, YEAR_DAYS, OLDEST_DAYS)], axis=2)
    return found


def _words(panel: Panel, columns: Floats) -> Words:  # noqa: ARG001 -- the contract's signature
    return [
        (
            change > 0,
            f"in the areas upstream {share:.0%} of people were in a food crisis (IPC phase 3 or worse), "
            f"{abs(100 * change):.0f} points {'more' if change > 0 else 'fewer'} than a year before",
        )
        for share, change in columns
    ]


FEATURE = Feature(group="food", names=NAMES, values=_values, neutral={"food_change": 0.0}, words=_words)
