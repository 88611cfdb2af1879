"""Natural hazards near the road to a place, by kind, fading with kilometres and weeks.

An alert counts one, two or three by its colour, less with the kilometres of road to the place's crossings and the
straight kilometres off the road (`models.features.reach`), and less with the days since it was last current. An alert
without an end lasts to the day it was last modified. Several feeds tell of the same event: the one that says most of a
kind counts, never their sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from data.schema.hazard_event import HazardEvent
from models.features.conflict import FOREVER, numbers
from models.features.feature import Feature, Floats, Words
from models.features.reach import DECAY_KM, Integers, felt, gate_names, within
from models.panel import Panel

KINDS = {
    "hazard_flood": ("flood",),
    "hazard_storm": ("tropical_cyclone",),
    "hazard_earthquake": ("earthquake", "tsunami", "volcano"),
    "hazard_drought": ("drought",),
    "hazard_wildfire": ("wildfire",),
}
NAMES = tuple(KINDS)
SAID = {
    "flood": "flood", "tropical_cyclone": "storm", "earthquake": "earthquake", "tsunami": "tsunami",
    "volcano": "eruption", "drought": "drought", "wildfire": "wildfire",
}  # fmt: skip
WEIGHTS = {"green": 1.0, "orange": 2.0, "red": 3.0}
DECAY_DAYS = 28.0
LAST_DAYS = 140
"""Nothing is felt after 20 weeks."""
NEAR_KM = 150.0
RECENT_DAYS = 56
LEAST = 0.1
"""Alerts added before a logarithm."""
NOTHING = float(np.log(LEAST))


@dataclass(frozen=True)
class _Alerts:
    """Versions of alerts on the roads: days (since 1970) they are current, and are known from and until."""

    rows: pd.DataFrame
    node: Integers
    away_km: Floats
    start: Integers
    end: Integers
    known: Integers
    gone: Integers

    def aged(self, day: int) -> Floats:
        """Return the days since each was current, as known on a day; infinite where it had not begun."""
        seen = (self.known <= day) & (self.gone > day) & (self.start <= day) & (self.node >= 0)
        return np.where(seen, np.maximum(day - self.end, 0), np.inf)


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    found = np.full((len(days), len(panel.counted_ids), len(NAMES)), np.nan)
    alerts = _alerts(panel)
    first = alerts.known.min(initial=FOREVER)
    at = [i for i, day in enumerate(days) if day >= first]
    if not at:
        return found
    age = np.stack([alerts.aged(days[i]) for i in at], axis=1)
    colour = alerts.rows["alert_level"].map(WEIGHTS).to_numpy(dtype=float) * np.exp(-alerts.away_km / DECAY_KM)
    fresh = np.where(age <= LAST_DAYS, colour[:, None] * np.exp(-age / DECAY_DAYS), 0.0)
    nodes, row = np.unique(alerts.node, return_inverse=True)
    put = csr_matrix((np.ones(len(row)), (row, np.arange(len(row)))), shape=(len(nodes), len(row)))
    kind = alerts.rows["kind"].map({word: i for i, words in enumerate(KINDS.values()) for word in words})
    told = alerts.rows.groupby([kind, "source_id"]).indices
    by_node = np.stack([put[:, some] @ fresh[some] for some in told.values()], axis=2)
    reached = nodes >= 0
    loads = felt(panel, nodes[reached], by_node[reached].reshape(int(reached.sum()), len(at) * len(told)))
    by_feed = loads.reshape(-1, len(at), len(told)).transpose(1, 0, 2)
    most = np.zeros((*by_feed.shape[:2], len(NAMES)))
    for column, (of_kind, _) in enumerate(told):
        most[:, :, int(of_kind)] = np.maximum(most[:, :, int(of_kind)], by_feed[:, :, column])
    found[at] = np.log(most + LEAST)
    return found


def _alerts(panel: Panel) -> _Alerts:
    rows = panel.versions(HazardEvent)
    rows = rows[~rows["is_deleted"].astype(bool)].reset_index(drop=True)
    node, away_km = panel.network.attach(*(rows[c].to_numpy(dtype=float) for c in ("longitude", "latitude")))
    start = numbers(rows["started_at"], 0)
    end = np.where(rows["ended_at"].isna(), numbers(rows["modified_at"], 0), numbers(rows["ended_at"], 0))
    known, gone = numbers(rows["known_from"], 0), numbers(rows["known_to"], FOREVER)
    return _Alerts(rows, node.astype(np.int64), away_km, start, np.maximum(start, end), known, gone)


def _words(panel: Panel, columns: Floats) -> Words:
    """Say how many alerts of each kind there were near the road to each place; of two feeds the one with more."""
    gates = gate_names(panel)
    alerts = _alerts(panel)
    recent = np.flatnonzero(alerts.aged(panel.origin_day) <= RECENT_DAYS)
    near = within(panel, alerts.node[recent], alerts.away_km[recent], NEAR_KM)
    rows = alerts.rows.iloc[recent]
    said: Words = []
    for place, (gate, _) in enumerate(zip(gates, columns, strict=True)):
        here = rows[near[place]]
        counts = here.groupby(["kind", "source_id"]).size().groupby("kind").max()
        parts = [f"{n} {SAID[str(kind)]}{'s' if n > 1 else ''}" for kind, n in counts.items()]
        verb = "was" if len(parts) == 1 and counts.iloc[0] == 1 else "were"
        near_by = (
            f"there {verb} {' and '.join(parts)} within {NEAR_KM:.0f} km of the road to {gate} in the last 8 weeks"
        )
        far_off = f"natural hazards were over {NEAR_KM:.0f} km from the road to {gate}, or over 8 weeks ago"
        said.append((None, near_by if parts else far_off))
    return said


FEATURE = Feature(group="hazards", names=NAMES, values=_values, neutral=dict.fromkeys(NAMES, NOTHING), words=_words)
