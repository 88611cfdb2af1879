"""People displaced inside the country of origin: how many there are for those who come, and how it changed.

The newest stock of one series, the nearer areas counting more (`models.features.areas`): figures of two series never
add up. A figure that only supports another one is left out, and one older than `OLDEST_DAYS` is not known. The change
is within the series.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.schema.displacement import Displacement
from models.features.areas import Areas, areas
from models.features.feature import Feature, Floats, Words
from models.features.reach import Integers
from models.panel import Panel
from models.past import lags_on

NAMES = ("displaced_stock", "displaced_change")
OLDEST_DAYS = 400
CHANGE_DAYS = 90


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    found = np.full((len(days), len(panel.counted_ids), len(NAMES)), np.nan)
    some = _areas(panel, min(days))
    if some is None:
        return found
    for i, (day, known) in enumerate(zip(days, lags_on(panel, days), strict=True)):
        series = some.believed(day, OLDEST_DAYS, by_total=True)
        if series is not None:
            people, before = (_people(some, some.newest(series, day, b, OLDEST_DAYS)) for b in (0, CHANGE_DAYS))
            found[i, :, 0] = np.log1p(people / known.activity)
            found[i, :, 1] = np.log1p(people) - np.log1p(before)
    return found


def _areas(panel: Panel, first_day: int) -> Areas | None:
    """Return the figures that can matter from a day on."""
    rows = panel.versions(Displacement)
    rows = rows[(rows["population_group"] == "idp") & (rows["measure"] == "stock") & ~rows["is_deleted"].astype(bool)]
    rows = rows[(rows["country_iso3"] == panel.situation["origin_iso3"]) & rows["is_additive"].astype(bool)]
    since_day = first_day - CHANGE_DAYS - OLDEST_DAYS
    names: pd.Series[str] = rows["source_id"].astype(str) + " " + rows["series"].astype(str)
    return areas(panel, rows.assign(series=names, value=rows["people"].astype("float64")), since_day)


def _people(some: Areas, columns: Integers) -> Floats:
    """Return people as felt at each place, NaN where nothing is known of any area that a road leads to."""
    people: Floats = np.where(some.weight[:, columns].sum(axis=1) > 0, some.total[:, columns].sum(axis=1), np.nan)
    return people


def _words(panel: Panel, columns: Floats) -> Words:
    some = _areas(panel, panel.origin_day)
    series = None if some is None else some.believed(panel.origin_day, OLDEST_DAYS, by_total=True)
    if some is None or series is None:
        return [(None, "nothing is known of people displaced in the country of origin")] * len(columns)
    people = some.plain[0, some.newest(series, panel.origin_day, 0, OLDEST_DAYS)].sum()
    return [
        (
            change > 0,
            f"{people:,.0f} people were displaced in the country of origin, and near the roads to here "
            f"{abs(np.expm1(change)):.0%} {'more' if change > 0 else 'fewer'} than 90 days before",
        )
        for change in columns[:, 1]
    ]


FEATURE = Feature(group="displaced", names=NAMES, values=_values, neutral={"displaced_change": 0.0}, words=_words)
