"""Who answers at which place and for which measure: by the scores of past forecasts, not by name.

A model's skill at a place is the mean, over horizons, of the logarithm of its weighted interval score over the last
value's; over several places each counts by its people, as the score of their sum would: the last value's score. A place
with few scored forecasts leans on the situation as a whole, and a situation with few on what the models have done
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
        about = mine.groupby("place_id")[["origins", "size"]].max().reindex(by_place.index)
        chosen[measure] = {}
        for place, kind in kinds.items():
            pooled = _pooled(by_place, about, other.get((kind, measure), {}))
            lean, count = pooled, 0
            if place in by_place.index:
                count = int(about.loc[place, "origins"])
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
    """Return place_id, measure, model_name, log_ratio, origins (scored) and size (the last value's score, people).

    Only of forecasts that every model among them was judged for.
    """
    columns = ["place_id", "measure", "model_name", "log_ratio", "origins", "size"]
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
    size = means[LAST_VALUE].groupby(level=["place_id", "measure"]).mean().rename("size")
    long = ratios.stack().rename("log_ratio").reset_index()
    return long.merge(pd.concat([count, size], axis=1).reset_index(), on=["place_id", "measure"])[columns]


def prior_of(situations: Mapping[str, pd.DataFrame], kind: str) -> Prior:
    """Return the skills of models over several situations' judged forecasts, each situation of equal weight.

    A situation that says little (few scored origins) counts less, as in `choose`.
    """
    parts = []
    for found in (skill(frame) for frame in situations.values()):
        weight = found["origins"] * found["size"]
        weighted = found.assign(weight=weight, sum=found["log_ratio"] * weight).groupby(["measure", "model_name"])
        seen = weighted["origins"].max()
        parts.append(weighted["sum"].sum() / weighted["weight"].sum() * seen / (seen + PRIOR_ORIGINS))
    skills = pd.concat(parts).groupby(level=["measure", "model_name"]).mean() if parts else pd.Series(dtype=float)
    return {(kind, m): {str(n): float(skills[m, n]) for n in skills[m].index} for m in MEASURES if m in skills}


@cache
def committed() -> Prior:
    """Return the committed skills: by kind of place and measure, log_ratio by model.

    Raises FileNotFoundError where the file is missing.
    """
    groups = pd.read_csv(PRIOR_FILE).groupby(["kind", "measure"])
    return {(str(k), str(m)): dict(zip(g["model_name"], g["log_ratio"], strict=True)) for (k, m), g in groups}


def _pooled(by_place: pd.DataFrame, about: pd.DataFrame, prior: Mapping[str, float]) -> "pd.Series[float]":
    """Return the skill of the situation as a whole, held to the prior; ``about`` has origins and size by place."""
    if by_place.empty:
        return pd.Series({LAST_VALUE: 0.0, **prior})
    weight = about["origins"] * about["size"]
    here = by_place.mul(weight, axis=0).sum() / weight.sum()
    before = pd.Series(prior, dtype=float).reindex(here.index).fillna(0.0)
    seen = int(about["origins"].max())
    return (here * seen + before * PRIOR_ORIGINS) / (seen + PRIOR_ORIGINS)


def _best(ratios: "pd.Series[float]") -> str:
    """Return the model with the lowest ratio, the last value where it gains less than `LEAST_GAIN`."""
    name = str(ratios.idxmin())
    return name if ratios[name] <= -LEAST_GAIN else LAST_VALUE
