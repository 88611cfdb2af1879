"""Scores and the choice that follows from them."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.frames import check
from data.schema.place import Place
from models.metrics import covered, pinball, weighted_interval_score
from models.paths import QUANTILE_COLUMNS
from models.registry import LAST_VALUE, forecasters
from models.scoring import COLUMNS, scores
from models.selection import COUNTED, LEAN_FORECASTS, REGISTERED, choose, committed, prior_of


def judged(**errors: float) -> pd.DataFrame:
    """Forecasts of 100 people at two places; each model is off by its error, the last value by 10."""
    rows = []
    for model, error in {LAST_VALUE: 10.0, **errors}.items():
        for place in ("a", "b"):
            for n in range(20):
                cuts = 100 + error + np.array([-3, -2, -1, 0, 1, 2, 3])
                rows.append(
                    [
                        pd.Timestamp("2020-01-01") + pd.Timedelta(days=14 * n),
                        place,
                        "stock",
                        30,
                        model,
                        "1",
                        *cuts,
                        100.0,
                        110.0,
                    ]
                )
    columns = ["origin_date", "place_id", "measure", "horizon_days", "model_name", "model_version"]
    return pd.DataFrame(rows, columns=[*columns, *QUANTILE_COLUMNS, "happened", "last_value"])


def test_scores_are_relative_to_the_last_value_on_the_same_rows():
    found = scores(judged(better=4.0), "w", date(2021, 1, 1))
    value = found.set_index(["place_id", "model_name", "metric"])["value"]
    assert value["a", "better", "rmae"] == pytest.approx(0.4)
    assert value["a", LAST_VALUE, "rmae"] == pytest.approx(1.0)
    assert value["a", "better", "mae"] == pytest.approx(4.0)
    assert value["a", "better", "coverage_90"] == 0.0
    together = found[found["place_id"].isna() & (found["metric"] == "mae")]
    assert together["forecasts"].tolist() == [40, 40]
    assert set(found.columns) == set(COLUMNS)


def test_nothing_judged_is_no_score():
    assert scores(pd.DataFrame(), "w", date(2021, 1, 1)).empty


def test_known_values_of_the_metrics():
    cuts = np.array([[0.0, 1, 2, 3, 4, 5, 6]])
    assert covered(cuts, np.array([6.0]), 90).tolist() == [True]
    assert covered(cuts, np.array([6.1]), 90).tolist() == [False]
    assert pinball(np.full((1, 7), 3.0), np.array([3.0])).tolist() == [0.0]
    # 0.5 * 0 + (0.25 * 2 + 0.1 * 4 + 0.05 * 6) over 3.5
    assert weighted_interval_score(cuts, np.array([3.0])) == pytest.approx(1.2 / 3.5)


KINDS = {"a": REGISTERED, "b": REGISTERED}
NONE: dict = {}


def chosen(frame: pd.DataFrame, kinds=KINDS, prior=NONE):
    """Choose among every model of a frame, with nothing known of other situations."""
    return choose(frame, kinds, {*frame["model_name"], "elsewhere"}, prior)


def test_the_best_past_scores_answer_whatever_the_name():
    choice = chosen(judged(zebra=2.0, aardvark=6.0))
    assert dict(choice.stock) == {"a": "zebra", "b": "zebra"}
    assert dict(choice.arrivals) == {"a": LAST_VALUE, "b": LAST_VALUE}, "no arrivals were scored"


def test_the_gain_is_that_of_arrivals_and_only_where_they_were_scored():
    assert chosen(judged(zebra=2.0)).gain_percent == {}
    choice = chosen(judged(zebra=2.0).assign(measure="arrivals"))
    assert choice.gain_percent["a"] > 30


def test_where_nothing_beats_the_last_value_it_answers():
    choice = chosen(judged(worse=12.0).assign(measure="arrivals"))
    assert set(choice.arrivals.values()) == {LAST_VALUE}
    assert choice.gain_percent["a"] == pytest.approx(0.0)


def test_a_place_with_few_scores_leans_on_the_situation():
    frame = judged(good=2.0)
    bad = (frame["place_id"] == "b") & (frame["model_name"] == "good")
    frame.loc[bad, list(QUANTILE_COLUMNS)] += 30
    few = frame[(frame["place_id"] == "a") | (frame["origin_date"] == frame["origin_date"].min())]
    assert chosen(few).stock["b"] == "good", f"one forecast against {LEAN_FORECASTS}"
    assert chosen(frame).stock["b"] == LAST_VALUE
    assert chosen(few, {"never seen": REGISTERED}).stock["never seen"] == "good"


def test_a_situation_with_few_scores_leans_on_others_of_its_kind():
    prior = {(REGISTERED, "stock"): {"elsewhere": -0.2}, (COUNTED, "arrivals"): {"other": -0.2}}
    empty = judged().iloc[:0]
    assert chosen(empty, prior=prior).stock["a"] == "elsewhere"
    assert chosen(empty, prior=prior).arrivals["a"] == LAST_VALUE
    assert chosen(empty, {"a": COUNTED}, prior).stock["a"] == LAST_VALUE
    frame = judged(good=9.5, elsewhere=10.0)
    assert chosen(frame[frame["origin_date"] == frame["origin_date"].min()], prior=prior).stock["a"] == "elsewhere"
    assert chosen(frame).stock["a"] == "good"
    several = judged(good=2.0, elsewhere=14.0)
    assert chosen(several, prior=prior).stock["a"] == "good", "what happened here outweighs other situations"


def test_a_model_that_may_not_answer_does_not():
    prior = {(REGISTERED, "stock"): {"absent": -0.5}}
    assert chosen(judged().iloc[:0], prior=prior).stock["a"] == LAST_VALUE


def test_nothing_scored_is_answered_by_the_last_value():
    assert set(chosen(judged().iloc[:0]).stock.values()) == {LAST_VALUE}
    assert set(chosen(judged(good=1.0).query("model_name == 'good'")).stock.values()) == {LAST_VALUE}


def test_the_committed_skills_name_forecasters_of_this_house():
    assert committed()[REGISTERED, "stock"][LAST_VALUE] == 0.0
    assert {name for skills in committed().values() for name in skills} <= set(forecasters())


def test_skills_of_others_are_held_back_by_how_little_they_say():
    long = prior_of({"one": judged(good=2.0)}, REGISTERED)[REGISTERED, "stock"]["good"]
    short = prior_of({"one": judged(good=2.0).groupby("model_name").head(2)}, REGISTERED)[REGISTERED, "stock"]["good"]
    assert long < short < 0
    assert prior_of({}, REGISTERED) == {}


def test_the_row_check_can_fail():
    assert check(pd.DataFrame({"id": ["x"]}), Place).reasons
