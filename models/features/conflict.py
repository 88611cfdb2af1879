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
from models.features.catchment import catchments
from models.panel import PLACED_PRECISIONS, Panel

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

DECAY_KM = 100.0
"""A catchment is about a hundred kilometres of road; conflict farther off counts for little (DOMAIN.md 5.1)."""
WINDOWS_DAYS = ((0, 28), (28, 84), (84, 140))
"""The last four weeks, the eight before, the eight before those: the effect is seen up to 20 weeks (DOMAIN.md 5.1)."""
NAMES = ("conflict_recent", "conflict_before", "conflict_older")
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
    by_place = catchments(panel)
    own = 1 - np.asarray(by_place.sum(axis=1)).ravel()
    felt = by_place @ _felt(panel, panel.point_ids, nodes, by_node)
    alone = np.flatnonzero(own > 0.5)
    felt[alone] = _felt(panel, [panel.counted_ids[i] for i in alone], nodes, by_node)
    return np.asarray(felt.reshape(len(own), len(days), len(WINDOWS_DAYS)).transpose(1, 0, 2))


def events_within(panel: Panel, km: float, window: tuple[int, int]) -> "pd.Series[float]":
    """Return how many events (conflict periods: event-weeks) lie within some road kilometres of each counted place.

    Measured at the place's crossing with the largest share, or at the place itself; the window is days before the
    origin less the reporting lag. Indexed by place.
    """
    load, day = _load(panel, panel.origin_day), panel.origin_day
    counted = load.within(day, int(panel.situation["conflict_lag_days"]), window)
    gates = gate_of(panel)
    nodes, at = np.unique(load.node, return_inverse=True)
    if not len(nodes):
        return pd.Series(0.0, index=list(panel.counted_ids))
    reach_km = panel.network.between_km(list(gates.values()), [panel.network.node_ids[n] for n in nodes])[:, at]
    within = reach_km + load.away_km <= km
    return pd.Series(within @ (counted / load.weight), index=list(gates))


def gate_of(panel: Panel) -> dict[str, str]:
    """Return for each counted place the border point with its largest share, itself where none is known."""
    by_place = catchments(panel)
    found = {}
    for i, place in enumerate(panel.counted_ids):
        line = by_place[[i]]
        found[place] = panel.point_ids[line.indices[line.data.argmax()]] if line.nnz else place
    return found


def _felt(panel: Panel, ids: Sequence[str], nodes: Integers, by_node: Floats) -> Floats:
    """Return what some places feel (places, columns) of what happened at road nodes (nodes, columns)."""
    network = panel.network
    distance_km = network.between_km(ids, [network.node_ids[n] for n in nodes])
    felt: Floats = np.exp(-distance_km / np.float32(DECAY_KM)) @ by_node
    return felt


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
    """Return days since 1970 of dates or instants (UTC)."""
    plain = days.dt.tz_localize(None) if days.dt.tz is not None else days
    numbers = plain.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(days.isna().to_numpy(), missing, numbers)
