"""Conflict near a place, by travel distance over the roads.

What counts is the road to the crossings through which a place is reached (by their shares), or to the place itself
where no crossing is known. An event is attached to the nearest place on a road and counts less with the kilometres of
road from there and the straight kilometres off the road: ``exp(-km / DECAY_KM)``. Windows are weeks before the day,
less the days after which an event becomes known (the situation's ``conflict_lag_days``), so that the last weeks, not
yet reported, do not look peaceful. A place in conflict without events (a conflict period) counts one event a week times
its intensity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.schema.conflict_event import ConflictEvent
from data.schema.conflict_period import ConflictPeriod
from models.features.feature import Feature, Words
from models.features.reach import DECAY_KM, felt, gate_names, within
from models.panel import PLACED_PRECISIONS, Panel

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

WINDOWS_DAYS = ((0, 28), (28, 84), (84, 140))
"""The last four weeks, the eight before, the eight before those: the effect is seen up to 20 weeks (DOMAIN.md 5.1)."""
NAMES = ("conflict_recent", "conflict_before", "conflict_older", "conflict_change")
NEAR_KM = 120.0
RECENT_DAYS = (0, 21)
BEFORE_DAYS = (21, 42)
LEAST_CONFLICT = 0.1
"""Events a week added before a logarithm."""
FOREVER = 1 << 40


@dataclass(frozen=True)
class _Load:
    """Conflict by road node: days (since 1970) from ``start`` to ``end``, known from ``known`` until ``gone``.

    ``weight`` of the whole row, ``away_km`` straight kilometres off the road.
    """

    node: Integers
    start: Integers
    end: Integers
    known: Integers
    gone: Integers
    weight: Floats
    away_km: Floats

    def located(self) -> "_Load":
        """Return the rows that are on a road."""
        on = self.node >= 0
        return _Load(**{f.name: getattr(self, f.name)[on] for f in fields(self)})

    def within(self, day: int, lag: int, window: tuple[int, int]) -> Floats:
        """Return each row's weight in a window before a day, as known that day."""
        newest, oldest = day - lag - window[0], day - lag - window[1] + 1
        shared = np.minimum(self.end, newest) - np.maximum(self.start, oldest) + 1
        part = np.clip(shared, 0, None) / (self.end - self.start + 1)
        return np.where((self.known <= day) & (self.gone > day), part * self.weight, 0.0)


def conflict(panel: Panel, days: Sequence[int]) -> Floats:
    """Return distance-weighted events a week (days, places, windows), as known on each day (since 1970).

    Places are ``panel.counted_ids``. What no road joins to any conflict has zero.
    """
    found = np.zeros((len(days), len(panel.counted_ids), len(WINDOWS_DAYS)))
    load, lag = _load(panel, max(days, default=0)), int(panel.situation["conflict_lag_days"])
    nodes, at = np.unique(load.node, return_inverse=True)
    if not len(nodes):
        return found
    weeks = [(end - begin) / 7 for begin, end in WINDOWS_DAYS]
    columns = [
        np.bincount(at, load.within(day, lag, window), len(nodes)) / w
        for day in days
        for window, w in zip(WINDOWS_DAYS, weeks, strict=True)
    ]
    by_node = np.stack(columns, axis=1)
    everything = felt(panel, nodes, by_node).reshape(len(panel.counted_ids), len(days), len(WINDOWS_DAYS))
    return np.asarray(everything.transpose(1, 0, 2))


def events_within(panel: Panel, km: float, window: tuple[int, int]) -> "pd.Series[float]":
    """Return how many events (conflict periods: event-weeks) lie within some road kilometres of each counted place.

    Measured at the place's crossing with the largest share, or at the place itself; the window is days before the
    origin less the reporting lag. Indexed by place.
    """
    load, day = _load(panel, panel.origin_day), panel.origin_day
    counted = load.within(day, int(panel.situation["conflict_lag_days"]), window)
    if not len(load.node):
        return pd.Series(0.0, index=list(panel.counted_ids))
    near = within(panel, load.node, load.away_km, km)
    return pd.Series(near @ (counted / load.weight), index=list(panel.counted_ids))


def _values(panel: Panel, days: Sequence[int]) -> Floats:
    """Return logarithms of events a week, and of the last weeks against those before; NaN before anything is known."""
    logs = np.log(conflict(panel, days) + LEAST_CONFLICT)
    found = np.concatenate([logs, logs[:, :, :1] - logs[:, :, 1:2]], axis=2)
    known = [numbers(panel.versions(table)["known_from"], 0) for table in (ConflictEvent, ConflictPeriod)]
    first = np.concatenate(known).min(initial=FOREVER)
    found[np.asarray(days, dtype=np.int64) < first] = np.nan
    return found


def _words(panel: Panel, columns: Floats) -> Words:
    """Say how many events there were near the road to each place."""
    recent, before = (events_within(panel, NEAR_KM, window).to_numpy() for window in (RECENT_DAYS, BEFORE_DAYS))
    end = (pd.Timestamp(panel.origin_date) - pd.Timedelta(days=int(panel.situation["conflict_lag_days"]))).date()
    return [
        (
            n > b or n == b > 0,
            f"there were {n:.0f} conflict events within {NEAR_KM:.0f} km of road of {gate} "
            f"in the 3 weeks to {end}, {b:.0f} in the 3 before",
        )
        for n, b, gate, _ in zip(recent, before, gate_names(panel), columns, strict=True)
    ]


def _load(panel: Panel, last_day: int) -> _Load:
    """Return events and periods on road nodes; what is off every road is left out."""
    events = panel.versions(ConflictEvent)
    events = events[events["location_precision"].isin(PLACED_PRECISIONS) & ~events["is_deleted"].astype(bool)]
    node, away_km = panel.network.attach(
        events["longitude"].to_numpy(dtype=float), events["latitude"].to_numpy(dtype=float)
    )
    deaths = events["fatalities_best"].astype("float64").fillna(0.0).to_numpy()
    event_weight = np.exp(-away_km / DECAY_KM) * (1 + np.log1p(deaths))
    periods = panel.versions(ConflictPeriod)
    periods = periods[~periods["is_deleted"].astype(bool)]
    start = numbers(periods["start_date"], 0)
    end = np.maximum(np.minimum(numbers(periods["end_date"], last_day), last_day), start)
    return _Load(
        node=np.concatenate([node, panel.network.positions(periods["place_id"].tolist())]).astype(np.int64),
        start=np.concatenate([numbers(events["end_date"], 0), start]),
        end=np.concatenate([numbers(events["end_date"], 0), end]),
        known=np.concatenate([numbers(f["known_from"], 0) for f in (events, periods)]),
        gone=np.concatenate([numbers(f["known_to"], FOREVER) for f in (events, periods)]),
        weight=np.concatenate([event_weight, (end - start + 1) / 7 * periods["intensity"].to_numpy(dtype=float)]),
        away_km=np.concatenate([away_km, np.zeros(len(periods))]),
    ).located()


def numbers(days: "pd.Series[pd.Timestamp]", missing: int) -> Integers:
    """Return days since 1970 of dates, or of instants by the day in UTC, whatever zone they are told in."""
    plain = days.dt.tz_convert(None) if days.dt.tz is not None else days
    numbers = plain.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(days.isna().to_numpy(), missing, numbers)


FEATURE = Feature(
    group="conflict",
    names=NAMES,
    values=_values,
    neutral={"conflict_recent": "conflict_before", "conflict_change": 0.0},
    words=_words,
    rising=NAMES,
)
