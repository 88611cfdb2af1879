"""Who answers at which place and for which measure: by the scores of past forecasts, not by name.

A model's skill is the mean, over horizons, of the logarithm of its weighted interval score over the last value's. A
place with few scored forecasts leans on the situation as a whole, and a situation with few on what the models have done
in others (`PRIOR_FILE`), apart for places that register people present and places that count arrivals. Where no model
is better than the last value, the last value answers, and says that there is no skill.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from models.metrics import weighted_interval_score
from models.panel import Panel
from models.paths import QUANTILE_COLUMNS
from models.registry import LAST_VALUE

REGISTERED, COUNTED = "registered", "counted"
MEASURES = ("arrivals", "stock")
PRIOR_FILE = Path(__file__).resolve().parent.parent / "data" / "reference" / "calibration" / "skill.csv"
PRIOR_ORIGINS = 12
"""So many scored origins of a situation weigh as much as all other situations."""
LEAN_FORECASTS = 12
"""So many scored origins of a place weigh as much as the situation."""
LEAST_GAIN = 0.01
LEAST_SCORE = 0.5
"""People added to a mean score before a ratio, so that two perfect scores are equal."""
Prior: TypeAlias = Mapping[tuple[str, str], Mapping[str, float]]


@dataclass(frozen=True)
class Choice:
    """The answering model by place, for arrivals and for stock, and the gain of the one for arrivals in percent.

    The gain is that over the last value, where forecasts of the place were scored.
    """

    arrivals: Mapping[str, str]
    stock: Mapping[str, str]
    gain_percent: Mapping[str, float]


def choose(
    outcomes: pd.DataFrame, kinds: Mapping[str, str], names: Collection[str], prior: Prior | None = None
) -> Choice:
    """Return the choice among the models ``names`` for places (their kinds: `REGISTERED` or `COUNTED`).

    ``outcomes`` (judged forecasts) has origin_date, place_id, model_name, measure, horizon_days, the seven quantiles
    and happened. ``prior`` holds skills by kind and measure (missing: the committed ones).
    """
    every = committed() if prior is None else prior
    other = {key: {n: v for n, v in skills.items() if n in names} for key, skills in every.items()}
    known = skill(outcomes[outcomes["model_name"].isin(list(names))])
    chosen: dict[str, dict[str, str]] = {}
    gain: dict[str, float] = {}
    for measure in MEASURES:
        mine = known[known["measure"] == measure]
        by_place = mine.pivot_table(index="place_id", columns="model_name", values="log_ratio")
        origins = mine.groupby("place_id")["origins"].max().reindex(by_place.index)
        chosen[measure] = {}
        for place, kind in kinds.items():
            pooled = _pooled(by_place, origins, other.get((kind, measure), {}))
            lean, count = pooled, 0
            if place in by_place.index:
                count = int(origins[place])
                own = by_place.loc[place].reindex(pooled.index)
                lean = ((own * count + pooled * LEAN_FORECASTS) / (count + LEAN_FORECASTS)).fillna(pooled)
            chosen[measure][place] = _best(lean)
            if measure == "arrivals" and count:
                gain[place] = 100 * (1 - float(np.exp(lean[chosen[measure][place]])))
    return Choice(chosen["arrivals"], chosen["stock"], gain)


def kinds_of(panel: Panel) -> dict[str, str]:
    """Return the kind of each counted place of a panel: one that has ever registered people present is `REGISTERED`."""
    registered = set(panel.stock()["place_id"])
    return {place: REGISTERED if place in registered else COUNTED for place in panel.counted_ids}


def skill(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return place_id, measure, model_name, log_ratio (over the last value) and origins (scored) of judged forecasts.

    Only of forecasts that every model among them was judged for.
    """
    columns = ["place_id", "measure", "model_name", "log_ratio", "origins"]
    if outcomes.empty:
        return pd.DataFrame(columns=columns)
    cuts, happened = outcomes[list(QUANTILE_COLUMNS)].to_numpy(dtype=float), outcomes["happened"].to_numpy(dtype=float)
    scored = outcomes.assign(score=weighted_interval_score(cuts, happened))
    cell = ["place_id", "measure", "horizon_days"]
    wide = scored.pivot_table(index=[*cell, "origin_date"], columns="model_name", values="score", aggfunc="first")
    complete = wide.dropna()
    if LAST_VALUE not in complete or complete.empty:
        return pd.DataFrame(columns=columns)
    means = complete.groupby(level=cell).mean() + LEAST_SCORE
    ratios = np.log(means.div(means[LAST_VALUE], axis=0)).groupby(level=["place_id", "measure"]).mean()
    count = complete.reset_index().groupby(["place_id", "measure"])["origin_date"].nunique().rename("origins")
    long = ratios.stack().rename("log_ratio").reset_index()
    return long.merge(count.reset_index(), on=["place_id", "measure"])[columns]


def prior_of(situations: Mapping[str, pd.DataFrame], kind: str) -> Prior:
    """Return the skills of models over several situations' judged forecasts, each situation of equal weight.

    A situation that says little (few scored origins) counts less, as in `choose`.
    """
    parts = []
    for found in (skill(frame) for frame in situations.values()):
        total = found.groupby(["measure", "model_name"])
        seen = total["origins"].max()
        mean = found.assign(sum=found["log_ratio"] * found["origins"]).groupby(["measure", "model_name"])["sum"].sum()
        parts.append((mean / total["origins"].sum()) * seen / (seen + PRIOR_ORIGINS))
    skills = pd.concat(parts).groupby(level=["measure", "model_name"]).mean() if parts else pd.Series(dtype=float)
    return {(kind, m): {str(n): float(skills[m, n]) for n in skills[m].index} for m in MEASURES if m in skills}


@cache
def committed() -> Prior:
    """Return the committed skills: by kind of place and measure, log_ratio by model.

    Raises FileNotFoundError where the file is missing.
    """
    groups = pd.read_csv(PRIOR_FILE).groupby(["kind", "measure"])
    return {(str(k), str(m)): dict(zip(g["model_name"], g["log_ratio"], strict=True)) for (k, m), g in groups}


def _pooled(by_place: pd.DataFrame, origins: "pd.Series[int]", prior: Mapping[str, float]) -> "pd.Series[float]":
    """Return the skill of the situation as a whole, held to the prior."""
    if by_place.empty:
        return pd.Series({LAST_VALUE: 0.0, **prior})
    here = by_place.mul(origins, axis=0).sum() / origins.sum()
    before = pd.Series(prior, dtype=float).reindex(here.index).fillna(0.0)
    seen = int(origins.max())
    return (here * seen + before * PRIOR_ORIGINS) / (seen + PRIOR_ORIGINS)


def _best(ratios: "pd.Series[float]") -> str:
    """Return the model with the lowest ratio, the last value where it gains less than `LEAST_GAIN`."""
    name = str(ratios.idxmin())
    return name if ratios[name] <= -LEAST_GAIN else LAST_VALUE
