"""The forecast that answers on a day, and the command that asks what would happen if a crossing closed or opened."""

import pandas as pd
import pytest

from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.store import Store
from models.__main__ import main
from models.answered import expected_arrivals, newest_answer
from models.paths import QUANTILE_COLUMNS
from tests.worlds import day, facts, growing, load

AT = 120
RUN = {
    "situation_id": "w", "model_version": "1", "seed": 1, "newest_observation_date": None, "path_count": 1,
    "model_sha256": "",
}  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    """Two points, answers of two days (ten and twenty people a day at each) and a shadow run that does not count."""
    load(store, facts(growing(2, days=100)))
    for origin, role, a_day in ((60, "deployed", 10.0), (100, "deployed", 20.0), (110, "shadow", 99.0)):
        rows = [
            {"place_id": f"w:p-s{i}", "measure": "arrivals", "aggregation": "cumulative", "horizon_days": n,
             **dict.fromkeys(QUANTILE_COLUMNS, a_day * n)}
            for i in range(2) for n in range(1, 91)
        ]  # fmt: skip
        run = {**RUN, "model_name": role, "role": role, "origin_date": day(origin)}
        store.add_one(ForecastRun, run, {Forecast: pd.DataFrame(rows)})
    return store


@pytest.mark.parametrize(("at", "a_day"), [(59, None), (60, 10.0), (99, 10.0), (100, 20.0), (AT, 20.0)])
def test_the_newest_deployed_run_of_the_day_answers(filled, at, a_day):
    found = expected_arrivals(filled, "w", day(at))
    assert (newest_answer(filled, "w", day(at)) is None) == (a_day is None)
    assert found.loc[found["horizon_days"] == 1, "q50"].tolist() == ([] if a_day is None else [a_day] * 2)


def test_the_command_tells_who_goes_where_and_that_it_is_no_recommendation(filled, database_url, monkeypatch, capsys):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    asked = ["what-if", "w", "w:p-s0", "--as-of", day(AT).isoformat(), "--days", "30"]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "nobody should be prevented from crossing" in said
    together = next(line.split() for line in said.splitlines() if "together" in line)
    assert together[1:5] == ["1,200"] * 4
    new = ["what-if", "w", "w:new", "--as-of", day(AT).isoformat(), "--opens-at", "BBB", "1.0", "0.1"]
    assert main(new) == 0
    assert "w:new opens" in capsys.readouterr().out
    assert main(["what-if", "w", "w:nowhere", "--as-of", day(AT).isoformat()]) != 0
    assert "is no border point" in capsys.readouterr().err
