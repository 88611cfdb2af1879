"""The back-test: every issued forecast judged by what then happened.

There is no second way of forecasting the past: the runs that are scored are the runs that were issued, each from a
panel that knew nothing after its origin. So a broken back-test goes on where it stopped.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from data.schema.score import Score
from data.store import Store
from models.issue import issue
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
