"""Gradient boosting of arrivals over all places together: reports, conflict on the roads, crossings."""

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from models.boosting_reasons import reasons
from models.bootstrap import blocks
from models.centred import REASON_DAYS, Centre, Floats, Integers
from models.features.lags import Lags
from models.features.table import GROUPS, NAMES, features_now, features_past, neutral
from models.forecasters.steady_change import SteadyChange
from models.history import History
from models.panel import Panel, day_number
from models.past import now, past

LONGEST_DAYS = 90
RISING = ("rate_last", "rate_30", "rate_90", "rate_365", "region_rate", "region_trend",
          "conflict_recent", "conflict_before", "conflict_older", "conflict_change", "openness")  # fmt: skip
"""More of these never means fewer arrivals (DOMAIN.md 5.1): little data must not teach the opposite by chance."""
MOST_ARRIVALS = 30.0
"""Targets beyond so many times the usual activity are cut."""


@dataclass(frozen=True)
class _Taught:
    """A model of arrivals a day that has seen outcomes up to ``until_day``."""

    until_day: int
    model: HistGradientBoostingRegressor


@dataclass(frozen=True)
class _Examples:
    """Examples (n, ...): features with the middle of the block of days, arrivals in units of activity, when known."""

    features: Floats
    arrivals: Floats
    known_day: Integers


class GradientBoosting(SteadyChange):
    """Blocks of days ahead are examples of one pooled model of arrivals; the damped rate is blended in and stands in.

    The Poisson loss keeps zeros and many small counts; arrivals are in units of the place's usual activity. The errors
    of the past are those of the models as they were: refitted at some past days (``refits``) on what was known then,
    the damped rate before the first. With fewer than ``least_examples`` examples nothing is learnt and the damped rate
    answers. Stock is that of the steady change: boosting it made it worse on the seven benchmark situations.
    """

    name: ClassVar[str] = "gradient_boosting"
    version: ClassVar[str] = "1"
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
        model = HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=self.rounds,
            learning_rate=0.06,
            max_leaf_nodes=15,
            min_samples_leaf=40,
            l2_regularization=1.0,
            early_stopping=False,
            monotonic_cst=[1 if name in RISING else 0 for name in (*NAMES, "days_ahead")],
            random_state=0,
        )
        features = np.concatenate([e.features[::step] for e in several])
        # The library cannot bin a column without any value (stock, where only flows are reported); 0 is never split on.
        features = np.where(np.isfinite(features).any(axis=0), features, 0.0)
        arrivals = np.concatenate([e.arrivals[::step] for e in several])
        return _Taught(until_day, model.fit(features, arrivals)) if (arrivals > 0).any() else None

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
        for block in blocks(horizon_days):
            came = _came(taught, table, block) * known.activity
            arrivals[:, block] += self.blend * (came[:, None] - arrivals[:, block])
        return Centre(np.maximum(arrivals, 0), steady.stock)

    def _drivers(self, panel: Panel) -> pd.DataFrame:
        """Return what each group of features adds to the arrivals a day over the first 30 days."""
        taught = self._as_of(panel, panel.origin_day)
        if taught is None:
            return super()._drivers(panel)
        known, table = now(panel), features_now(panel)
        damped = SteadyChange._centre(self, panel, panel.origin_day, known, np.arange(len(table)), REASON_DAYS)

        def value(speak: frozenset[str]) -> Floats:
            """Return arrivals a day when only some groups speak."""
            quiet = neutral(table, [g for g in GROUPS if g not in speak])
            came = [_came(taught, quiet, b) * (b.stop - b.start) for b in blocks(REASON_DAYS)]
            learnt = np.sum(came, axis=0) / REASON_DAYS * known.activity
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


def _came(taught: _Taught, table: Floats, block: slice) -> Floats:
    """Return arrivals a day in a block of days, in units of activity."""
    came: Floats = taught.model.predict(np.column_stack([table, np.full(len(table), _middle(block))]))
    return came


def _examples(panel: Panel) -> _Examples:
    """Return the examples of one panel: each past day, place and block whose outcome is known."""
    then, table = past(panel), features_past(panel)
    everywhere = np.arange(len(panel.counted_ids))
    known_column = _when_known(then.history)
    width = table.shape[2] + 1
    found = [_Examples(np.empty((0, width)), np.empty(0), np.empty(0, np.int64))]
    for k, day in enumerate(then.days):
        known = then.lags[k]
        came, _ = then.happened(k, everywhere, LONGEST_DAYS)
        for block in blocks(LONGEST_DAYS):
            arrivals = np.clip(came[:, block].mean(axis=1) / known.activity, 0, MOST_ARRIVALS)
            use = known.reported & np.isfinite(arrivals)
            inputs = np.column_stack([table[k], np.full(len(use), _middle(block))])
            outcome = min(then.history.column(day) + block.stop, then.history.days - 1)
            known_day = known_column[:, outcome] + then.history.first_day
            found.append(_Examples(inputs[use], arrivals[use], known_day[use]))
    return _Examples(*(np.concatenate([getattr(e, f.name) for e in found]) for f in fields(_Examples)))


def _when_known(counts: History) -> Integers:
    """Return for each place and day the first column at which arrivals of that day or a later one were known."""
    days = np.arange(counts.days)
    found = [np.searchsorted(line, days) for line in counts.last_arrivals]
    return np.array(found, dtype=np.int64).reshape(counts.last_arrivals.shape)


def _until(some: _Examples, day: int) -> _Examples:
    """Return the examples whose outcome was known at the end of a day."""
    kept = some.known_day <= day
    return _Examples(*(getattr(some, f.name)[kept] for f in fields(_Examples)))


def _middle(block: slice) -> float:
    """Return the middle of a block of days ahead."""
    return float(block.start + block.stop + 1) / 2
