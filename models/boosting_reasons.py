"""Why gradient boosting says what it says: the share of each group of features, in words."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from models.features.conflict import events_within, gate_of
from models.features.table import COLUMN, GROUPS
from models.panel import Panel
from models.past import now
from models.reasons import COLUMNS
from models.shapley import Floats, shapley

NEAR_KM = 120.0
RECENT_DAYS = (0, 21)
BEFORE_DAYS = (21, 42)
LEAST_PEOPLE_PER_DAY = 0.05
"""A smaller share is not told in words of its own but with the rest."""


def reasons(panel: Panel, table: Floats, value: Callable[[frozenset[str]], Floats]) -> pd.DataFrame:
    """Return reasons (`models.reasons`) at all counted places; the effects add up to ``value(all)``.

    ``table`` are the features at the origin, ``value`` takes the groups that speak and returns arrivals a day (places).
    """
    shares = shapley(value, list(GROUPS))
    base = value(frozenset())
    words = _words(panel, table)
    rows: list[tuple[str, str, str, float]] = []
    for i, place in enumerate(panel.counted_ids):
        if not np.isfinite(base[i]):
            continue
        told = {g: float(s[i]) for g, s in shares.items() if abs(s[i]) >= LEAST_PEOPLE_PER_DAY}
        rest = float(base[i]) + sum(float(s[i]) for g, s in shares.items() if g not in told)
        rows.append((place, "level", "As if the last quarter simply went on", rest))
        for group, effect in told.items():
            upward, saw = words[group][i]
            direction = f"{'Up' if effect > 0 else 'Down'} {'because' if upward == (effect > 0) else 'although'}"
            rows.append((place, group, f"{direction} {saw}", effect))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _words(panel: Panel, table: Floats) -> dict[str, list[tuple[bool, str]]]:
    """Return for each group, at each counted place, whether what it saw should mean more people, and what it saw."""
    known = now(panel)
    recent, before = (events_within(panel, NEAR_KM, window).to_numpy() for window in (RECENT_DAYS, BEFORE_DAYS))
    end = (pd.Timestamp(panel.origin_date) - pd.Timedelta(days=int(panel.situation["conflict_lag_days"]))).date()
    names = dict(zip(panel.places["id"], panel.places["name"], strict=True))
    gates = [names[g] for g in gate_of(panel).values()]
    rises = table[:, COLUMN["region_trend"]] > 0
    return {
        "recent": [
            (r > q, f"{r:,.1f} people a day came over the last 30 days and {q:,.1f} over the last 90")
            for r, q in zip(known.rate_30, known.rate_90, strict=True)
        ],
        "region": [(up, f"arrivals in the whole situation {'rise' if up else 'fall'}") for up in rises],
        "conflict": [
            (
                n > b or n == b > 0,
                f"there were {n:.0f} conflict events within {NEAR_KM:.0f} km of road of {gate} "
                f"in the 3 weeks to {end}, {b:.0f} in the 3 before",
            )
            for n, b, gate in zip(recent, before, gates, strict=True)
        ],
        "crossings": [(o >= 1, f"the crossings that lead here are {o:.0%} open") for o in table[:, COLUMN["openness"]]],
    }
