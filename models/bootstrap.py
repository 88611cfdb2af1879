"""Joint sample paths from the errors a forecaster has made before.

A centre forecast is repeated at past days; what then happened, less the centre, is an error path. Errors are day by
day (of arrivals, and of the daily change of stock), in units of the place's usual activity, so that places of different
size can lend each other theirs. A new path is the centre plus errors drawn block by block of days from the past:

- one uniform number per path chooses the past day for all places and blocks, so that surges that came together in the
  past come together on a path;
- a place uses its own errors as far as it has them and else those of all places of the panel, near the same past day;
- where hardly anything has happened yet, a few made-up errors of the size stated below keep the range honest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

BLOCK_ENDS = (7, 14, 30, 60, 90)
LATER_BLOCK_DAYS = 30
OWN_HALF_WEIGHT = 24
"""With so many past days of its own, a place draws every second path from itself."""
POOL_JITTER = 0.1
ENOUGH_POOLED = 400
PRIOR_COUNT = 41
PRIOR_SPREAD = 1.5
"""Scale of the made-up errors (Laplace, in units of activity): the mean size that the last value's errors have at 30
days on the seven benchmark situations is between one and two."""


@dataclass(frozen=True)
class Errors:
    """Error paths (past days, places, days) in units of activity, NaN where nobody knows what happened."""

    arrivals: Array
    stock: Array


@dataclass(frozen=True)
class Chances:
    """What is random about a set of paths: ``path`` (paths) is shared, ``own`` and ``near`` (paths, places) are not."""

    path: Floats
    own: Floats
    near: Floats


def chances(seed: int, n_paths: int, place_ids: Sequence[str]) -> Chances:
    """Return uniform numbers; those of a place depend on the seed and its id only."""
    shared = np.random.default_rng(seed)
    path = (shared.permutation(n_paths) + shared.random(n_paths)) / max(n_paths, 1)
    own = np.empty((2, n_paths, len(place_ids)))
    for i, place in enumerate(place_ids):
        own[:, :, i] = np.random.default_rng([seed, crc32(place.encode())]).random((2, n_paths))
    return Chances(path, own[0], own[1])


def blocks(horizon_days: int) -> list[slice]:
    """Return the blocks of days into which a horizon is cut.

    >>> blocks(20)
    [slice(0, 7, None), slice(7, 14, None), slice(14, 20, None)]
    """
    ends = [*BLOCK_ENDS]
    while ends[-1] < horizon_days:
        ends.append(ends[-1] + LATER_BLOCK_DAYS)
    starts = [0, *ends[:-1]]
    return [slice(a, min(b, horizon_days)) for a, b in zip(starts, ends, strict=True) if a < horizon_days]


def draw(own: Array, pool: Array, chance: Chances) -> Array:
    """Return errors (paths, places, days) in units of activity.

    ``own`` are the errors of the places themselves (past days, places, days), ``pool`` the same of the whole panel.
    """
    n_paths, places, horizon_days = len(chance.path), own.shape[1], own.shape[2]
    result = np.empty((n_paths, places, horizon_days), dtype=np.float32)
    each = np.arange(places)
    for block in blocks(horizon_days):
        lent = _pooled(pool[:, :, block])
        near = np.mod(chance.path[:, None] + POOL_JITTER * (chance.near - 0.5), 1.0)
        result[:, :, block] = lent[(near * len(lent)).astype(np.int64)]
        if not len(own):
            continue
        known = np.isfinite(own[:, :, block]).all(axis=2)
        count = known.sum(axis=0)
        in_order = np.argsort(~known, axis=0, kind="stable")
        day = in_order[(chance.path[:, None] * np.maximum(count, 1)).astype(np.int64), each]
        chosen = chance.own < count / (count + OWN_HALF_WEIGHT)
        result[:, :, block] = np.where(chosen[:, :, None], own[day, each, block], result[:, :, block])
    return result


def _pooled(errors: Array) -> Array:
    """Return the pooled error blocks (entries, days), the oldest first, with made-up ones while there are few."""
    days = errors.shape[2]
    known = np.isfinite(errors).all(axis=2)
    real: Array = errors[known]
    if len(real) >= ENOUGH_POOLED:
        return real
    # Spread evenly over the past days, so that a path may draw one at any time.
    made_up = np.repeat(_prior()[:, None], days, axis=1)
    at = np.linspace(0, len(real), PRIOR_COUNT).astype(np.int64)
    return np.insert(real, at, made_up, axis=0).astype(np.float32)


def _prior() -> Floats:
    """Return made-up daily errors: quantiles of a Laplace distribution, in an order without trend."""
    level = (np.arange(PRIOR_COUNT) + 0.5) / PRIOR_COUNT
    laplace = -np.sign(level - 0.5) * np.log1p(-2 * np.abs(level - 0.5)) * PRIOR_SPREAD
    return np.asarray(laplace[np.random.default_rng(0).permutation(PRIOR_COUNT)], dtype=np.float64)
