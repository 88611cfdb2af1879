"""Scores and the choice that follows from them."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.frames import check
from data.schema.place import Place
from models.metrics import covered, pinball, weighted_interval_score
from models.paths import QUANTILE_COLUMNS
from models.registry import LAST_VALUE
from models.scoring import COLUMNS, scores
from models.selection import LEAN_FORECASTS, choose


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


def test_the_best_past_scores_answer_whatever_the_name():
    choice = choose(judged(zebra=2.0, aardvark=6.0))
    assert set(choice.models.values()) == {"zebra"}
    assert choice.default == "zebra"
    assert choice.gain_percent["a"] > 30


def test_where_nothing_beats_the_last_value_it_answers():
    choice = choose(judged(worse=12.0))
    assert set(choice.models.values()) == {LAST_VALUE}
    assert choice.gain_percent["a"] == pytest.approx(0.0)


def test_a_place_with_few_scores_leans_on_the_situation():
    frame = judged(good=2.0)
    bad = (frame["place_id"] == "b") & (frame["model_name"] == "good")
    frame.loc[bad, list(QUANTILE_COLUMNS)] += 30
    few = frame[(frame["place_id"] == "a") | (frame["origin_date"] == frame["origin_date"].min())]
    assert choose(few).model_of("b") == "good", f"one forecast against {LEAN_FORECASTS}"
    assert choose(frame).model_of("b") == LAST_VALUE
    assert choose(few).model_of("never seen") == "good"


def test_nothing_scored_is_answered_by_the_last_value():
    assert choose(judged().iloc[:0]).default == LAST_VALUE
    assert choose(judged(good=1.0).query("model_name == 'good'")).default == LAST_VALUE


def test_the_row_check_can_fail():
    assert check(pd.DataFrame({"id": ["x"]}), Place).reasons
