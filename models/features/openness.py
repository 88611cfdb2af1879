"""How open the crossings are that lead to a place: 1 all open; a closed one counts its informal part."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from data.schema.status_period import StatusPeriod
from models.features.catchment import catchments
from models.features.conflict import FOREVER, numbers
from models.features.feature import Feature, Words
from models.panel import Panel
from models.routing import KEPT

Floats: TypeAlias = npt.NDArray[np.float64]

NAMES = ("openness", "openness_change")
CHANGE_DAYS = 60


def openness(panel: Panel, days: Sequence[int]) -> Floats:
    """Return openness and its change over `CHANGE_DAYS` (days, places, 2), as known on each day (since 1970).

    Places are ``panel.counted_ids``. A place without a known crossing counts as open.
    """
    by_place = catchments(panel)
    unlinked = 1 - np.asarray(by_place.sum(axis=1)).ravel()
    now = (by_place @ _kept(panel, days, 0).T).T
    before = (by_place @ _kept(panel, days, CHANGE_DAYS).T).T
    return np.stack([now + unlinked, now - before], axis=2)


def _kept(panel: Panel, days: Sequence[int], back: int) -> Floats:
    """Return what each point keeps of its usual share (days, points), ``back`` days before each day, as known then."""
    at = np.asarray(days, dtype=np.int64)
    found = np.ones((len(at), len(panel.point_ids)))
    column = {point: j for j, point in enumerate(panel.point_ids)}
    periods = panel.versions(StatusPeriod)
    periods = periods[~periods["is_deleted"].astype(bool)].sort_values(["start_date", "known_from"])
    start, end = numbers(periods["start_date"], 0), numbers(periods["end_date"], FOREVER)
    known, gone = numbers(periods["known_from"], 0), numbers(periods["known_to"], FOREVER)
    for i, (point, status) in enumerate(zip(periods["border_point_id"], periods["status"], strict=True)):
        if point in column:
            then = (start[i] <= at - back) & (end[i] >= at - back) & (known[i] <= at) & (gone[i] > at)
            found[then, column[point]] = KEPT[status]
    return found


def _words(panel: Panel, columns: Floats) -> Words:  # noqa: ARG001 -- the contract's signature
    """Say how open the crossings are."""
    return [(now >= 1, f"the crossings that lead here are {now:.0%} open") for now in columns[:, 0]]


FEATURE = Feature(
    group="crossings",
    names=NAMES,
    values=openness,
    neutral={"openness": 1.0, "openness_change": 0.0},
    words=_words,
    rising=("openness",),
)
