"""What the Scorecard page says of past forecasts is what the stored forecasts and the counts known then say."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dashboard import queries_scores
from dashboard.components.scorecard import sentences, table, to_run
from dashboard.queries import View
from data.schema.driver import Driver
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.schema.score import Score
from data.store import Store
from models.paths import QUANTILE_COLUMNS
from tests.worlds import day, facts, load

GROWTH = {"s0": 14, "s1": 0}
"""People more each week: s0 grows by two a day, s1 stays."""
OFF = {"s0": 7.0, "s1": 3.0}
"""By how much the made-up forecasts of 14 days ahead are too high at each place."""


@pytest.fixture
def issued(store: Store) -> Store:
    """Weekly counts over 200 days; forecasts each fortnight that are too high by a known number of people."""
    weeks = range(0, 200, 7)
    load(store, facts({place: [(d, 1000.0 + more * d / 7) for d in weeks] for place, more in GROWTH.items()}))
    for origin in range(28, 200, 14):
        run = {
            "situation_id": "w", "model_name": "chosen", "model_version": "1", "role": "deployed",
            "origin_date": day(origin), "newest_observation_date": day(origin), "seed": 1, "path_count": 1,
            "model_sha256": "0" * 64,
        }  # fmt: skip
        rows = [_row(place, origin) for place in GROWTH]
        reasons = [("w:s0", "Forecast by damped trend: 9 % better than the last value on past forecasts."),
                   ("w:s1", "No skill: nothing has forecast this place better than its last value, which is shown."),
                   ("w:s1", "Over half of the people came by this road.")]  # fmt: skip
        drivers = pd.DataFrame(reasons, columns=["place_id", "sentence"]).assign(rank=[1, 1, 2])
        store.add_one(
            ForecastRun, run, {Forecast: pd.DataFrame(rows), Driver: drivers.assign(effect_people_per_day=None)}
        )
    return store


def _row(place: str, origin: int) -> dict:
    """A forecast of the people present 14 days ahead: 80 % range 5 people to each side of its median."""
    median = 1000.0 + GROWTH[place] * (origin + 14) / 7 + OFF[place]
    cuts = dict(zip(QUANTILE_COLUMNS, median + np.array([-8.0, -5, -2, 0, 2, 5, 8]), strict=True))
    return {"place_id": f"w:{place}", "measure": "stock", "aggregation": "daily", "horizon_days": 14, **cuts}


def test_a_card_says_what_the_forecasts_were_worth(issued: Store):
    judged = queries_scores.judged(View(issued, "w", day(196)))
    cards = queries_scores.cards(judged, "stock", 14)
    origins = [o for o in range(28, 190, 14) if o + 14 <= 196]
    assert cards.loc["w:s0", "forecasts"] == len(origins) == cards.loc["all", "forecasts"] / 2
    assert cards.loc["w:s0", "skill"] == pytest.approx(1 - 7 / 28), (
        "28 people came in the 14 days, 7 too many were said"
    )
    assert pd.isna(cards.loc["w:s1", "skill"]), "the last count was never wrong where nothing changed"
    assert cards.loc["all", "skill"] == pytest.approx(1 - (7 + 3) / 28)
    held = {percent: cards.loc[["w:s0", "w:s1"], f"inside_{percent}"].tolist() for percent in (50, 80, 90)}
    assert held == {50: [0, 0], 80: [0, len(origins)], 90: [len(origins)] * 2}
    assert cards.loc["w:s1", "recent_error"] == cards.loc["w:s1", "earlier_error"] == pytest.approx(3 / 1000)
    assert cards.loc["w:s0", "recent_error"] < cards.loc["w:s0", "earlier_error"], "as a share of more people"


def test_nothing_after_the_clock_judges(issued: Store):
    judged = queries_scores.judged(View(issued, "w", day(70)))
    assert judged["target_date"].max() <= pd.Timestamp(day(70))
    assert len(judged) < len(queries_scores.judged(View(issued, "w", day(196))))
    assert (judged["target_date"] - judged["origin_date"]).dt.days.eq(14).all()
    assert judged["target_date"].is_monotonic_increasing


def test_a_new_count_judges_at_once(issued: Store):
    view = View(issued, "w", day(230))
    before = queries_scores.judged(view)
    with issued.load("made-up") as target:
        frame = facts({"s0": [(203, 1406.0), (210, 1420.0)]})[Observation]
        target.add(
            Observation, frame[[c for c in Observation.content() if c in frame]].assign(known_at=frame["known_from"])
        )
    assert len(queries_scores.judged(view)) == len(before) + 1


def test_places_say_how_late_their_counts_are_and_who_answers(issued: Store):
    places = queries_scores.places(View(issued, "w", day(214))).set_index("id")
    assert set(places.index) == {"w:s0", "w:s1"}
    assert set(places["newest_date"]) == {day(196)}
    assert set(places["state"]) == {"overdue"}
    assert places["model"].to_dict() == {"w:s0": "damped trend", "w:s1": "last value"}


def test_what_is_shown_before_and_after_anything_could_be_checked(issued: Store):
    early = View(issued, "w", day(20))
    assert queries_scores.judged(early).empty
    cards = queries_scores.cards(queries_scores.judged(early), "stock", 14)
    places = queries_scores.places(early)
    assert places["model"].isna().all()
    assert "could be checked" in str(sentences(places, cards, "stock", 14))
    assert "not checked yet" in str(table(places, cards, early.instant))
    assert "python -m models backtest w" in str(to_run("w", issued=False))
    late = View(issued, "w", day(196))
    cards, places = queries_scores.cards(queries_scores.judged(late), "stock", 14), queries_scores.places(late)
    said = str(sentences(places, cards, "stock", 14))
    assert "75 % closer than the last count" in said
    assert "the last count was never wrong" in said
    assert "which is too narrow" in said
    assert "steady: 0 % → 0 %" in str(table(places, cards, late.instant))
    assert queries_scores.cards(queries_scores.judged(late), "arrivals", 14).empty


def test_a_stored_back_test_is_named_only_when_the_clock_may_know_it(issued: Store):
    assert queries_scores.stored_until(View(issued, "w", day(200))) is None
    row = {"situation_id": "w", "model_name": "chosen", "model_version": "1", "measure": "stock", "horizon_days": 14,
           "metric": "mae", "value": 1.0, "forecasts": 3, "data_cutoff_date": day(100), "place_id": None}  # fmt: skip
    issued.append({Score: pd.DataFrame([row])})
    assert queries_scores.stored_until(View(issued, "w", day(99))) is None
    assert queries_scores.stored_until(View(issued, "w", day(100))) == day(100)


def test_drift_compares_the_recent_third_with_the_rest():
    origins = [date(2020, 1, 1) + timedelta(days=14 * n) for n in range(9)]
    error = [1.0] * 6 + [4.0] * 3
    rows = pd.DataFrame({"origin_date": pd.to_datetime(origins), "place_id": "a", "measure": "stock",
                         "horizon_days": 30, "happened": 10.0, "last_value": 12.0})  # fmt: skip
    rows = rows.assign(**{name: 10.0 + np.array(error) for name in QUANTILE_COLUMNS})
    card = queries_scores.cards(rows, "stock", 30).loc["a"]
    assert (card["earlier_error"], card["recent_error"]) == pytest.approx((0.1, 0.4))
    few = queries_scores.cards(rows.head(5), "stock", 30).loc["a"]
    assert pd.isna(few["recent_error"])
    nobody = queries_scores.cards(rows.assign(happened=0.0), "stock", 30).loc["a"]
    assert pd.isna(nobody["recent_error"]), "zero people came: an error has no share of them"
