"""Weekdays on which more people come, told from chance and never from what was not yet known."""

import numpy as np
import pytest

from models.facts import facts
from models.features.market_days import LEAST_WEEKS, week_shape
from models.history import history
from models.past import past, week_now
from models.registry import forecaster
from tests.worlds import day, panel

AT = 200
MARKET = 5


def daily(until: int = AT, times: float = 4.0, seed: int = 1) -> list[tuple[int, int, float]]:
    """Counts of every day, with so many times the people on Saturdays."""
    usual = np.random.default_rng(seed).poisson(100, until + 1)
    return [(d, d, float(n * (times if day(d).weekday() == MARKET else 1))) for d, n in enumerate(usual)]


def test_the_market_day_is_found_and_the_week_keeps_its_mean():
    known = panel(AT, flow={"p-a": daily()})
    week = week_now(known)
    assert week.shape == (1, 7)
    np.testing.assert_allclose(week.mean(axis=1), 1)
    ahead = [day(AT + 1 + k).weekday() for k in range(7)]
    assert ahead[int(week[0].argmax())] == MARKET
    assert week.max() == pytest.approx(7 * 4 / 10, rel=0.05)
    assert "On Saturdays 2." in " ".join(facts(known)["sentence"])


def test_chance_makes_no_market_day():
    weeks = [week_now(panel(AT, flow={"p-a": daily(times=1.0, seed=seed)})) for seed in range(5)]
    assert np.abs(np.concatenate(weeks) - 1).max() < 0.05


def test_a_jump_from_nobody_to_ten_thousand_makes_none():
    flow = {"p-a": [(d, d, 0.0 if d < 150 else 10_000.0) for d in range(AT + 1)]}
    np.testing.assert_allclose(week_now(panel(AT, flow=flow)), 1, atol=0.05)


@pytest.mark.parametrize("flow", [[(d, d + 6, 700.0) for d in range(0, AT - 6, 7)], daily(7 * LEAST_WEEKS - 8)])
def test_without_enough_days_counted_one_by_one_every_day_is_alike(flow):
    np.testing.assert_array_equal(week_now(panel(AT, flow={"p-a": flow})), 1)


def test_what_comes_later_changes_no_past_day():
    until = [r for r in daily() if r[0] <= 150]
    later = [*until, *((d, d, 5_000.0 * (d % 7 == 2)) for d in range(151, AT + 1))]
    then = history(panel(150, flow={"p-a": until}))
    whole = panel(AT, flow={"p-a": later})
    column = history(whole).column(whole.origin_day - 50)
    np.testing.assert_array_equal(
        week_shape(history(whole), column), week_shape(then, then.column(then.first_day + 150))
    )
    assert len(past(whole).weeks) == len(past(whole).days)


def test_the_forecast_has_its_market_days():
    known = panel(AT, flow={"p-a": daily()})
    paths = forecaster("last_value").fit(known).predict(known, 28, 200, 1)
    middle = np.median(paths.arrivals[:, 0], axis=0)
    market = np.array([day(AT + 1 + k).weekday() == MARKET for k in range(28)])
    assert middle[market].min() > 2 * middle[~market].max()
