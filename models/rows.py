"""From a fitted forecaster to forecast rows, in bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd

from models.cold import Cold, cold
from models.forecaster import Forecaster
from models.panel import Panel
from models.paths import arrival_rows
from models.routing import route
from models.totals import totals

PLACES_AT_ONCE = 400


def forecast_rows(
    model: Forecaster, panel: Panel, horizon_days: int, n_paths: int, seed: int, days: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return rows in the shape of ``data.schema.forecast`` without ``run_id``, for some days ahead (missing: all).

    Counted places, border points, and totals: of the situation (its id) and of each host country
    (``<situation>:<ISO3>``); places without history get their structural share of the total (`models.cold`). Places
    are drawn some hundreds at a time, together with those that share a border point.
    """
    groups = totals(panel)
    sums: dict[str, np.ndarray] = {}
    parts = []
    for ids in _batches(panel):
        paths = model.predict(panel, horizon_days, n_paths, seed, ids)
        parts.append(replace(paths, routing=paths.routing.of(ids)).frame(days=days))
        for name, members in groups.items():
            part = paths.total(members)
            if np.isfinite(part).all():
                sums[name] = sums[name] + part if name in sums else part
    if sums:
        stacked = np.stack(list(sums.values()), axis=1).astype(np.float32)
        parts += arrival_rows(tuple(sums), stacked, days)
        parts += _without_history(panel, sums.get(panel.situation_id), seed, days)
    if not parts:
        return model.predict(panel, horizon_days, n_paths, seed).frame()
    return pd.concat(parts, ignore_index=True)


def _without_history(
    panel: Panel, total: "np.ndarray | None", seed: int, days: Sequence[int] | None
) -> Iterator[pd.DataFrame]:
    """Yield the rows of places without history, some hundreds at a time, from the situation's arrivals."""
    here = cold(panel)
    for begin in range(0, len(here.place_ids) if total is not None else 0, PLACES_AT_ONCE):
        some = slice(begin, begin + PLACES_AT_ONCE)
        part = Cold(here.place_ids[some], here.shares[some])
        yield from arrival_rows(part.place_ids, part.arrivals(np.asarray(total, dtype=np.float32), seed), days)


def _batches(panel: Panel) -> list[list[str]]:
    """Cut the counted places into batches that share no border point, as far as they are small enough."""
    parent = {place: place for place in (*panel.counted_ids, *panel.point_ids)}

    def root(place: str) -> str:
        """Return the representative of a place's group."""
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    ways = route(panel)
    joined = (ways.links[["site_id", "border_point_id"]], ways.moved[["from_id", "to_id"]])
    for one, other in chain.from_iterable(pairs.itertuples(index=False) for pairs in joined):
        if one in parent:
            parent[root(one)] = root(other)
    groups: dict[str, list[str]] = {}
    for place in panel.counted_ids:
        groups.setdefault(root(place), []).append(place)
    batches: list[list[str]] = []
    for group in groups.values():
        if batches and len(batches[-1]) + len(group) <= PLACES_AT_ONCE:
            batches[-1] += group
        else:
            batches.append(group)
    return batches
