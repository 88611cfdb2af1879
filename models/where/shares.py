"""Destination shares as a scikit-learn estimator: learnt across situations, for places that have never reported."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from models.calibration import LEVELS, weighted_quantile
from models.errors import LookAhead
from models.panel import Panel
from models.where.coefficients import Coefficients, Floats, Learnt, committed, draw, mean
from models.where.course import Course, ard, course, log_errors, present_shares
from models.where.layers import Layers, conflict, layers


class DestinationShares(BaseEstimator):  # type: ignore[misc]
    """Learn the coefficients from situations that are over; say the shares of another, without any of its counts.

    They are the mean of the ``kept`` best of ``draws`` random sets, by mean error over countries of origin: a mean of
    many good sets is far steadier than the best one.
    """

    learnt_: Learnt
    fitted_until_: dict[str, date]

    def __init__(self, draws: int = 1000, kept: int = 50, seed: int = 7) -> None:
        self.draws = draws
        self.kept = kept
        self.seed = seed

    @classmethod
    def committed(cls) -> Self:
        """Return the estimator with the committed coefficients."""
        return cls().adopt(committed())

    def adopt(self, learnt: Learnt) -> Self:
        """Take coefficients that were learnt before, from other situations."""
        self.learnt_, self.fitted_until_ = learnt, {}
        return self

    def fit(self, panels: Sequence[Panel]) -> Self:
        """Learn from panels of situations with reports; raises ValueError when there is none."""
        courses = [course(p) for p in panels]
        self.learnt_ = self.learn(courses, self.losses(courses))
        self.fitted_until_ = {p.situation_id: p.origin_date for p in panels}
        return self

    def losses(self, courses: Sequence[Course]) -> Floats:
        """Return the error (`models.where.course.ard`) of every random set in every situation (draws, situations)."""
        found = np.empty((self.draws, len(courses)))
        for column, some in enumerate(courses):
            total = np.nansum(some.people, axis=1)
            found[:, column] = [ard(present_shares(some.flow(c), total), some.people) for c in self._sets()]
        return found

    def learn(self, courses: Sequence[Course], loss: Floats) -> Learnt:
        """Return what these courses teach; the errors are of each country with the others' coefficients."""
        groups = sorted({some.group for some in courses})
        errors: list[Floats] = []
        for group in groups:
            others = [i for i, some in enumerate(courses) if some.group != group] or list(range(len(courses)))
            without = self.best(loss[:, others], [courses[i].group for i in others])
            errors += [log_errors(some, without) for some in courses if some.group == group]
        weights = np.concatenate([np.full(len(e), 1 / max(len(e), 1)) for e in errors])
        cuts = weighted_quantile(np.concatenate(errors), weights, np.asarray(LEVELS))
        return Learnt(self.best(loss, [some.group for some in courses]), tuple(float(cut) for cut in cuts))

    def best(self, loss: Floats, groups: Sequence[str]) -> Coefficients:
        """Return the coefficients from losses (draws, situations), countries of equal weight."""
        weight = np.array([1.0 / list(groups).count(g) for g in groups])
        order = np.argsort(loss @ (weight / weight.sum()), kind="stable")
        every = self._sets()
        return mean([every[i] for i in order[: self.kept]])

    def predict(
        self, panel: Panel, status_override: Mapping[str, str] | None = None, on: date | None = None
    ) -> "pd.Series[float]":
        """Return each destination's share of new arrivals by place id, as known at the panel's origin (or at ``on``).

        The shares sum to one; a destination that no road leads to has zero. Empty where no road leads anywhere.
        ``status_override`` (border point -> open, restricted, closed) answers "what if this crossing closes".
        Raises LookAhead for a day after the origin, or when it has learnt from a later day of the same situation.
        """
        view = panel if on is None else panel.at(on)
        until = self.fitted_until_.get(panel.situation_id)
        if until is not None and until > view.origin_date:
            raise LookAhead(until, view.origin_date)
        ground = layers(view, status_override)
        return pd.Series(self.of(view, ground), index=list(ground.destination_ids), dtype=float, name="share")

    def of(self, panel: Panel, ground: Layers) -> Floats:
        """Return the shares (destinations,) on a ground of the panel."""
        if not ground.parts:
            return np.empty(0)
        fled = conflict(panel, ground.origin_ids)
        return np.asarray(ground.shares(fled[None, :], self.learnt_.coefficients)[0])

    def _sets(self) -> list[Coefficients]:
        """Return the random sets, always the same for one seed."""
        rng = np.random.default_rng(self.seed)
        return [draw(rng) for _ in range(self.draws)]
