"""What if this crossing closes: who is diverted where, how much later they arrive, and nobody vanishes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.panel import Panel
from models.routing import Routing, route
from models.where.layers import conflict, layers
from models.where.shares import DestinationShares

Array: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]

WALK_KM_PER_DAY = 35.0
"""Daily way of people on foot, as in Flee (DOMAIN.md 5.2)."""


@dataclass(frozen=True)
class WhatIf:
    """Shares before and after a change of status.

    ``destinations``: place_id, share_before, share_after (each sums to one), delay_days (how much longer the way of
    those who go there has become; zero where it has not). ``points``: place_id, share_before, share_after of the
    border points that feed sites. Both are empty where no road leads anywhere.
    """

    destinations: pd.DataFrame
    points: pd.DataFrame


def what_if(panel: Panel, status: Mapping[str, str], model: DestinationShares | None = None) -> WhatIf:
    """Return what changes when border points get another status (border point -> open, restricted, closed)."""
    model = model or DestinationShares.committed()
    before, after = layers(panel), layers(panel, status)
    ids = list(before.destination_ids)
    shares = [model.of(panel, ground) for ground in (before, after)]
    delay = np.zeros(len(ids))
    if ids:
        fled, c = conflict(panel, before.origin_ids), model.learnt_.coefficients
        longer_km = after.way_km(fled, c) - before.way_km(fled, c)
        delay = np.clip(np.nan_to_num(longer_km), 0, None) / WALK_KM_PER_DAY
    found = pd.DataFrame({"place_id": ids, "share_before": shares[0], "share_after": shares[1], "delay_days": delay})
    routings = (route(panel), route(panel, status_override=status))
    at = [over_points(r, dict(zip(ids, s, strict=True))) for r, s in zip(routings, shares, strict=True)]
    points = pd.DataFrame({"share_before": at[0], "share_after": at[1]}).fillna(0.0).rename_axis("place_id")
    return WhatIf(found, points.reset_index())


def over_points(routing: Routing, shares: Mapping[str, float]) -> "pd.Series[float]":
    """Return what comes over each border point that feeds sites, from the shares of the sites.

    A site without a known crossing gives nothing to any point, so the sum is that of the sites with one.
    """
    links = routing.links
    part = links["share"].to_numpy(dtype=float) * links["site_id"].map(shares).fillna(0.0).to_numpy(dtype=float)
    return pd.Series(part, index=list(links["border_point_id"]), dtype=float).groupby(level=0).sum()


def divert(arrivals: Array, before: Floats, after: Floats, delay_days: Floats) -> tuple[Array, Array]:
    """Return arrivals (paths, places, days) after a change of shares, and who is still on the way at the end (paths,).

    A place whose share falls keeps that part of its own arrivals. The others go to the places whose share rises, in
    proportion to the rise, whole days later. Arrivals and people on the way add up to the arrivals before.
    """
    lost = np.clip(before - after, 0, None)
    gained = np.clip(after - before, 0, None)
    leaving = np.divide(lost, before, out=np.zeros(len(before)), where=before > 0)
    if gained.sum() <= 0:
        return arrivals, np.zeros(len(arrivals), dtype=np.float32)
    moved = (arrivals * leaving.astype(np.float32)[None, :, None]).sum(axis=1)
    result = arrivals * (1 - leaving).astype(np.float32)[None, :, None]
    on_the_way = np.zeros(len(arrivals), dtype=np.float32)
    days = arrivals.shape[2]
    for place in np.flatnonzero(gained):
        part = moved * np.float32(gained[place] / gained.sum())
        late = min(round(float(delay_days[place])), days)
        result[:, place, late:] += part[:, : days - late]
        on_the_way += part[:, days - late :].sum(axis=1)
    return result, on_the_way
