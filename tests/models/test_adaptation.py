"""Ranges widen when the regime changes, stay where it does not, and know nothing of the future."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.adaptation import MOST_FACTOR, factors
from models.calibration import KNOTS_DAYS, LEVELS, MEDIAN, adapted

LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)
WEEK = 7
NORMAL = np.quantile(np.random.default_rng(0).normal(size=100_001), LEVELS)
TABLE = np.tile(NORMAL, (len(KNOTS_DAYS), 1))


def errors(count: int, places: int, seed: int, change_at: "int | None" = None) -> np.ndarray:
    """Normal errors (past days, places, knots), of four times the variance from one past day on."""
    found = np.random.default_rng(seed).normal(size=(count, places, len(KNOTS_DAYS)))
    if change_at is not None:
        found[change_at:] *= 2
    return found


def covered(series: np.ndarray, at: range, *, adapts: bool) -> float:
    """Return the share of errors at 7 days inside the 80 % range that was known at each of some past days."""
    inside = []
    for i in at:
        known, origin = series[:i], i * WEEK
        table = adapted(TABLE, [known[: max(i - k // WEEK, 0), :, j].ravel() for j, k in enumerate(KNOTS_DAYS)], origin)
        wide = factors(known, table, WEEK)[:, 0] if adapts else 1.0
        off = series[i, :, 0] - table[0, MEDIAN]
        low, high = (table[0, at] - table[0, MEDIAN] for at in (LOW, HIGH))
        inside.append((off >= wide * low) & (off <= wide * high))
    return float(np.mean(inside))


@pytest.mark.parametrize(("places", "repeats"), [(1, 20), (6, 6)])
def test_after_a_change_of_regime_coverage_comes_back_faster(places, repeats):
    after = range(76, 104, 4)
    many = [errors(104, places, seed, change_at=60) for seed in range(repeats)]
    plain, adapting = (np.mean([covered(s, after, adapts=adapts) for s in many]) for adapts in (False, True))
    assert plain < 0.63
    assert adapting > max(plain + 0.08, 0.68)


@pytest.mark.parametrize("places", [1, 6])
def test_where_nothing_changes_coverage_stays(places):
    found = np.mean([covered(errors(80, places, seed), range(20, 80, 3), adapts=True) for seed in range(10)])
    assert found == pytest.approx(0.80, abs=0.025)


def test_calm_times_narrow_a_range():
    calm = np.zeros((60, 3, len(KNOTS_DAYS)))
    found = factors(calm, TABLE, WEEK)
    assert (found < 1).all()
    assert (found[:, 0] < found[:, -1]).all(), "short horizons have been judged more often"


def test_nothing_is_known_before_a_horizon_is_over():
    """Errors of past days whose horizon ends after the origin change nothing, whatever they are."""
    count, origin = 20, 20 * WEEK
    series = errors(count, 4, 3)
    shuffled = series.copy()
    for j, knot in enumerate(KNOTS_DAYS):
        over = WEEK * np.arange(count) + knot <= origin
        shuffled[~over, :, j] = np.random.default_rng(5).normal(0, 1000, ((~over).sum(), 4))
    first, second = (factors(s, TABLE, WEEK) for s in (series, shuffled))
    np.testing.assert_array_equal(first, second)


def test_without_outcomes_nothing_moves():
    unknown = np.full((10, 2, len(KNOTS_DAYS)), np.nan)
    assert (factors(unknown, TABLE, WEEK) == 1).all()
    assert (factors(unknown[:0], TABLE, WEEK) == 1).all()


@given(st.integers(0, 50), st.floats(-1e6, 1e6), st.integers(1, 5))
def test_factors_are_finite_and_bounded_and_follow_their_places(count, size, places):
    series = errors(count, places, 1) * size
    series[::3] = np.nan
    flat = np.zeros_like(TABLE)
    for table in (TABLE, flat):
        found = factors(series, table, WEEK)
        assert np.isfinite(found).all()
        assert (np.abs(np.log(found)) <= np.log(MOST_FACTOR) + 1e-9).all()
        turned = factors(series[:, ::-1], table, WEEK)
        np.testing.assert_allclose(turned, found[::-1])
