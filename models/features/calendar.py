"""The time of year, where two years of reports tell a season from one surge.

Angles of the day in the year, so that December is next to January. A season seen once cannot be told from what
happened that year: the columns are missing until `LEAST_DAYS` after the first report was known. The weekday is no
column: the past days a forecaster learns from are whole weeks before its origin, and share it. Market days
shape the week instead (`models.features.market_days`).
"""

from collections.abc import Sequence

import numpy as np

from data.schema.observation import Observation
from models.features.conflict import FOREVER, numbers
from models.features.feature import Feature, Floats, Words
from models.panel import Panel

NAMES = ("season_sin", "season_cos")
YEAR_DAYS = 365.2425
LEAST_DAYS = 730


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    at = np.asarray(days, dtype=np.int64)
    # 1970-01-01, day zero, is a New Year's Day; the mean year keeps later ones within a day of it.
    angle = 2 * np.pi * at / YEAR_DAYS
    both = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    both[at < _first_known(panel) + LEAST_DAYS] = np.nan
    return np.repeat(both[:, None], len(panel.counted_ids), axis=1)


def _first_known(panel: Panel) -> int:
    """Return the day (since 1970) on which the first report was known."""
    reports = panel.versions(Observation)
    reports = reports[~reports["is_deleted"].astype(bool)]
    known = np.maximum(numbers(reports["known_from"], FOREVER), numbers(reports["period_end_date"], FOREVER))
    return int(known.min(initial=FOREVER))


def _words(panel: Panel, columns: Floats) -> Words:
    return [(None, f"it is {panel.origin_date:%B}, as the years before went")] * len(columns)


FEATURE = Feature(
    group="season", names=NAMES, values=_values, neutral={"season_sin": 0.0, "season_cos": 0.0}, words=_words
)
