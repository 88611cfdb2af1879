"""Issued forecasts beside what then happened."""

from datetime import date

import pandas as pd

from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.store import Store
from models.panel import Panel
from models.paths import HORIZON_DAYS, QUANTILE_COLUMNS
from models.targets import targets

FACT = ["origin_date", "place_id", "measure", "horizon_days"]
COLUMNS = [*FACT, "model_name", "model_version", *QUANTILE_COLUMNS, "happened", "last_value"]
_AGGREGATION = {"stock": "daily", "arrivals": "cumulative"}
_RUNS_AT_ONCE = 200


def outcomes(store: Store, panel: Panel, before: date | None = None) -> pd.DataFrame:
    """Return the stored forecasts that can be judged at the panel's origin, with the target of each.

    Only runs with an origin before ``before`` (missing: the panel's origin). One row per run, place, measure and
    horizon of `models.paths.HORIZON_DAYS`; nothing is known of what the panel does not know.
    """
    runs = store.read(ForecastRun, situation_id=panel.situation_id)
    runs = runs[runs["origin_date"] < pd.Timestamp(before or panel.origin_date)]
    happened = targets(panel, sorted({d.date() for d in runs["origin_date"]}))
    parts = [pd.DataFrame(columns=COLUMNS)]
    if happened.empty:
        return parts[0]
    for begin in range(0, len(runs), _RUNS_AT_ONCE):
        some = runs.iloc[begin : begin + _RUNS_AT_ONCE]
        rows = store.read(
            Forecast,
            run_id=some["id"].tolist(),
            horizon_days=list(HORIZON_DAYS),
            place_id=list(panel.counted_ids),
        )
        rows = rows[rows["aggregation"] == rows["measure"].map(_AGGREGATION)]
        named = rows.merge(some[["id", "origin_date", "model_name", "model_version"]], left_on="run_id", right_on="id")
        parts.append(named.merge(happened, on=FACT)[COLUMNS])
    return pd.concat([p for p in parts if not p.empty] or parts, ignore_index=True)
