"""What the features see, on small worlds where the answer is known."""

import numpy as np
import pytest

from models.features.conflict import conflict, events_within
from models.features.lags import lags
from models.features.openness import openness
from models.features.reach import gate_of
from models.features.steady import steady_now, steady_slope
from models.features.table import COLUMN, GROUPS, NAMES, features_now, neutral
from models.history import history
from models.panel import Panel
from models.routing import INFORMAL_SHARE
from tests.worlds import day, facts, growing, panel


def now_of(known: Panel):
    counts = history(known)
    return lags(counts, counts.column(known.origin_day))


def test_lags_of_a_steady_place():
    seen = now_of(panel(100, {"a": [(d, 1000.0 + 5 * d) for d in range(0, 99, 7)]}))
    assert seen.level[0] == 1490
    assert seen.stale_days[0] == 2
    assert seen.rate_last[0] == seen.rate_30[0] == seen.rate_90[0] == pytest.approx(5)
    assert seen.slope_30[0] == pytest.approx(5)
    assert seen.activity[0] == pytest.approx(5)
    assert seen.reported[0]


def test_days_that_are_not_known_are_not_zero():
    seen = now_of(panel(100, {"a": [(0, 1000.0), (40, 1400.0)]}))
    assert seen.rate_30[0] == pytest.approx(10), "the mean over known days, not over silence"
    assert seen.stale_days[0] == 60


def test_a_catch_up_is_no_rate():
    calm = [(7 * k, 1000.0 + 10 * k) for k in range(10)]
    seen = now_of(panel(80, {"a": [*calm, (70, 9000.0), (77, 9010.0)]}))
    assert seen.rate_30[0] < 2
    assert seen.slope_30[0] < 2


def test_a_place_silent_for_half_a_year_is_not_forecast():
    assert not now_of(panel(300, {"a": [(0, 5.0), (100, 6.0)]})).reported[0]


def test_a_place_that_falls_silent_when_another_begins_has_become_it_and_else_it_is_only_late():
    stops = {"a": [(d, 1000.0 + d) for d in range(0, 200, 7)]}
    old = {"b": [(d, 1000.0 + d) for d in range(0, 310, 7)]}
    begins = {"c": [(d, 1000.0 + d) for d in range(203, 310, 7)]}
    assert now_of(panel(300, {**stops, **old})).reported.tolist() == [True, True]
    assert now_of(panel(300, {**stops, **old, **begins})).reported.tolist() == [False, True, True]
    monthly = {"a": [(d, 1000.0 + d) for d in range(0, 200, 30)]}
    assert now_of(panel(300, {**monthly, **old, **begins})).reported.tolist() == [True, True, True]
    assert now_of(panel(250, {**stops, **old, **begins})).reported.tolist() == [True, True, True]


def test_conflict_counts_by_road_and_time():
    near, far = (0.9, 0.0), (-40.0, 0.0)
    stock = growing(1)

    def felt(events, at=100):
        known = panel(at, stock, events=events)
        return conflict(known, [known.origin_day])[0, 0]

    assert felt([(90, *near)])[0] > 0
    assert felt([(90, *near)])[1] == 0
    assert felt([(50, *near)])[1] > 0
    assert felt([(90, *near)])[0] > felt([(90, *far)])[0], "by distance"
    assert felt([(100, *near), (90, *near)])[0] > felt([(90, *near)])[0]
    assert (felt([]) == 0).all()


def test_conflict_is_seen_only_when_it_is_known():
    known = panel(100, growing(1), events=[(90, 0.9, 0.0)], conflict_lag_days=30)
    assert (conflict(known, [known.origin_day]) == 0).all()
    later = panel(121, growing(1), events=[(90, 0.9, 0.0)], conflict_lag_days=30)
    assert conflict(later, [later.origin_day])[0, 0, 0] > 0
    assert (conflict(later, [known.origin_day]) == 0).all()


def test_events_are_counted_within_road_kilometres_of_the_crossing():
    known = panel(100, growing(1), events=[(95, 0.0, 0.0), (96, 0.1, 0.0), (97, -30.0, 0.0)])
    assert gate_of(known) == {"w:s0": "w:p-s0"}
    assert events_within(known, 300, (0, 21)).to_dict() == {"w:s0": 2.0}
    assert events_within(known, 1, (0, 21)).to_dict() == {"w:s0": 0.0}


def test_openness_follows_what_was_known():
    known = panel(100, growing(2), status=[("p-s0", 80, None, "closed")])
    found = openness(known, [known.origin_day, known.origin_day - 30])
    assert found[0, 0].tolist() == pytest.approx([INFORMAL_SHARE, INFORMAL_SHARE - 1])
    assert found[0, 1].tolist() == [1, 0]
    assert found[1, 0].tolist() == [1, 0]


def test_the_steady_slope_ignores_one_correction_and_is_cautious():
    days = np.arange(0.0, 101, 10)
    people = 1000 + 5 * days
    jump = people + np.where(days >= 60, 9000, 0)
    assert steady_slope(days, people, 100) == pytest.approx(5)
    assert steady_slope(days, jump, 100) == pytest.approx(5)
    assert 0 < steady_slope(days, people, 150) < 5, "silence counts as no change"
    assert steady_slope(days, people, 400) == 0
    assert steady_slope(days[:1], people[:1], 10) == 0
    fell_and_rose = np.concatenate([people[:6], people[5] - 3 * (days[6:] - days[5])])
    assert steady_slope(days, fell_and_rose, 100) <= 0


def test_the_panel_gives_the_same_slope():
    known = panel(100, {"a": [(d, 1000.0 + 5 * d) for d in range(0, 101, 10)]})
    assert steady_now(known)[0] == pytest.approx(5)


def test_features_do_not_know_the_size_of_a_place():
    small = {"a": [(d, 1000.0 + 10 * d + 30 * (d % 3)) for d in range(0, 200, 7)]}
    large = {"a": [(d, 100 * people) for d, people in small["a"]]}
    one, two = features_now(panel(200, small)), features_now(panel(200, large))
    np.testing.assert_allclose(one, two, atol=0.05)


def test_neutral_features_tell_nothing_special():
    known = Panel(facts(growing(2), events=[(95, 0.5, 0.0)], status=[("p-s0", 80, None, "closed")]), "w", day(100))
    table = features_now(known)
    quiet = neutral(table, list(GROUPS))
    assert (quiet[:, COLUMN["openness"]] == 1).all()
    np.testing.assert_array_equal(quiet[:, COLUMN["conflict_recent"]], table[:, COLUMN["conflict_before"]])
    assert not np.array_equal(quiet, table, equal_nan=True)
    assert set().union(*GROUPS.values()) <= set(NAMES)
