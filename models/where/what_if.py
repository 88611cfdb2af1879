"""What if this crossing closes: who is diverted where, how much later they arrive, and nobody vanishes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.panel import Panel
from models.routing import route
from models.where.choice import Detours, detours
from models.where.layers import conflict, layers
from models.where.shares import DestinationShares

Floats: TypeAlias = npt.NDArray[np.float64]

WALK_KM_PER_DAY = 35.0
"""Daily way of people on foot, as in Flee (DOMAIN.md 5.2)."""


@dataclass(frozen=True)
class WhatIf:
    """Shares before and after a change.

    ``destinations`` and ``points`` (the border points that feed sites or are where people arrive): place_id,
    share_before, share_after, delay_days (how much later those arrive who come there because their own way is cut;
    zero where nobody does). The shares of the destinations sum to one, those of the points to what comes over a known
    crossing. ``stranded_share`` is the part of those whose way is cut who have no other road. Both tables are empty
    where no road leads anywhere.
    """

    destinations: pd.DataFrame
    points: pd.DataFrame
    stranded_share: float


def what_if(panel: Panel, status: Mapping[str, str], changed: Panel | None = None) -> WhatIf:
    """Return what changes when border points get another status (border point -> open, restricted, closed).

    ``changed`` is the panel afterwards where more than that is different: a new point (`models.where.temporary`).
    """
    model = DestinationShares.committed()
    later = changed or panel
    before, after = model.predict(panel), model.predict(later, status)
    found = pd.DataFrame({"share_before": before, "share_after": after}).fillna(0.0)
    ways = None if changed else _detours(panel, status, model)
    found["delay_days"] = 0.0 if ways is None else ways.later_km / WALK_KM_PER_DAY
    both = flows(panel, found["share_before"]), flows(later, found["share_after"], status)
    each = pd.DataFrame({"share_before": both[0], "share_after": both[1]}).fillna(0.0)
    more = (each["share_after"] - each["share_before"]).clip(lower=0)
    late = more * found["delay_days"].reindex(each.index.get_level_values("site_id")).to_numpy()
    points = each.assign(more=more, late=late).groupby(level="place_id").sum()
    points["delay_days"] = (points.pop("late") / points.pop("more").where(lambda people: people > 0)).fillna(0.0)
    stranded = 0.0 if ways is None else ways.stranded_share
    return WhatIf(found.rename_axis("place_id").reset_index(), points.reset_index(), stranded)


def _detours(panel: Panel, status: Mapping[str, str], model: DestinationShares) -> Detours | None:
    """Compare the ways as if the changed points were open with those that are left; None without any road."""
    usual, left = layers(panel, dict.fromkeys(status, "open")), layers(panel, status)
    if not left.parts:
        return None
    fled = conflict(panel, left.origin_ids)
    return detours(usual.parts[-1][1], left.parts[-1][1], fled, model.learnt_.coefficients)


def flows(panel: Panel, shares: "pd.Series[float]", status: Mapping[str, str] | None = None) -> "pd.Series[float]":
    """Return what comes over each border point to each site, by (place_id, site_id), from the shares of destinations.

    A site without a known crossing gives nothing to any point; people who arrive at a border point itself are there
    under its own id.
    """
    links = route(panel, status_override=status).links
    over = links["share"].to_numpy(dtype=float) * links["site_id"].map(shares).fillna(0.0).to_numpy(dtype=float)
    own = shares[shares.index.isin(panel.point_ids)]
    pairs = [*zip(links["border_point_id"], links["site_id"], strict=True), *zip(own.index, own.index, strict=True)]
    index = pd.MultiIndex.from_tuples(pairs, names=["place_id", "site_id"])
    return pd.Series([*over, *own], index=index, dtype=float).groupby(level=[0, 1]).sum()


def divert(
    arrivals: Floats, before: Floats, after: Floats, delay_days: Floats, stranded_share: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """Return arrivals (paths, places, days) after a change of shares, and who arrives nowhere within these days.

    A place whose share falls keeps that part of its own arrivals. Of the others a part is stranded, and everybody where
    no share rises; the rest go to the places whose share rises, in proportion to the rise, whole days later. Second
    come those still on the way at the end, third those stranded, both (paths,). All add up to the arrivals before.
    """
    lost = np.clip(before - after, 0, None)
    gained = np.clip(after - before, 0, None)
    leaving = np.divide(lost, before, out=np.zeros(len(before)), where=before > 0)[None, :, None]
    moved = (arrivals * leaving).sum(axis=1)
    part_stranded = stranded_share if gained.any() else 1.0
    stranded = moved.sum(axis=1) * part_stranded
    result = arrivals * (1 - leaving)
    on_the_way = np.zeros(len(arrivals))
    days = arrivals.shape[2]
    for place in np.flatnonzero(gained):
        part = moved * ((1 - part_stranded) * gained[place] / gained.sum())
        late = min(round(float(delay_days[place])), days)
        result[:, place, late:] += part[:, : days - late]
        on_the_way += part[:, days - late :].sum(axis=1)
    return result, on_the_way, stranded
