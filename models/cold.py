"""Places without history: their structural share of the situation's total, with ranges as wide as it is wrong.

A site (or a point of a country without sites) that has never reported gets the share that roads, distance and conflict
give it (`models.where`) of what is forecast for the situation; a border point that feeds only such sites gets theirs.
The share of a path is drawn from the errors that the structural model made in countries left out of its fit. The
situation's total stays what the counted places say: nobody is added to it, since nobody has been seen there.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.calibration import LEVELS, MEDIAN
from models.panel import Panel
from models.totals import totals
from models.where.coefficients import LEAST_SHARE
from models.where.shares import DestinationShares
from models.where.terrain import destinations
from models.where.what_if import flows

Array: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]

NO_HISTORY = "No history: estimated from roads, distance and conflict"


@dataclass(frozen=True)
class Cold:
    """Places without history and what the structural model says of each: its share of the situation's arrivals."""

    place_ids: tuple[str, ...]
    shares: Floats

    def centre(self) -> Floats:
        """Return the middle of the share's range (places,)."""
        return _share(self.shares, np.full(len(self.shares), _errors()[MEDIAN]))

    def arrivals(self, total: Array, seed: int) -> Array:
        """Return arrivals (paths, places, days) from those of the whole situation (paths, days)."""
        n_paths = len(total)
        result = np.empty((n_paths, len(self.place_ids), total.shape[1]), dtype=np.float32)
        for i, place in enumerate(self.place_ids):
            rng = np.random.default_rng([seed, crc32(place.encode())])
            rank = (rng.permutation(n_paths) + 0.5) / max(n_paths, 1)
            result[:, i] = (
                total * _share(self.shares[i], np.interp(rank, LEVELS, _errors())).astype(np.float32)[:, None]
            )
        return result


@lru_cache(maxsize=8)
def cold(panel: Panel) -> Cold:
    """Return the places without history that some open road leads to, as known at the panel's origin."""
    counted = set(panel.counted_ids)
    links = panel.links()
    fed = set(links.loc[links["site_id"].isin(counted), "border_point_id"]) | counted
    silent = [place for place in destinations(panel) if place not in counted]
    if not silent or not counted:
        return Cold((), np.empty(0))
    shares = DestinationShares.committed().predict(panel)
    own = shares[shares.index.isin(silent)]
    passing = flows(panel, own).groupby(level="place_id").sum()
    every = pd.concat([own, passing[~passing.index.isin(fed | set(own.index))]]).sort_index()
    every = every[every > 0]
    return Cold(tuple(every.index), every.to_numpy(dtype=float))


def cold_reasons(panel: Panel, reasons: pd.DataFrame) -> pd.DataFrame:
    """Return why a place without history has its forecast (columns of `models.reasons`).

    ``reasons`` are those of the counted places: their effects add up to the situation's arrivals a day.
    """
    here = cold(panel)
    members = totals(panel)[panel.situation_id] if here.place_ids else frozenset()
    whole = reasons.loc[reasons["place_id"].isin(members), "effect_people_per_day"].astype(float).sum(min_count=1)
    if pd.isna(whole):
        return pd.DataFrame(columns=["place_id", "topic", "sentence", "effect_people_per_day"])
    rows = [
        (
            place,
            "cold",
            f"{NO_HISTORY}, {part:.1%} of the {whole:,.1f} arrivals a day of the situation; a part of that total, "
            "not an addition to it",
            part * whole,
        )
        for place, part in zip(here.place_ids, here.centre(), strict=True)
    ]
    return pd.DataFrame(rows, columns=["place_id", "topic", "sentence", "effect_people_per_day"])


def _share(said: "Floats | float", error: Floats) -> Floats:
    """Return the share that was said, moved by an error (`models.where.coefficients.Learnt`), between 0 and 1."""
    return np.asarray(np.clip((said + LEAST_SHARE) * np.exp(error) - LEAST_SHARE, 0.0, 1.0))


def _errors() -> Floats:
    """Return the committed errors at `models.calibration.LEVELS`."""
    return np.asarray(DestinationShares.committed().learnt_.log_errors)
