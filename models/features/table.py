"""All features of all places on many days, by name and by group.

Features are ratios, so that places of different size teach each other and nothing is fitted to a size. NaN is
"not known". Every module of `models.features` with a ``FEATURE`` is in the table; a new feature is a new module. A
group is a feature that tells one story: the drivers of a forecast are what each group adds to "nothing special".
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

import models.features
from models.features.feature import Feature
from models.panel import Panel
from models.past import past

Floats: TypeAlias = npt.NDArray[np.float64]


def _found() -> dict[str, Feature]:
    """Return the features by group, in the order of their modules."""
    names = sorted(m.name for m in iter_modules(models.features.__path__) if m.name != "table")
    held = [getattr(import_module(f"models.features.{name}"), "FEATURE", None) for name in names]
    return {f.group: f for f in held if isinstance(f, Feature)}


FEATURES = _found()
NAMES = tuple(name for feature in FEATURES.values() for name in feature.names)
COLUMN = {name: i for i, name in enumerate(NAMES)}
RISING = frozenset(name for feature in FEATURES.values() for name in feature.rising)
GROUPS = {group: feature.neutral for group, feature in FEATURES.items()}


@lru_cache(maxsize=8)
def features_now(panel: Panel) -> Floats:
    """Return the features (places, features) at the panel's origin, places as in ``panel.counted_ids``."""
    table: Floats = _table(panel, [panel.origin_day])[0]
    return table


@lru_cache(maxsize=8)
def features_past(panel: Panel) -> Floats:
    """Return the features (past days, places, features) at the days of `models.past.past`, as known on each."""
    return _table(panel, past(panel).days)


def columns_of(table: Floats, group: str) -> Floats:
    """Return the columns of one group (..., its names) of features (..., features)."""
    first = COLUMN[FEATURES[group].names[0]]
    return table[..., first : first + len(FEATURES[group].names)]


def neutral(table: Floats, groups: Sequence[str]) -> Floats:
    """Return a copy of features (..., features) in which some groups tell nothing special; not known stays so."""
    result = table.copy()
    for group in groups:
        for name, stand_in in GROUPS[group].items():
            value = table[..., COLUMN[stand_in]] if isinstance(stand_in, str) else stand_in
            own = table[..., COLUMN[name]]
            result[..., COLUMN[name]] = np.where(np.isnan(own), own, value)
    return result


def speaking(table: Floats) -> list[str]:
    """Return the groups that tell something special at any place: the others have no share in what is said."""
    return [group for group in GROUPS if not np.array_equal(neutral(table, [group]), table, equal_nan=True)]


def _table(panel: Panel, days: Sequence[int]) -> Floats:
    """Return (days, places, features)."""
    return np.concatenate([feature.on(panel, days) for feature in FEATURES.values()], axis=2)
