"""Over which border points the arrivals of each site come.

A closed border diverts people; it does not erase them. The base share of a point falls with the road distance to the
site. A closed point keeps an informal part of its base share and a restricted point half of it; the rest moves to the
open points of the same site (to the restricted ones if none is open). If nothing is open, people still come, at the
same points, informally. The sum over points is the site's arrivals, whatever the status.

A point that counts its own arrivals, and has not counted since it closed, is forecast from people who came while it was
open: what it keeps stays, the rest moves to the open points that count, the near ones first. Counts made after the
closure know of it, and are taken as they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from models.panel import Panel

Floats: TypeAlias = npt.NDArray[np.float64]
Array: TypeAlias = npt.NDArray[np.float32]

INFORMAL_SHARE = 0.15
"""Part of its usual share that a closed point keeps, informally: an assumption, no source gives a usable figure."""
RESTRICTED_SHARE = 0.5
"""Part of its usual share that a restricted point keeps: an assumption."""
KEPT = {"open": 1.0, "restricted": RESTRICTED_SHARE, "closed": INFORMAL_SHARE}
MOVED = ("from_id", "to_id", "share")
DISTANCE_OFFSET_KM = 10.0
DISTANCE_POWER = 2.0
"""Base weight (distance + 10 km)^-2: the plain gravity of BENCHMARK.md Q1, softened as in Flee (DOMAIN.md 5.2)."""


@dataclass(frozen=True)
class Routing:
    """Which share of a site's arrivals comes over which border point.

    ``links`` has one row per link: site_id, border_point_id, share in [0, 1]; the shares of a site sum to one. A site
    without a link has no row: its arrivals are at the site only. ``point_ids`` are all border points. ``moved`` says
    which share of what a counted point is forecast comes over another one: from_id, to_id, share.
    """

    point_ids: tuple[str, ...]
    links: pd.DataFrame
    moved: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(MOVED)))

    def of(self, place_ids: Collection[str]) -> "Routing":
        """Return the routing of some places, with only the border points that they feed or are."""
        links = self.links[self.links["site_id"].isin(list(place_ids))]
        moved = self.moved[self.moved["from_id"].isin(list(place_ids))]
        near = {*place_ids, *links["border_point_id"], *moved["to_id"]}
        return Routing(tuple(point for point in self.point_ids if point in near), links, moved)

    def over_points(self, place_ids: tuple[str, ...], arrivals: Array) -> tuple[tuple[str, ...], Array]:
        """Return all points and their arrivals (paths, points, days), from those of counted places.

        ``arrivals`` is (paths, places, days). A point with its own counts keeps the forecast of them, but for what is
        ``moved``. A point that feeds no forecast place is NaN.
        """
        n_paths, _, days = arrivals.shape
        result = np.full((n_paths, len(self.point_ids), days), np.nan, dtype=np.float32)
        column = {place: i for i, place in enumerate(place_ids) if np.isfinite(arrivals[:, i]).all()}
        row = {point: j for j, point in enumerate(self.point_ids)}
        for point in column.keys() & row.keys():
            result[:, row[point]] = arrivals[:, column[point]]
        for site, point, share in self.links.itertuples(index=False):
            if site not in column or point in column:
                continue
            part = arrivals[:, column[site]] * np.float32(share)
            now = result[:, row[point]]
            result[:, row[point]] = np.where(np.isnan(now), part, now + part)
        for here, there, share in self.moved.itertuples(index=False):
            if here in column and there in column:
                part = arrivals[:, column[here]] * np.float32(share)
                result[:, row[here]] -= part
                result[:, row[there]] += part
        return self.point_ids, np.maximum(result, 0)


def route(panel: "Panel", on: date | None = None, status_override: Mapping[str, str] | None = None) -> Routing:
    """Return the routing as known at the panel's origin, for the status on a day (missing: the origin).

    ``status_override`` (border point -> open, restricted, closed) answers "what if this crossing closes".
    """
    return _routed(panel, on, tuple(sorted((status_override or {}).items())))


@lru_cache(maxsize=8)
def _routed(panel: "Panel", on: date | None, status_override: tuple[tuple[str, str], ...]) -> Routing:
    """Return what `route` does: every forecaster of a panel asks for the same."""
    status = {**panel.status_on(on), **dict(status_override)}
    links = panel.links(on).sort_values(["site_id", "border_point_id"], ignore_index=True)
    share = shares(
        pd.factorize(links["site_id"])[0],
        links["distance_km"].to_numpy(dtype=float),
        [status.get(point, "open") for point in links["border_point_id"]],
    )
    links = links[["site_id", "border_point_id"]].assign(share=share)
    return Routing(panel.point_ids, links, _moved(panel, status))


def _moved(panel: "Panel", status: Mapping[str, str]) -> pd.DataFrame:
    """Return which share of each counted point's arrivals moves to others, for it has not counted since it closed."""
    newest = panel.flow().groupby("place_id")["end_date"].max()
    counted = newest[newest.index.isin(panel.point_ids)]
    open_ids = [point for point in counted.index if status.get(point, "open") == "open"]
    rows: list[tuple[str, str, float]] = []
    for point, day in counted.drop(open_ids).items():
        then = panel.status_on(day.date()).get(point, "open")
        leaving = 1.0 - min(KEPT[status[point]] / KEPT[then], 1.0)
        distance_km = panel.network.apart_km(point, open_ids)
        weights = np.nan_to_num((distance_km + DISTANCE_OFFSET_KM) ** -DISTANCE_POWER)
        if leaving > 0 and weights.sum() > 0:
            rows += [(point, to, leaving * part) for to, part in zip(open_ids, weights / weights.sum(), strict=True)]
    return pd.DataFrame(rows, columns=list(MOVED))


def shares(site: npt.NDArray[np.intp], distance_km: Floats, status: list[str]) -> Floats:
    """Return the share of each link from the number of its site, its road distance and its point's status.

    Raises KeyError for an unknown status.

    >>> shares(np.array([0, 0]), np.array([10.0, 10.0]), ["open", "closed"]).round(3).tolist()
    [0.925, 0.075]
    """
    if not len(site):
        return np.zeros(0)
    per_site = int(site.max()) + 1

    def sums(values: Floats) -> Floats:
        """Return each link's site sum."""
        total = np.bincount(site, weights=values, minlength=per_site)
        return np.asarray(total[site], dtype=np.float64)

    weight = (distance_km + DISTANCE_OFFSET_KM) ** -DISTANCE_POWER
    base = weight / sums(weight)
    kept = base * np.array([KEPT[s] for s in status])
    moved = 1.0 - sums(kept)
    to_open = base * np.array([s == "open" for s in status])
    to_restricted = base * np.array([s == "restricted" for s in status])
    target = np.where(sums(to_open) > 0, to_open, np.where(sums(to_restricted) > 0, to_restricted, base))
    result: Floats = kept + moved * target / sums(target)
    return result
