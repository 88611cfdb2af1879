"""Scores of judged forecasts, by place and over all places, as rows of ``data.schema.score``."""

from datetime import date

import numpy as np
import pandas as pd

from models.metrics import INTERVALS, absolute_error, covered, pinball, weighted_interval_score
from models.paths import QUANTILE_COLUMNS

MODEL = ["model_name", "model_version", "measure", "horizon_days"]
COLUMNS = ["situation_id", "place_id", *MODEL, "metric", "value", "forecasts", "data_cutoff_date"]


def scores(outcomes: pd.DataFrame, situation_id: str, data_cutoff_date: date) -> pd.DataFrame:
    """Return score rows from judged forecasts (`models.outcomes.outcomes`).

    Metrics: *mae* (people), *rmae* (over the last value's error on the same rows; no row where that is zero), *wis* and
    *pinball* (people), *wis_share* (of the mean of what happened), *coverage_50*, *coverage_80* and *coverage_90*
    (shares). ``place_id`` is missing for all places together.
    """
    if outcomes.empty:
        return pd.DataFrame(columns=COLUMNS)
    quantiles = outcomes[list(QUANTILE_COLUMNS)].to_numpy(dtype=float)
    happened = outcomes["happened"].to_numpy(dtype=float)
    judged = outcomes[["place_id", *MODEL]].assign(
        happened=happened,
        mae=absolute_error(quantiles, happened),
        last=np.abs(outcomes["last_value"].to_numpy(dtype=float) - happened),
        wis=weighted_interval_score(quantiles, happened),
        pinball=pinball(quantiles, happened),
        **{f"coverage_{p}": covered(quantiles, happened, p).astype(float) for p in INTERVALS},
    )
    by_place = _means(judged, ["place_id", *MODEL])
    together = _means(judged, MODEL).assign(place_id=None)
    rows = pd.concat([by_place, together.astype({"place_id": object})], ignore_index=True)
    return rows.assign(situation_id=situation_id, data_cutoff_date=data_cutoff_date)[COLUMNS]


def _means(judged: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return one row per group and metric."""
    groups = judged.groupby(by, observed=True)
    means = groups.mean(numeric_only=True)
    count = groups.size().rename("forecasts")
    means["rmae"] = means["mae"] / means["last"].where(means["last"] > 0)
    means["wis_share"] = means["wis"] / means["happened"].where(means["happened"] > 0)
    long = means.drop(columns=["last", "happened"]).stack().rename("value").rename_axis([*by, "metric"])
    return long.dropna().reset_index().merge(count.reset_index(), on=by)
