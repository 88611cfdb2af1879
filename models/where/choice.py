"""From the terrain to shares: a nested gravity model (country first, then destination) on the road network.

The appeal of a destination falls with the road distance, with other destinations passed on the way, with crowding
by its neighbours; forwarding hubs before it raise it. Countries are chosen first, by the mean appeal of their open
destinations, so that twenty sites do not make a country twenty times as attractive.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.where.coefficients import Coefficients
from models.where.terrain import Terrain

Floats: TypeAlias = npt.NDArray[np.float64]

MOST_PASSED = 3
NEAREST_KM = 1.0


def choice(ground: Terrain, c: Coefficients) -> Floats:
    """Return the weight of going from each origin to each destination; zero where no open way leads.

    The row sums say how many leave from an origin: more from places with near destinations.
    """
    reach = ground.reach
    distance_km = np.maximum(np.where(reach, ground.distance_km, NEAREST_KM), NEAREST_KM)
    trait = c.hub_bonus * ground.hubs + c.road_count_power * ground.roads - c.crowding_penalty * ground.crowding
    appeal = trait - c.distance_power * np.log(distance_km + c.distance_offset_km)
    appeal = appeal - c.passed_penalty * np.minimum(ground.passed, MOST_PASSED)
    if reach.any():
        appeal -= appeal[reach].max()
    member = (ground.country[:, None] == np.unique(ground.country)) * 1.0
    within = np.where(reach, np.exp(np.minimum(appeal, 0.0) / c.nest_scale), 0.0)
    country_sum = within @ member
    size = np.maximum(ground.is_open @ member, 1.0)
    country = country_sum**c.nest_scale * size ** (c.country_size_power - c.nest_scale)
    weight = ((country / np.maximum(country_sum, 1e-300)) @ member.T) * within
    row = weight.sum(axis=1, keepdims=True)
    return np.asarray(weight * np.where(row > 0, np.where(row > 0, row, 1.0) ** (c.emission_power - 1.0), 0.0))


def spread(ground: Terrain, conflict: Floats, c: Coefficients) -> Floats:
    """Return each day's shares of new arrivals (days, destinations) from conflict at the origins (days, origins).

    Each day sums to one; zero throughout where no open destination can be reached.
    """
    usable = ground.is_open
    if not usable.any():
        return np.zeros((len(conflict), len(usable)))
    weight = choice(ground, c)
    even = _even(ground)
    background = _normal((ground.home * 1.0) @ weight, even)
    pushed = _normal(conflict @ weight, background)
    chosen = (1 - c.background_share) * pushed + c.background_share * background
    return np.asarray((1 - c.even_share) * chosen + c.even_share * even)


@dataclass(frozen=True)
class Detours:
    """What the loss of ways means for those who used them.

    ``later_km`` (destinations,) is how much longer the way has become, on average, of those who go there because the
    one that they would have gone is cut; zero where nobody does. ``stranded_share`` is the part of those whose way is
    cut that are left without any open road.
    """

    later_km: Floats
    stranded_share: float


def detours(before: Terrain, after: Terrain, conflict: Floats, c: Coefficients) -> Detours:
    """Compare the ways on the same places before and after some were cut; ``conflict`` (origins,) is that of one day.

    Nobody is taken to arrive earlier than on the way that is cut.
    """
    was, now = (_going(ground, conflict, c) for ground in (before, after))
    was_km, now_km = (np.where(ground.reach, ground.distance_km, 0.0) for ground in (before, after))
    cut = before.reach & ~(after.reach & (now_km <= was_km))
    lost = np.where(cut, was, 0.0)
    leave = lost.sum(axis=1)
    usual_km = np.divide((lost * was_km).sum(axis=1), leave, out=np.zeros(len(leave)), where=leave > 0)
    coming = np.where(cut, now, np.maximum(now - was, 0.0)) * (leave > 0)[:, None]
    longer_km = np.maximum(now_km - np.where(cut, was_km, usual_km[:, None]), 0.0)
    people = coming.sum(axis=0)
    later_km = np.divide((coming * longer_km).sum(axis=0), people, out=np.zeros(len(people)), where=people > 0)
    stranded = leave[~after.reach.any(axis=1)].sum() / leave.sum() if leave.any() else 0.0
    return Detours(later_km, float(stranded))


def _going(ground: Terrain, conflict: Floats, c: Coefficients) -> Floats:
    """Return which part of all people goes from each origin to each destination (origins, destinations)."""
    weight = choice(ground, c)
    going = np.zeros(weight.shape)
    for part, from_here in ((c.background_share, ground.home * 1.0), (1 - c.background_share, conflict)):
        total = (from_here @ weight).sum()
        going += part * from_here[:, None] * weight / (total if total > 0 else 1.0)
    return going


def _even(ground: Terrain) -> Floats:
    """Return half an equal share per country and half an equal share per destination, over those in reach."""
    usable = ground.is_open * 1.0
    size = np.bincount(ground.country, weights=usable)
    by_country = usable / np.maximum(size, 1.0)[ground.country] / (size > 0).sum()
    return np.asarray(0.5 * by_country + 0.5 * usable / usable.sum())


def _normal(weight: Floats, otherwise: Floats) -> Floats:
    """Return each row over its sum; ``otherwise`` where the sum is zero."""
    total = weight.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(total > 0, weight / np.where(total > 0, total, 1.0), otherwise))
