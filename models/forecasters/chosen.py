"""The answer: at each place the forecaster that has been best there, the last value where nothing has been better."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pandas as pd

from models.bootstrap import Array
from models.forecaster import Forecaster
from models.panel import Panel
from models.registry import LAST_VALUE, forecaster


class Chosen(Forecaster):
    """Paths of several forecasters, place by place, with the same chances, so that sums over places stay joint.

    ``arrivals_models`` and ``stock_models`` map places to forecasters (`models.selection.Choice`), ``default`` answers
    for the others, ``gain_percent`` is what the choice rests on: the gain in score over the last value, by place.
    ``refused`` says, by place, which stored model could not be used there and why (`models.serve`).
    """

    name: ClassVar[str] = "chosen"
    version: ClassVar[str] = "4"
    role: ClassVar[str] = "deployed"

    def __init__(
        self,
        arrivals_models: Mapping[str, str] | None = None,
        stock_models: Mapping[str, str] | None = None,
        gain_percent: Mapping[str, float] | None = None,
        default: str = LAST_VALUE,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        self.arrivals_models = arrivals_models
        self.stock_models = stock_models
        self.gain_percent = gain_percent
        self.default = default
        self.refused = refused

    def adopt(self, fitted: Mapping[str, Forecaster]) -> None:
        """Take components that were fitted on the same panels, instead of fitting them again in ``fit``."""
        self._given = dict(fitted)

    def _fit(self, panels: list[Panel]) -> None:
        """Fit every forecaster that answers somewhere."""
        given: dict[str, Forecaster] = getattr(self, "_given", {})
        names = {self.default, *(self.arrivals_models or {}).values(), *(self.stock_models or {}).values()}
        self.components_ = {name: given.get(name) or forecaster(name).fit(panels) for name in sorted(names)}

    def model_of(self, place_id: str, measure: str = "arrivals") -> str:
        """Return the name of the forecaster that answers for a place."""
        models = self.stock_models if measure == "stock" else self.arrivals_models
        return (models or {}).get(place_id, self.default)

    def _draw(
        self, panel: Panel, place_ids: tuple[str, ...], horizon_days: int, n_paths: int, seed: int
    ) -> tuple[Array, Array]:
        """Draw each place from its forecaster."""
        shape = (n_paths, len(place_ids), horizon_days)
        found = {measure: np.full(shape, np.nan, np.float32) for measure in ("arrivals", "stock")}
        for name, component in self.components_.items():
            rows = {m: [i for i, place in enumerate(place_ids) if self.model_of(place, m) == name] for m in found}
            asked = sorted({*rows["arrivals"], *rows["stock"]})
            if asked:
                some = component.predict(panel, horizon_days, n_paths, seed, [place_ids[i] for i in asked])
                for measure, values in (("arrivals", some.arrivals), ("stock", some.stock)):
                    found[measure][:, rows[measure]] = values[:, np.searchsorted(asked, rows[measure])]
        return found["arrivals"], found["stock"]

    def _drivers(self, panel: Panel) -> pd.DataFrame:
        """Return the reasons of each place's forecaster, and who it is."""
        parts = []
        for name, component in self.components_.items():
            ids = [place for place in panel.counted_ids if self.model_of(place) == name]
            reasons = component.reasons(panel)
            said = pd.DataFrame({"place_id": ids, "topic": "who", "sentence": [self._said(place) for place in ids]})
            parts += [reasons[reasons["place_id"].isin(ids)], said]
        return pd.concat(parts, ignore_index=True)

    def _said(self, place_id: str) -> str:
        """Return which forecaster answers and why, or why it is not the stored one."""
        if self.refused and place_id in self.refused:
            return self.refused[place_id]
        gain = (self.gain_percent or {}).get(place_id)
        name = self.model_of(place_id)
        title = name.replace("_", " ")
        if gain is None:
            return f"Forecast by {title}: nothing has been scored at this place yet."
        if name == LAST_VALUE:
            return "No skill: nothing has forecast this place better than its last value, which is shown."
        return f"Forecast by {title}: {gain:.0f} % better than the last value on past forecasts."
