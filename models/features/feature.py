"""What every feature is: a few columns that tell one story, over places and past days.

A feature is one module of `models.features` with a ``FEATURE``; `models.features.table` finds it. NaN is "not known"
(no report, no feed, before its first row was known), a zero count is "known, none".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.errors import ContractBroken, LookAhead
from models.panel import Panel

Floats: TypeAlias = npt.NDArray[np.float64]
Words: TypeAlias = "list[tuple[bool | None, str]]"

LEAST = 0.1
"""Part of a place's activity added before a ratio of rates, so that a rate of zero has a logarithm."""


@dataclass(frozen=True)
class Feature:
    """One story in one or more columns.

    ``values(panel, days)``: (days, places, ``names``), places as in ``panel.counted_ids``, as known at the end of each
    day (since 1970). ``neutral``: for some of the names, the name or number that stands in when nothing special is to
    be told. ``words(panel, columns)`` takes the columns at the origin (places, names) and says for each place what was
    seen, and whether it should mean more people (None: it is not said which). ``rising``: names of which more never
    means fewer arrivals.
    """

    group: str
    names: tuple[str, ...]
    values: Callable[[Panel, Sequence[int]], Floats]
    neutral: Mapping[str, str | float]
    words: Callable[[Panel, Floats], Words]
    rising: tuple[str, ...] = field(default=())

    def on(self, panel: Panel, days: Sequence[int]) -> Floats:
        """Return the values; raises LookAhead for a day after the panel's origin, ContractBroken for a wrong shape."""
        newest = max(days, default=panel.origin_day)
        if newest > panel.origin_day:
            raise LookAhead(date(1970, 1, 1) + timedelta(days=int(newest)), panel.origin_date)
        found = self.values(panel, days) if len(days) else np.empty((0, len(panel.counted_ids), len(self.names)))
        expected = (len(days), len(panel.counted_ids), len(self.names))
        if found.shape != expected:
            raise ContractBroken(self.group, f"features of shape {found.shape}, expected {expected}")
        return found
