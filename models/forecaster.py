"""The contract of every forecaster: a scikit-learn estimator that reads panels and hands out sample paths.

A forecaster is one class in one module of `models.forecasters`. Parameters only in ``__init__``, everything learnt in
attributes ending in ``_``. What every forecaster must hold is checked here once.
"""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from models.cold import cold_reasons
from models.errors import ContractBroken, LookAhead
from models.facts import facts
from models.panel import Panel
from models.paths import Array, Paths
from models.reasons import COLUMNS, inherited, told, ways
from models.routing import route

DRIVER_COLUMNS = ("place_id", "rank", "sentence", "effect_people_per_day")


class Forecaster(BaseEstimator):  # type: ignore[misc]
    """Learn from one or several panels, forecast one.

    A subclass sets ``name``, ``version`` and ``role``, and writes ``_fit``, ``_draw`` and, where it can say why,
    ``_drivers``.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    role: ClassVar[str] = "shadow"
    """*baseline*, *shadow* (a candidate for deployment) or *retired*; who is deployed is decided by scores."""

    needs: ClassVar[str | None] = None
    """A package that must be installed (by an extra of this project); missing: none."""

    fitted_until_: dict[str, date]

    def fit(self, panels: Panel | Sequence[Panel]) -> Self:
        """Learn from what the panels know at their origins, pooled; an empty panel teaches nothing and is no error."""
        several = [panels] if isinstance(panels, Panel) else list(panels)
        self.fitted_until_ = {p.situation_id: p.origin_date for p in several}
        self._fit(several)
        return self

    def predict(
        self,
        panel: Panel,
        horizon_days: int = 90,
        n_paths: int = 500,
        seed: int = 0,
        place_ids: Sequence[str] | None = None,
    ) -> Paths:
        """Return sample paths for the panel's counted places (or some of them) from its origin.

        The same fitted model, panel and seed give the same paths, place by place, whichever other places are asked for
        with them. Raises LookAhead when the model has learnt from a later day of the same situation,
        ContractBroken when the paths are not finite, non-negative numbers of the right shape.
        """
        until = self.fitted_until_.get(panel.situation_id)
        if until is not None and until > panel.origin_date:
            raise LookAhead(until, panel.origin_date)
        known = panel.counted_ids
        asked = known if place_ids is None else tuple(p for p in known if p in set(place_ids))
        arrivals, stock = self._draw(panel, asked, horizon_days, n_paths, seed)
        for values in (arrivals, stock):
            self._check(values, (n_paths, len(asked), horizon_days))
        return Paths(panel.situation_id, panel.origin_date, asked, arrivals, stock, route(panel))

    def drivers(self, panel: Panel) -> pd.DataFrame:
        """Return why: place_id, rank (1 first), sentence, effect_people_per_day (missing: a fact, no contribution).

        The model's own reasons, the weightiest first, then the facts a reader must know (`models.facts`). The effects
        at a place add up to the arrivals a day that the centre of the forecast has over its first 30 days. Points and
        totals (their ids as in `models.totals`) inherit the reasons of the places behind them.
        """
        own = self.reasons(panel)
        computed = [told(f) for f in (own, inherited(panel, own), cold_reasons(panel, own))]
        parts = [f for f in (*computed, ways(panel), facts(panel)) if not f.empty]
        every = pd.concat(parts or computed, ignore_index=True)
        weight = every["effect_people_per_day"].astype(float).abs().fillna(-1.0)
        every = every.assign(weight=weight).sort_values(["place_id", "weight"], ascending=[True, False], kind="stable")
        every["rank"] = every.groupby("place_id").cumcount() + 1
        return every[list(DRIVER_COLUMNS)].reset_index(drop=True)

    def reasons(self, panel: Panel) -> pd.DataFrame:
        """Return the model's own reasons at counted places (columns of `models.reasons`)."""
        return self._drivers(panel).reindex(columns=list(COLUMNS))

    def __getstate__(self) -> dict[str, object]:
        """Leave out what was only held to save time (private names): it is no part of the model."""
        state: dict[str, object] = super().__getstate__()
        return {name: value for name, value in state.items() if not name.startswith("_")}

    def _fit(self, panels: list[Panel]) -> None:
        """Learn; the base learns nothing."""

    def _draw(
        self, panel: Panel, place_ids: tuple[str, ...], horizon_days: int, n_paths: int, seed: int
    ) -> tuple[Array, Array]:
        """Return arrivals and stock, both (paths, places, days), NaN over a whole place without forecast."""
        raise NotImplementedError

    def _drivers(self, panel: Panel) -> pd.DataFrame:  # noqa: ARG002 -- the contract's signature
        """Return no reasons: a model that cannot say why says nothing."""
        return pd.DataFrame(columns=list(COLUMNS))

    def _check(self, values: Array, shape: tuple[int, int, int]) -> None:
        """Raise ContractBroken unless each place is all NaN or all finite and at least zero."""
        if values.shape != shape:
            raise ContractBroken(self.name, f"paths of shape {values.shape}, expected {shape}")
        missing = np.isnan(values)
        if (missing.any(axis=(0, 2)) != missing.all(axis=(0, 2))).any():
            raise ContractBroken(self.name, f"{int(missing.sum())} values are missing inside a forecast place")
        present = values[~missing]
        if np.isinf(present).any():
            raise ContractBroken(self.name, f"{int(np.isinf(present).sum())} values are infinite")
        if (present < 0).any():
            raise ContractBroken(self.name, f"{int((present < 0).sum())} values are negative, least {present.min()}")
