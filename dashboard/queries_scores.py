"""What the Scorecard page reads: deployed forecasts that could be checked by the clock's day, and what they amount to.

Stored forecasts are judged by `models.outcomes`, from what was known at the clock: nothing is fitted here, and no count
that came later is used. A missing share or ratio means that there is nothing to divide by.
"""

from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
import pandas as pd
from sqlalchemy import func, select

from dashboard import queries_sources
from dashboard.queries import View, forecast_run
from data.schema.driver import Driver
from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.score import Score
from models.metrics import INTERVALS, absolute_error, covered
from models.outcomes import outcomes
from models.panel import Panel
from models.paths import QUANTILE_COLUMNS

LEAST_FOR_DRIFT = 6
"""With fewer forecasts than this a third of them is too little to set against the others."""
CARD = ["forecasts", "skill", *(f"inside_{percent}" for percent in INTERVALS), "earlier_error", "recent_error"]


def judged(view: View) -> pd.DataFrame:
    """Return the forecasts of the deployed forecaster that can be checked at the clock, the oldest target first.

    Columns of `models.outcomes`, and ``target_date``: the day a forecast speaks of, or the last day of its arrivals.
    ``happened`` and ``last_value`` (what repeating the last count would have said) are people.
    """
    run = forecast_run(view)
    if run is None:
        return pd.DataFrame(columns=["target_date", "place_id", "measure", "horizon_days"])
    return _judged(view, str(run["model_name"]), _newest(view))


@lru_cache(maxsize=32)
def _judged(view: View, model_name: str, newest: tuple[int, int]) -> pd.DataFrame:  # noqa: ARG001 - new facts make a new entry
    """Judge the stored forecasts of a forecaster, one for each origin whatever version made it."""
    every = outcomes(view.store, Panel.read(view.store, view.situation_id, view.as_of_date))
    found = every[every["model_name"] == model_name].sort_values(["origin_date", "model_version"])
    found = found.drop_duplicates(["origin_date", "place_id", "measure", "horizon_days"], keep="last")
    days = pd.to_timedelta(found["horizon_days"].to_numpy(dtype="int64"), unit="D")
    return found.assign(target_date=pd.to_datetime(found["origin_date"]) + days).sort_values("target_date")


def _newest(view: View) -> tuple[int, int]:
    """Return what changes when a forecast is issued or a count loaded: the newest run and count version."""
    run = select(func.max(ForecastRun.id)).where(ForecastRun.situation_id == view.situation_id).scalar_subquery()
    told = select(func.max(Observation.version_id)).where(view.store.visible(Observation))
    with view.store.engine.connect() as connection:
        row = connection.execute(select(run, told.scalar_subquery())).one()
    return int(row[0] or 0), int(row[1] or 0)


def cards(forecasts: pd.DataFrame, measure: str, horizon_days: int) -> pd.DataFrame:
    """Return how the forecasts of each place did at a horizon: index place_id (*all*: together), columns `CARD`.

    ``forecasts`` is their number. ``skill`` is 1 minus the mean error of the median over that of the last value
    (missing: the last value was never wrong), ``inside_80`` and the like how many fell inside that range. Errors are
    the mean error as a share of the mean of what happened: of the recent third of the forecasts and of the earlier ones
    (missing: fewer than `LEAST_FOR_DRIFT`, or nobody came).
    """
    some = forecasts[(forecasts["measure"] == measure) & (forecasts["horizon_days"] == horizon_days)]
    if some.empty:
        return pd.DataFrame(columns=CARD)
    groups = {"all": some} | {str(place): rows for place, rows in some.groupby("place_id")}
    return pd.DataFrame({place: _card(rows) for place, rows in groups.items()}).T[CARD]


def _card(rows: pd.DataFrame) -> dict[str, float]:
    """Return one place's card."""
    quantiles = rows[list(QUANTILE_COLUMNS)].to_numpy(dtype=float)
    happened = rows["happened"].to_numpy(dtype=float)
    error = absolute_error(quantiles, happened)
    last = float(np.abs(rows["last_value"].to_numpy(dtype=float) - happened).sum())
    inside = {f"inside_{percent}": float(covered(quantiles, happened, percent).sum()) for percent in INTERVALS}
    origins = np.sort(rows["origin_date"].unique())
    recent = (rows["origin_date"] >= origins[-max(len(origins) // 3, 1)]).to_numpy()
    enough = len(origins) >= LEAST_FOR_DRIFT
    return {
        "forecasts": float(len(rows)),
        "skill": 1 - float(error.sum()) / last if last > 0 else np.nan,
        **inside,
        "earlier_error": _share(error[~recent], happened[~recent]) if enough else np.nan,
        "recent_error": _share(error[recent], happened[recent]) if enough else np.nan,
    }


def _share(error: "np.ndarray", happened: "np.ndarray") -> float:
    """Return errors over what happened, missing where that is nobody."""
    return float(error.sum() / happened.sum()) if happened.sum() > 0 else np.nan


def places(view: View) -> pd.DataFrame:
    """Return the places that report or were judged, by name, as known at the clock.

    Columns: id, name, kind, newest_date and state of their newest report (missing: none of their own), and ``model``:
    the forecaster that answers there (missing: no forecast says who).
    """
    every = view.of(Place, situation_id=view.situation_id)[["id", "name", "kind"]]
    fresh = queries_sources.point_freshness(view.store, view.situation_id, min(view.instant, datetime.now(UTC)))
    counted = {*fresh["id"], *judged(view)["place_id"]}
    frame = every[every["id"].isin(counted)].merge(fresh[["id", "newest_date", "state"]], on="id", how="left")
    return frame.assign(model=frame["id"].map(_answering(view))).sort_values("name").reset_index(drop=True)


def _answering(view: View) -> dict[str, str]:
    """Return which forecaster answers at each place, as the stored reasons of the shown forecast say it."""
    run = forecast_run(view)
    if run is None:
        return {}
    every = view.store.read(Driver, run_id=int(run["id"]))
    named = every["sentence"].str.extract(r"^Forecast by ([^:]+):", expand=False)
    named = named.mask(every["sentence"].str.startswith("No skill:"), "last value")
    return dict(zip(every.loc[named.notna(), "place_id"], named.dropna(), strict=True))


def stored_until(view: View) -> date | None:
    """Return until when the stored scores know the counts; None: none is stored that the clock's day may know."""
    stored = view.store.read(Score, situation_id=view.situation_id)
    cutoff = stored.loc[stored["data_cutoff_date"] <= pd.Timestamp(view.as_of_date), "data_cutoff_date"].max()
    return None if pd.isna(cutoff) else cutoff.date()
