"""Why gradient boosting says what it says: the share of each group of features, in words."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from models.features.table import FEATURES, columns_of, speaking
from models.panel import Panel
from models.reasons import COLUMNS
from models.shapley import Floats, shapley

LEAST_PEOPLE_PER_DAY = 0.05
"""A smaller share is not told in words of its own but with the rest."""


def reasons(panel: Panel, table: Floats, value: Callable[[frozenset[str]], Floats]) -> pd.DataFrame:
    """Return reasons (`models.reasons`) at all counted places; the effects add up to ``value(all)``.

    ``table`` are the features at the origin, ``value`` takes the groups that speak and returns arrivals a day (places).
    A group that tells nothing special anywhere has no share, and is not asked.
    """
    shares = shapley(value, speaking(table))
    base = value(frozenset())
    words = {g: FEATURES[g].words(panel, columns_of(table, g)) for g in shares}
    rows: list[tuple[str, str, str, float]] = []
    for i, place in enumerate(panel.counted_ids):
        if not np.isfinite(base[i]):
            continue
        told = {g: float(s[i]) for g, s in shares.items() if abs(s[i]) >= LEAST_PEOPLE_PER_DAY}
        rest = float(base[i]) + sum(float(s[i]) for g, s in shares.items() if g not in told)
        rows.append((place, "level", "As if the last quarter simply went on", rest))
        for group, effect in told.items():
            upward, saw = words[group][i]
            expected = upward is None or upward == (effect > 0)
            direction = f"{'Up' if effect > 0 else 'Down'} {'because' if expected else 'although'}"
            rows.append((place, group, f"{direction} {saw}", effect))
    return pd.DataFrame(rows, columns=list(COLUMNS))
