"""Who answers at which place: by the scores of past forecasts, not by name.

A model's skill at a place is the mean, over measures and horizons, of the logarithm of its weighted interval score over
the last value's. A place with few scored forecasts leans on the situation as a whole. Where no model is better than the
last value, the last value answers, and says that there is no skill.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.metrics import weighted_interval_score
from models.paths import QUANTILE_COLUMNS
from models.registry import LAST_VALUE

LEAN_FORECASTS = 12
"""So many scored origins of a place weigh as much as the situation."""
LEAST_GAIN = 0.01
LEAST_SCORE = 0.5
"""People added to a mean score before a ratio, so that two perfect scores are equal."""


@dataclass(frozen=True)
class Choice:
    """The answering model and, where there were scores, its gain over the last value in percent, by place.

    A place that is not named has no score and is answered by `default`, the model of the situation as a whole.
    """

    models: Mapping[str, str]
    gain_percent: Mapping[str, float]
    default: str

    def model_of(self, place_id: str) -> str:
        """Return the answering model of a place."""
        return self.models.get(place_id, self.default)


def choose(outcomes: pd.DataFrame) -> Choice:
    """Return the choice from judged forecasts.

    ``outcomes`` has origin_date, place_id, model_name, measure, horizon_days, the seven quantiles and happened.
    Forecasts that the last value was not judged beside are left out.
    """
    if outcomes.empty:
        return Choice({}, {}, LAST_VALUE)
    scored = outcomes.assign(
        score=weighted_interval_score(
            outcomes[list(QUANTILE_COLUMNS)].to_numpy(dtype=float), outcomes["happened"].to_numpy(dtype=float)
        )
    )
    cell = ["place_id", "measure", "horizon_days"]
    wide = scored.pivot_table(index=[*cell, "origin_date"], columns="model_name", values="score", aggfunc="first")
    if LAST_VALUE not in wide:
        return Choice({}, {}, LAST_VALUE)
    complete = wide.dropna()
    if complete.empty:
        return Choice({}, {}, LAST_VALUE)
    means = complete.groupby(level=cell).mean() + LEAST_SCORE
    ratios = np.log(means.div(means[LAST_VALUE], axis=0))
    by_place = ratios.groupby(level="place_id").mean()
    count = complete.reset_index().groupby("place_id")["origin_date"].nunique().reindex(by_place.index)
    pooled = by_place.mul(count, axis=0).sum() / count.sum()
    lean = by_place.mul(count, axis=0).add(LEAN_FORECASTS * pooled).div(count + LEAN_FORECASTS, axis=0)
    best = {str(place): _best(line) for place, line in lean.iterrows()}
    gains = {place: 100 * (1 - float(np.exp(lean.loc[place, name]))) for place, name in best.items()}
    return Choice(best, gains, _best(pooled))


def _best(ratios: "pd.Series[float]") -> str:
    """Return the model with the lowest ratio, the last value where it gains less than `LEAST_GAIN`."""
    name = str(ratios.idxmin())
    return name if ratios[name] <= -LEAST_GAIN else LAST_VALUE
