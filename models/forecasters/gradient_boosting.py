"""Gradient boosting of arrivals over all places together, from every feature of `models.features`."""

from dataclasses import dataclass, fields, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from models.boosting_reasons import reasons
from models.bootstrap import blocks
from models.centred import REASON_DAYS, Centre, Floats, Integers
from models.features.lags import Lags
from models.features.table import GROUPS, NAMES, RISING, features_now, features_past, neutral
from models.forecasters.steady_change import SteadyChange
from models.history import when_known
from models.panel import Panel, day_number
from models.past import now, past

LONGEST_DAYS = 90
MOST_ARRIVALS = 30.0
"""Targets beyond so many times the usual activity are cut."""


@dataclass(frozen=True)
class _Taught:
    """A model of arrivals a day that has seen outcomes up to ``until_day``, of some columns of the features."""

    until_day: int
    model: HistGradientBoostingRegressor
    columns: Integers

    def came(self, table: Floats, ahead: list[slice]) -> Floats:
        """Return arrivals a day (blocks of days ahead, places) in units of activity, from features (places, ...)."""
        middle = np.repeat([_middle(block) for block in ahead], len(table))
        inputs = np.column_stack([np.tile(table[:, self.columns], (len(ahead), 1)), middle])
        found: Floats = self.model.predict(inputs)
        return found.reshape(len(ahead), len(table))


@dataclass(frozen=True)
class _Examples:
    """Examples (n): where its features are in a table (past days, places, features), the middle of the block of days.

    ``arrivals`` in units of activity, ``known_day`` when they were known.
    """

    table: Floats
    at: Integers
    place: Integers
    middle: Floats
    arrivals: Floats
    known_day: Integers

    def inputs(self, step: int) -> Floats:
        """Return the features and the middle of the block, of every so many examples."""
        return np.column_stack([self.table[self.at[::step], self.place[::step]], self.middle[::step]])


