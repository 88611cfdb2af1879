"""The back-test: every issued forecast judged by what then happened.

There is no second way of forecasting the past: the runs that are scored are the runs that were issued, each from a
panel that knew nothing after its origin. So a broken back-test goes on where it stopped.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.score import Score
from data.store import Store
from models.issue import issue, origins
from models.outcomes import outcomes
from models.panel import Panel
from models.scoring import scores

FIRST_ORIGIN_DAYS = 60


def backtest(store: Store, situation_id: str, jobs: int = 1) -> pd.DataFrame:
    """Issue what is missing, score every forecaster over all origins, store and return the scores.

    Scored are origins from `FIRST_ORIGIN_DAYS` after the situation's start (BENCHMARK.md, Q2). Scores of an earlier
    back-test of the situation are replaced.
    """
    issue(store, situation_id, jobs=jobs)
    panel = Panel.read(store, situation_id, _today())
    last = panel.newest_observation_date
    if last is None:
        return scores(pd.DataFrame(), situation_id, _today())
    judged = outcomes(store, panel.at(last))
    first = panel.situation["start_date"] + timedelta(days=FIRST_ORIGIN_DAYS)
    found = scores(judged[judged["origin_date"] >= first], situation_id, last)
    store.remove(Score, situation_id=situation_id)
    store.append({Score: found})
    return found


def nothing_known(store: Store, situation_id: str) -> str | None:
    """Return in words why no origin of a situation can have a forecast; None where one can.

    Raises UnknownSituation when there is none of that id.
    """
    every = origins(store, situation_id)
    places = store.read(Place, situation_id=situation_id)["id"].tolist()
    reports = store.history(Observation, place_id=places)
    reports = reports[~reports["is_deleted"].astype(bool)]
    if reports.empty:
        return "nobody has reported anything yet"
    last, known = reports["period_end_date"].max().date(), reports["known_from"].min().date()
    if not every:
        return f"its reports end on {last}, less than a fortnight after its start"
    if known <= every[0]:
        return None
    return (
        f"its reports end on {last}, but none was known before {known}: counts of the past are back-tested when they "
        "come as observations.csv of the situation's folder, or with --lag-days of python -m etl run"
    )


def report(found: pd.DataFrame, path: Path) -> None:
    """Write scores as JSON: a list of rows of ``data.schema.score``, by situation, place, model, horizon and metric.

    ``place_id`` is null for all places together; these rows come first.
    """
    ordered = found.sort_values("place_id", na_position="first", kind="stable").astype({"data_cutoff_date": str})
    plain = ordered.astype(object).where(ordered.notna(), None)
    rows: list[dict[str, Any]] = plain.to_dict("records")
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _today() -> date:
    """Return today's date (UTC): what the database holds now is the truth that forecasts are judged by."""
    return datetime.now(UTC).date()
