"""Weights of naive forecasts: a prior, then what has been best, never more than was known."""

import numpy as np
import pytest

from models.blend import PARTS, PRIOR, Examples, blended, examples, weights
from models.calibration import KNOTS_DAYS
from models.forecasters.combination import Combination
from models.forecasters.last_value import LastValue
from tests.worlds import panel

KNOTS = len(KNOTS_DAYS)


def made(count: int, best: int, known_day: int = 0) -> Examples:
    """Examples in which one part has always told the truth."""
    chance = np.random.default_rng(1)
    parts = chance.normal(size=(count, KNOTS, len(PARTS)))
    ones = np.ones((count, KNOTS))
    return Examples(parts, parts[:, :, best], known_day * ones.astype(np.int64), ones)


def seasonal(days: int) -> dict:
    """Return monthly arrivals with a yearly wave of a factor of nine between its ends."""
    wave = [(d, d + 29, 3000 * np.exp(1.1 * np.sin(2 * np.pi * d / 364))) for d in range(0, days, 30)]
    return {f"p{i}": [(a, b, round(people * (i + 1))) for a, b, people in wave] for i in range(3)}


def test_without_examples_the_prior_holds():
    assert weights([]) == pytest.approx(np.tile(PRIOR, (KNOTS, 1)))
    nothing = made(0, 0)
    assert weights([nothing]) == pytest.approx(weights([]))


@pytest.mark.parametrize("best", range(len(PARTS)))
def test_what_has_been_right_gets_the_weight(best):
    wanted = np.eye(len(PARTS))[best]
    assert weights([made(5000, best)]) == pytest.approx(np.tile(wanted, (KNOTS, 1)), abs=0.02)
    few = weights([made(5, best)])
    assert np.abs(few - wanted).max() > 0.05, "five examples do not move it all the way"


def test_what_was_not_known_yet_teaches_nothing():
    assert weights([made(500, 0, known_day=10).until(9)]) == pytest.approx(weights([]))
    assert weights([made(500, 0, known_day=10).until(10)]) == pytest.approx(weights([made(500, 0)]))


def test_all_weight_on_nothing_is_the_last_value():
    last = np.log1p(np.array([[2.0 * k for k in KNOTS_DAYS]]))
    rates = blended(last, np.ones((1, KNOTS, len(PARTS))), np.zeros((KNOTS, len(PARTS))), 120)
    assert rates == pytest.approx(np.full((1, 120), 2.0))


def test_sums_never_fall_whatever_the_weights():
    last = np.log1p(np.array([[50.0, 40.0, 30.0, 20.0, 10.0]]))
    rates = blended(last, np.zeros((1, KNOTS, len(PARTS))), np.tile(PRIOR, (KNOTS, 1)), 90)
    assert (rates >= 0).all()
    assert rates[0].sum() == pytest.approx(50)


def test_a_season_that_came_back_is_expected_again():
    then = panel(1109, {}, seasonal(1100))
    found = {m.name: m.fit(then).predict(then, 60, 50).arrivals.sum(axis=2) for m in (Combination(), LastValue())}
    came = sum(3000 * np.exp(1.1 * np.sin(2 * np.pi * d / 364)) for d in (1110, 1140))
    off = {name: abs(np.median(sums[:, 0]) / came - 1) for name, sums in found.items()}
    assert off["combination"] < 0.7 * off["last_value"]


def test_past_outcomes_carry_the_day_they_were_known():
    then = panel(399, {}, seasonal(400))
    some = examples(then)
    assert np.isfinite(some.happened).any()
    assert some.known_day[np.isfinite(some.happened)].max() <= then.origin_day
