"""The forecast that answers on a day: the newest deployed run issued by then."""

from datetime import date

import pandas as pd

from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.store import Store


def newest_answer(store: Store, situation_id: str, as_of_date: date) -> pd.Series | None:
    """Return the newest deployed run of a situation issued at or before a day, None when there is none."""
    runs = store.read(ForecastRun, situation_id=situation_id, role="deployed")
    runs = runs[runs["origin_date"] <= pd.Timestamp(as_of_date)]
    return None if runs.empty else runs.sort_values(["origin_date", "id"]).iloc[-1]


def expected_arrivals(store: Store, situation_id: str, as_of_date: date) -> pd.DataFrame:
    """Return the cumulative quantiles of arrivals that answer on a day, of every place (`data.schema.forecast`).

    Empty when nothing had been issued by then.
    """
    run = newest_answer(store, situation_id, as_of_date)
    run_id = -1 if run is None else int(run["id"])
    return store.read(Forecast, run_id=run_id, measure="arrivals", aggregation="cumulative")
