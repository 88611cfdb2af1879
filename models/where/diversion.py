"""The forecast arrivals at every border point if one crossing closes, or if a new one opens: nobody is lost.

The forecast says how many come, the structural model (`models.where.what_if`) where they would have to go. Each
quantile's curve of cumulative arrivals is diverted as it stands, as if all points ran high or low together: no path is
drawn again and no model fitted. Nobody who would have come vanishes: whoever does not reach another point within the
days asked for is told apart.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from data.errors import InputRejected
from models.panel import Panel
from models.routing import KEPT
from models.where.temporary import with_point
from models.where.what_if import Floats, WhatIf, divert, what_if

ON_THE_WAY, NO_CROSSING, STRANDED = "on_the_way", "no_crossing", "stranded"
NOWHERE = {
    NO_CROSSING: "To sites that no crossing is known of",
    ON_THE_WAY: "Still on the way at the end",
    STRANDED: "Stranded: no other open road is known",
}
"""Those who are at no border point, in words."""
NOBODY_IS_STOPPED = (
    "A what-if of a structural model (roads, distance, conflict), never a recommendation: "
    "nobody should be prevented from crossing."
)
CURVES = ("q50", "q90")
LEAST_PEOPLE = 0.5
"""What rounds to nobody even at P90 is not listed by itself."""


@dataclass(frozen=True)
class Position:
    """Where a temporary border point would be: the host country (ISO 3166-1 alpha-3) and degrees."""

    host_iso3: str
    longitude: float
    latitude: float

    @classmethod
    def told(cls, host_iso3: str, longitude: str, latitude: str) -> Self:
        """Return a position from words; raises InputRejected for what is no place on earth."""
        try:
            degrees = float(longitude), float(latitude)
        except ValueError:
            degrees = math.nan, math.nan
        if not (abs(degrees[0]) <= 180 and abs(degrees[1]) <= 90):
            raise InputRejected(f"{longitude} {latitude}", "is no longitude and latitude in degrees")
        return cls(host_iso3, *degrees)


def if_closed(panel: Panel, point_id: str, expected: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return the people expected within ``days`` at each place, before and after a border point closes.

    ``expected`` are cumulative arrivals: place_id, horizon_days, q50, q90. The result has one row a border point, and
    one each for `ON_THE_WAY`, `NO_CROSSING` and `STRANDED`: place_id, q50_before, q90_before (zero also where there is
    no forecast), q50_after, q90_after, delay_days. Before and after have the same sums. The closed point keeps the part
    of people that crosses informally (`models.routing`); the others go where the structural model says that shares
    rise, and no other point loses anybody. Where it is closed already nothing changes. Raises InputRejected for an
    unknown point.
    """
    if point_id not in panel.point_ids:
        raise InputRejected(point_id, f"is no border point of {panel.situation_id} known on {panel.origin_date}")
    asked = what_if(panel, {point_id: "closed"})
    before, after, delay_days = _of_points(asked, (*panel.point_ids, NO_CROSSING))
    mine = panel.point_ids.index(point_id)
    before[mine], after[mine] = KEPT[panel.status_on()[point_id]], KEPT["closed"]
    others = np.arange(len(before)) != mine
    after[others] = np.maximum(before, after)[others]
    return _diverted(panel.point_ids, expected, days, before, after, delay_days, asked.stranded_share)


def if_opened(panel: Panel, point_id: str, at: Position, expected: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return the same for a temporary border point that is opened; raises InputRejected where it cannot be joined."""
    there = with_point(panel, point_id, at.host_iso3, at.longitude, at.latitude)
    before, after, delay_days = _of_points(what_if(panel, {}, there), (*there.point_ids, NO_CROSSING))
    return _diverted(there.point_ids, expected, days, before, after, delay_days)


def table(found: pd.DataFrame, panel: Panel) -> str:
    """Return what was found as text, a line a place that anything changes for, and the sums, which stay the same."""
    sums = found.sum(numeric_only=True).to_frame().T.assign(place_id="together", delay_days=0.0)
    changed = found[(found["q90_after"] - found["q90_before"]).abs() >= LEAST_PEOPLE]
    if changed.empty:
        return "Nothing changes: it is closed already, or nobody is forecast to come over it."
    shown = pd.concat([changed, sums], ignore_index=True)
    names = dict(zip(panel.places["id"], panel.places["name"], strict=True)) | NOWHERE
    rows = {"place": shown["place_id"].map(names).fillna(shown["place_id"])}
    for curve, title in zip(CURVES, ("P50", "P90"), strict=True):
        rows |= {f"{title} before": shown[f"{curve}_before"].round(), f"{title} after": shown[f"{curve}_after"].round()}
    rows["days later"] = shown["delay_days"].round()
    return str(pd.DataFrame(rows).to_string(index=False, float_format="{:,.0f}".format))


def _of_points(asked: WhatIf, place_ids: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
    """Return shares before and after and the delay of each point; the last place stands for no known crossing."""
    rows = asked.points.set_index("place_id").reindex(place_ids).fillna(0.0)
    before, after = (rows[column].to_numpy(dtype=float).copy() for column in ("share_before", "share_after"))
    if len(asked.points):
        before[-1], after[-1] = max(1.0 - before.sum(), 0.0), max(1.0 - after.sum(), 0.0)
    return before, after, rows["delay_days"].to_numpy(dtype=float)


def _diverted(
    point_ids: tuple[str, ...],
    expected: pd.DataFrame,
    days: int,
    before: Floats,
    after: Floats,
    delay_days: Floats,
    stranded_share: float = 0.0,
) -> pd.DataFrame:
    """Divert the forecast of the points; the last place of the shares is `NO_CROSSING`."""
    usual = _daily(expected, (*point_ids, NO_CROSSING), days)
    moved, late, stranded = divert(usual, before, after, delay_days, stranded_share)
    was = np.column_stack([usual.sum(axis=2), np.zeros((len(usual), 2))])
    then = np.column_stack([moved.sum(axis=2), late, stranded])
    rows = {"place_id": [*point_ids, NO_CROSSING, ON_THE_WAY, STRANDED]}
    for i, curve in enumerate(CURVES):
        rows |= {f"{curve}_before": was[i], f"{curve}_after": then[i]}
    return pd.DataFrame({**rows, "delay_days": [*delay_days, 0.0, 0.0]})


def _daily(expected: pd.DataFrame, place_ids: tuple[str, ...], days: int) -> Floats:
    """Return how each quantile of cumulative arrivals grows (curves, places, days); zero without a forecast."""
    rows = expected[expected["horizon_days"].between(1, days)]
    found = np.zeros((len(CURVES), len(place_ids), days))
    for i, curve in enumerate(CURVES):
        table = rows.pivot_table(index="place_id", columns="horizon_days", values=curve)
        table = table.reindex(index=list(place_ids), columns=range(1, days + 1)).fillna(0.0)
        found[i] = np.diff(table.to_numpy(dtype=float), axis=1, prepend=0.0)
    return np.maximum(found, 0.0)
