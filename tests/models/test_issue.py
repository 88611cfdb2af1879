"""Forecasts are issued once, from what was known, and scored by what then happened. On a real database."""

import json
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from data.frames import check
from data.schema.driver import Driver
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.schema.score import Score
from data.store import Store
from models.__main__ import main
from models.backtest import backtest, nothing_known, report
from models.errors import UnknownSituation
from models.issue import issue, issue_one, origins, progress
from models.panel import Panel
from models.registry import LAST_VALUE, candidates, forecaster, forecasters
from models.rows import forecast_rows
from tests.worlds import day, facts, growing, load, panel

FEW = {name: candidates()[name] for name in (LAST_VALUE, "steady_change", "gradient_boosting")}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three forecasters instead of all: what is told here is the same for each."""
    monkeypatch.setattr("models.issue.candidates", lambda: FEW)


@pytest.fixture
def small(store: Store) -> Store:
    """A situation of two sites over 98 days that grow at an almost steady pace."""
    load(store, facts(steady(98)))
    return store


def steady(days: int) -> dict[str, list[tuple[int, float]]]:
    return {f"s{i}": [(d, 1000.0 + 9 * (i + 1) * d + d % 4) for d in range(0, days + 1, 7)] for i in range(2)}


def forecasts(store: Store) -> pd.DataFrame:
    """Return all that was forecast, with the model's name instead of the run's number, in an order of its own.

    The database promises none: room that was freed is filled again.
    """
    names = store.read(ForecastRun).set_index("id")["model_name"]
    rows = store.read(Forecast)
    rows["run_id"] = rows["run_id"].map(names)
    return rows.sort_values(list(rows.columns), ignore_index=True)


def test_origins_are_fortnightly_and_end_with_the_reports(small: Store):
    every = origins(small, "w")
    assert every[0] == day(98)
    assert {a - b for a, b in pairwise(every)} == {timedelta(days=14)}
    assert origins(small, "w", day(60))[0] == day(56)
    with pytest.raises(UnknownSituation):
        origins(small, "nowhere")


def test_issuing_twice_changes_nothing_and_the_newest_comes_first(small: Store):
    issue(small, "w", newest_only=True)
    first = small.read(ForecastRun, role="deployed")
    assert first["origin_date"].tolist() == [pd.Timestamp(day(98))]
    assert progress(small, "w").done == 1
    issue(small, "w")
    runs = small.read(ForecastRun)
    assert progress(small, "w").done == progress(small, "w").total == 7
    assert set(runs["model_name"]) == {*FEW, "chosen"}
    assert set(runs.loc[runs["role"] == "deployed", "model_name"]) == {"chosen"}
    assert issue(small, "w") == 0
    pd.testing.assert_frame_equal(small.read(ForecastRun), runs)
    assert (runs["newest_observation_date"] <= runs["origin_date"]).all()
    rows = small.read(Forecast, run_id=int(runs[runs["role"] == "deployed"]["id"].iloc[-1]))
    assert set(rows["horizon_days"]) == set(range(1, 91))
    assert not small.read(Driver).empty


def test_a_stored_run_can_be_drawn_again(small: Store):
    issue_one(small.engine.url, "w", day(70), answer=False)
    run = small.read(ForecastRun, model_name="steady_change").iloc[0]
    known = Panel.read(small, "w", run["origin_date"].date())
    again = forecast_rows(forecaster("steady_change").fit(known), known, 90, int(run["path_count"]), int(run["seed"]))
    stored = small.read(Forecast, run_id=int(run["id"]))
    both = stored.merge(again, on=["place_id", "measure", "aggregation", "horizon_days"], suffixes=("", "_again"))
    assert len(both) == len(stored)
    np.testing.assert_allclose(both["q90"], both["q90_again"], rtol=1e-6)


def test_a_later_report_does_not_change_what_was_issued(small: Store):
    """The same origin, issued with and without the future in the database."""
    issue_one(small.engine.url, "w", day(70), answer=True)
    before = forecasts(small)
    small.remove(ForecastRun, situation_id="w")
    changed = small.read(Observation)
    future = changed[changed["period_end_date"] > pd.Timestamp(day(70))]
    content = future[[c for c in Observation.content() if c in future]]
    with small.load("made-up") as target:
        target.add(Observation, content.assign(people=7))
    issue_one(small.engine.url, "w", day(70), answer=True)
    pd.testing.assert_frame_equal(forecasts(small), before)


def test_the_back_test_scores_everybody_and_reports(small: Store, tmp_path):
    found = backtest(small, "w")
    stored = small.read(Score)
    assert len(stored) == len(found) > 0
    assert set(stored["model_name"]) == {*FEW, "chosen"}
    assert set(stored["metric"]) >= {"mae", "rmae", "wis", "coverage_80"}
    assert (stored["data_cutoff_date"] == pd.Timestamp(day(98))).all()
    rmae = stored[stored["place_id"].isna() & (stored["metric"] == "rmae")].set_index(["model_name", "measure"])[
        "value"
    ]
    assert rmae[LAST_VALUE, "stock"].tolist() == pytest.approx([1, 1], abs=5e-3)
    assert rmae["steady_change", "stock"].max() < 1, "steady growth is easy"
    report(found, tmp_path / "scores.json")
    rows = json.loads((tmp_path / "scores.json").read_text())
    assert {"situation_id", "model_name", "metric", "value", "forecasts", "data_cutoff_date"} <= set(rows[0])
    assert rows[0]["place_id"] is None
    assert {row["place_id"] for row in rows} == {None, "w:s0", "w:s1"}
    assert len(rows) == len(found)
    again = backtest(small, "w")
    pd.testing.assert_frame_equal(again, found)
    assert len(small.read(Score)) == len(stored)


def test_a_back_test_without_anything_to_judge_does_not_fail(store: Store):
    load(store, facts({"s0": [(d, 100.0 + d) for d in (0, 14, 28)]}))
    assert backtest(store, "w").empty
    assert backtest(store, "w").empty, "and again, beside what is stored"


def test_f64_what_nobody_knew_in_time_is_not_back_tested_and_the_reason_is_said(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    days = range(0, 60, 7)
    load(store, facts({"s0": [(d, 100.0 + d) for d in days]}, late={("s0", d): 900 for d in days}))
    assert main(["backtest", "w"]) == 0
    said = capsys.readouterr().out
    assert f"its reports end on {day(56)}, but none was known before {day(900)}" in said
    assert "--lag-days" in said
    assert "Nothing could be judged" in said
    assert store.read(ForecastRun).empty
    assert main(["predict", "w", "--origin", day(70).isoformat()]) == 0
    assert f"w: nothing had been reported by {day(70)}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stock", "reason"), [({}, "nobody has reported"), ({"s0": [(3, 9.0)]}, f"its reports end on {day(3)}")]
)
def test_f64_a_situation_too_young_to_forecast_says_so(store: Store, stock, reason: str):
    load(store, facts(stock, extra_sites=["s0"]))
    assert reason in (nothing_known(store, "w") or "")


def test_rows_fit_their_table():
    known = panel(200, growing())
    rows = forecast_rows(forecaster(LAST_VALUE).fit(known), known, 90, 50, 1)
    rules = [c.info["rule"] for c in Forecast.__table__.constraints if "rule" in getattr(c, "info", {})]
    assert len(rules) >= 4
    for rule in rules:
        assert rows.eval(rule, engine="python").all(), rule
    assert check(pd.DataFrame({"place_id": ["a"]}), Observation).reasons


def test_totals_follow_the_places():
    known = panel(200, growing())
    rows = forecast_rows(forecaster(LAST_VALUE).fit(known), known, 14, 400, 1).set_index(
        ["place_id", "measure", "aggregation", "horizon_days"]
    )
    whole = rows.loc[("w", "arrivals", "cumulative", 14)]
    parts = rows.loc[[(f"w:s{i}", "arrivals", "cumulative", 14) for i in range(3)]]
    assert parts["q05"].sum() < whole["q05"], "the quantile of a sum is narrower than the sum of quantiles"
    assert whole["q95"] - whole["q05"] < (parts["q95"] - parts["q05"]).sum()


def test_every_forecaster_is_found_once():
    assert set(candidates()) < set(forecasters())
    assert [c.role for c in forecasters().values()].count("deployed") == 1


def test_the_command_line(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys, tmp_path):
    load(store, facts(steady(84)))
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    assert main(["derive", "w"]) == 0
    assert main(["issue", "--newest", "w"]) == 0
    assert "1 of 6 origins issued" in capsys.readouterr().out
    assert main(["backtest", "--report", str(tmp_path / "r.json"), "w"]) == 0
    assert "steady_change" in capsys.readouterr().out
    assert json.loads((tmp_path / "r.json").read_text())
    assert main(["issue", "nowhere"]) == UnknownSituation.exit_code
    assert "nowhere" in capsys.readouterr().err