class GradientBoosting(SteadyChange):
    """Blocks of days ahead are examples of one pooled model of arrivals; the damped rate is blended in and stands in.

    The Poisson loss keeps zeros and many small counts; arrivals are in units of the place's usual activity. The errors
    of the past are those of the models as they were: refitted at some past days (``refits``) on what was known then,
    the damped rate before the first. With fewer than ``least_examples`` examples nothing is learnt and the damped rate
    answers. Stock is that of the steady change: boosting it made it worse on the seven benchmark situations.
    """

    name: ClassVar[str] = "gradient_boosting"
    version: ClassVar[str] = "4"
    role: ClassVar[str] = "shadow"

    def __init__(
        self,
        decay_days: float = 20.0,
        damping_days: float = 90.0,
        gain: float = 1.2,
        blend: float = 0.5,
        refits: int = 3,
        rounds: int = 120,
        least_examples: int = 300,
        most_examples: int = 60_000,
    ) -> None:
        super().__init__(decay_days, damping_days, gain)
        self.blend = blend
        self.refits = refits
        self.rounds = rounds
        self.least_examples = least_examples
        self.most_examples = most_examples

    def _fit(self, panels: list[Panel]) -> None:
        """Fit on all examples, and again on those known at some past days of each situation."""
        self.taught_: dict[str, list[_Taught]] = {}
        several = [_examples(p) for p in panels]
        self.newest_: _Taught | None = self._teach(several, max((p.origin_day for p in panels), default=0))
        for i, panel in enumerate(panels):
            days = past(panel).days
            at = [days[int(len(days) * k / (self.refits + 1))] for k in range(1, self.refits + 1)] if days else []
            then = [self._teach([e if j != i else _until(e, day) for j, e in enumerate(several)], day) for day in at]
            self.taught_[panel.situation_id] = [t for t in then if t is not None]

    def _teach(self, several: list[_Examples], until_day: int) -> _Taught | None:
        """Return a model of these examples, or None when they are too few or nobody came in any of them."""
        count = sum(len(e.arrivals) for e in several)
        if count < self.least_examples or not any((e.arrivals > 0).any() for e in several):
            return None
        step = max(1, -(-count // self.most_examples))
        inputs = np.concatenate([e.inputs(step) for e in several])
        columns = np.flatnonzero(_telling(inputs[:, : len(NAMES)]))
        model = HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=self.rounds,
            learning_rate=0.06,
            max_leaf_nodes=15,
            min_samples_leaf=40,
            l2_regularization=1.0,
            early_stopping=False,
            # More of these never means fewer arrivals (DOMAIN.md 5.1): little data must not teach the opposite.
            monotonic_cst=[*(int(NAMES[i] in RISING) for i in columns), 0],
            random_state=0,
        )
        arrivals = np.concatenate([e.arrivals[::step] for e in several])
        if not (arrivals > 0).any():
            return None
        return _Taught(until_day, model.fit(inputs[:, [*columns, len(NAMES)]], arrivals), columns)

    def _centre(self, panel: Panel, day: int, known: Lags, rows: Integers, horizon_days: int) -> Centre:
        """Return the steady change, with arrivals blended from the model as it was that day."""
        steady = super()._centre(panel, day, known, rows, horizon_days)
        taught = self._as_of(panel, day)
        if taught is None:
            return steady
        if day == panel.origin_day:
            table = features_now(panel)[rows]
        else:
            table = features_past(panel)[past(panel).days.index(day)][rows]
        arrivals = steady.arrivals.copy()
        ahead = blocks(horizon_days)
        for block, came in zip(ahead, taught.came(table, ahead) * known.activity, strict=True):
            arrivals[:, block] += self.blend * (came[:, None] - arrivals[:, block])
        return Centre(np.maximum(arrivals, 0), steady.stock)

    def _drivers(self, panel: Panel) -> pd.DataFrame:
        """Return what each group of features adds to the arrivals a day over the first 30 days."""
        taught = self._as_of(panel, panel.origin_day)
        if taught is None:
            return super()._drivers(panel)
        known, table = now(panel), features_now(panel)
        damped = SteadyChange._centre(self, panel, panel.origin_day, known, np.arange(len(table)), REASON_DAYS)
        ahead = blocks(REASON_DAYS)
        days = np.array([block.stop - block.start for block in ahead])

        def value(speak: frozenset[str]) -> Floats:
            """Return arrivals a day when only some groups speak."""
            quiet = neutral(table, [g for g in GROUPS if g not in speak])
            learnt = days @ taught.came(quiet, ahead) / REASON_DAYS * known.activity
            blended: Floats = (1 - self.blend) * damped.arrivals.mean(axis=1) + self.blend * learnt
            return blended

        return reasons(panel, table, value)

    def _as_of(self, panel: Panel, day: int) -> _Taught | None:
        """Return the newest model that had seen nothing of the panel's situation after a day."""
        until = self.fitted_until_.get(panel.situation_id)
        if until is None or day >= day_number(until):
            return self.newest_
        before = [t for t in self.taught_[panel.situation_id] if t.until_day <= day]
        return before[-1] if before else None


def _telling(inputs: Floats) -> npt.NDArray[np.bool_]:
    """Tell which columns have two values, or one and some that are missing: the others teach nothing, at a cost."""
    known = np.isfinite(inputs)
    low = np.min(inputs, axis=0, initial=np.inf, where=known)
    high = np.max(inputs, axis=0, initial=-np.inf, where=known)
    return np.asarray((low < high) | (known.any(axis=0) & ~known.all(axis=0)))


def _examples(panel: Panel) -> _Examples:
    """Return the examples of one panel: each past day, place and block whose outcome is known."""
    then, table = past(panel), features_past(panel)
    everywhere = np.arange(len(panel.counted_ids))
    known_column = when_known(then.history)
    none = np.empty(0, np.int64)
    found: list[tuple[Integers, Integers, Floats, Floats, Integers]] = [(none, none, np.empty(0), np.empty(0), none)]
    for k, day in enumerate(then.days):
        known = then.lags[k]
        came, _ = then.happened(k, everywhere, LONGEST_DAYS)
        for block in blocks(LONGEST_DAYS):
            arrivals = np.clip(came[:, block].mean(axis=1) / known.activity, 0, MOST_ARRIVALS)
            use = np.flatnonzero(known.reported & np.isfinite(arrivals))
            outcome = min(then.history.column(day) + block.stop, then.history.days - 1)
            known_day = known_column[use, outcome] + then.history.first_day
            found.append((np.full(len(use), k), use, np.full(len(use), _middle(block)), arrivals[use], known_day))
    at, place, middle, arrivals, known_days = (np.concatenate(part) for part in zip(*found, strict=True))
    return _Examples(table, at, place, middle, arrivals, known_days)


def _until(some: _Examples, day: int) -> _Examples:
    """Return the examples whose outcome was known at the end of a day."""
    kept = some.known_day <= day
    return replace(some, **{f.name: getattr(some, f.name)[kept] for f in fields(_Examples) if f.name != "table"})


def _middle(block: slice) -> float:
    """Return the middle of a block of days ahead."""
    return float(block.start + block.stop + 1) / 2
