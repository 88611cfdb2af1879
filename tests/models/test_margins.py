"""Calibrated margins: the table's quantiles around the centre, the ranks of the drawn paths."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import (
    KNOTS_DAYS,
    LEVELS,
    MEDIAN,
    adapted,
    committed,
    knots_of,
    of_places,
    pooled,
    weighted_quantile,
)
from models.features.lags import Lags
from models.margins import (
    MOST_PEOPLE,
    MOST_UNITS,
    around_centre,
    arrivals_error,
    at_size,
    calibrate_arrivals,
    calibrate_stock,
    doubt,
    stock_error,
    stock_scale,
)

DAYS = 90
AHEAD = np.array(KNOTS_DAYS, dtype=float)
CALM = np.ones((1, len(KNOTS_DAYS)))


def lags(level: float = 1000.0, activity: float = 10.0, stale: float = 5.0, span: float = 200.0) -> Lags:
    one = np.array([1.0])
    return Lags(level * one, stale * one, one, one, one, one, one, one, activity * one, span * one, one, 186 * one)


def table() -> np.ndarray:
    return committed("last_value", "stock")


def test_stock_paths_take_the_tables_quantiles_at_the_knots():
    rng = np.random.default_rng(1)
    drawn = rng.normal(0, 1, (2001, 1, DAYS)).astype(np.float32)
    centre = np.full((1, DAYS), 50_000.0)
    known = lags(level=50_000.0)
    found = calibrate_stock(drawn, centre, known, table(), CALM)
    for j, knot in enumerate(KNOTS_DAYS):
        expected = centre[0, 0] + stock_scale(known, AHEAD)[0, j] * table()[j]
        some = [LEVELS.index(level) for level in (0.1, 0.25, 0.5, 0.75, 0.9)]
        got = np.quantile(found[:, 0, knot - 1], [LEVELS[i] for i in some])
        np.testing.assert_allclose(got, expected[some], rtol=0.01)
        order = np.argsort(drawn[:, 0, knot - 1])
        assert (np.diff(found[order, 0, knot - 1]) >= 0).all(), "ranks are kept"


def test_arrivals_come_on_the_days_they_came_and_never_less_than_before():
    rng = np.random.default_rng(2)
    drawn = (rng.poisson(3, (500, 1, DAYS)) * (rng.random((500, 1, DAYS)) < 0.3)).astype(np.float32)
    found = calibrate_arrivals(drawn, np.full((1, DAYS), 3.0), lags(), committed("last_value", "arrivals"), CALM)
    assert (found >= 0).all()
    assert np.isfinite(found).all()
    somebody = drawn[:, :, :7].sum(axis=2) > 0
    silent = (drawn[:, :, :7] == 0) & somebody[:, :, None]
    assert (found[:, :, :7][silent] == 0).all()


def test_sums_of_arrivals_have_the_tables_quantiles_at_every_knot_though_paths_change_ranks():
    """Calm weeks after a surge: lifting the paths that fall behind would push every quantile up."""
    rng = np.random.default_rng(4)
    drawn = rng.gamma(0.2, 15, (2001, 1, DAYS)).astype(np.float32)
    margins = np.tile(np.interp(LEVELS, [0.01, 0.5, 0.99], [-1.0, 0.0, 3.0]), (len(KNOTS_DAYS), 1))
    found = np.cumsum(calibrate_arrivals(drawn, np.full((1, DAYS), 10.0), lags(), margins, CALM), axis=2)
    levels = (0.1, 0.5, 0.9)
    for knot in KNOTS_DAYS:
        expected = 10 * knot * (1 + margins[0, [LEVELS.index(level) for level in levels]])
        np.testing.assert_allclose(np.quantile(found[:, 0, knot - 1], levels), expected, rtol=0.1)


def test_what_a_surge_out_of_nothing_teaches_is_people_and_not_a_factor():
    known = lags(activity=10.0)
    surge = float(arrivals_error(np.array([[1200.0]]), np.zeros((1, 1)), known, np.array([30.0]))[0, 0])
    errors = np.full((len(KNOTS_DAYS), len(LEVELS)), surge)
    steady = calibrate_arrivals(np.ones((10, 1, 30), np.float32), np.full((1, 30), 10.0), known, errors, CALM)
    np.testing.assert_allclose(steady.sum(axis=2), 1500, rtol=1e-5)


def test_a_table_around_the_centre_still_reaches_from_nobody():
    moved = around_centre(np.array([[-1.0] * MEDIAN + [-0.4] + [2.0] * MEDIAN]))
    assert moved[0, [0, MEDIAN, -1]].tolist() == pytest.approx([-1.0, 0.0, 2.4])


@pytest.mark.parametrize("per_day", [1e4, 1e7])
def test_no_range_holds_more_people_than_there_are(per_day):
    """After a jump from nobody to thousands a day the errors of the past are without measure."""
    drawn = np.random.default_rng(3).gamma(0.1, per_day, (300, 1, DAYS)).astype(np.float32)
    errors = np.tile(np.linspace(-12, 12, len(LEVELS)), (len(KNOTS_DAYS), 1))
    found = calibrate_arrivals(drawn, np.full((1, DAYS), per_day), lags(activity=per_day), errors, 2 * CALM)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert found.sum(axis=2).max() <= min(21.1 * per_day * DAYS, 1.01 * MOST_PEOPLE)
    stock = calibrate_stock(drawn, np.full((1, DAYS), per_day), lags(activity=per_day), 1e6 * errors, 2 * CALM)
    assert 0 <= stock.min() <= stock.max() <= MOST_PEOPLE


def test_a_right_centre_has_no_error():
    known = lags()
    happened = np.linspace(900, 1100, 5)[None, :]
    assert np.allclose(stock_error(happened, happened, known, AHEAD), 0)
    assert np.allclose(arrivals_error(happened, happened, known, AHEAD), 0)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.05, 1e4), st.floats(1, 1e3))
def test_errors_do_not_know_the_size_of_a_place(happened, centre, activity, factor):
    def error(size: float) -> float:
        known = lags(activity=activity * size)
        one = np.array([[happened * size]]), np.array([[centre * size]])
        return float(arrivals_error(*one, known, np.array([30.0]))[0, 0])

    assert error(1.0) == pytest.approx(error(factor), abs=1e-6)


def test_silence_widens():
    assert doubt(lags(stale=5))[0] == doubt(lags(stale=31))[0] == 1.0
    assert doubt(lags(stale=93))[0] > 1.5


@pytest.mark.parametrize("measure", ["arrivals", "stock"])
@pytest.mark.parametrize("model", ["last_value", "damped_trend", "steady_change", "gradient_boosting", "unheard of"])
def test_the_committed_table_ascends_and_grows_with_the_horizon(model, measure):
    found = committed(model, measure)
    assert found.shape == (len(KNOTS_DAYS), len(LEVELS))
    assert (np.diff(found, axis=1) >= 0).all()
    if measure == "stock":
        width = found[:, -3] - found[:, 2]
        assert (np.diff(width) > 0).all()


def test_own_errors_take_over_as_the_record_grows():
    own = [np.full(50, 9.0)] * len(KNOTS_DAYS)
    young, old = (adapted(table(), own, days)[0, MEDIAN] for days in (14, 10_000))
    assert abs(young) < 1
    assert old > 8
    np.testing.assert_allclose(adapted(table(), [np.empty(0)] * len(KNOTS_DAYS), 500), table())


def test_a_place_takes_on_its_own_errors_as_it_has_them_and_nobody_elses():
    errors = np.full((200, 3, len(KNOTS_DAYS)), np.nan)
    errors[:, 0], errors[:2, 1] = 9.0, 9.0
    old, young, silent = of_places(table(), errors, 7)[:, 0, MEDIAN]
    assert old > 8
    assert abs(young) < 1
    assert silent == table()[0, MEDIAN]
    np.testing.assert_array_equal(of_places(table(), errors[:, ::-1], 7), of_places(table(), errors, 7)[::-1])
    assert of_places(table(), errors[:, :0], 7).shape == (0, *table().shape)


def test_places_can_have_tables_of_their_own():
    drawn = np.random.default_rng(6).gamma(1, 5, (300, 2, DAYS)).astype(np.float32)
    two = Lags(*(np.repeat(getattr(lags(), f.name), 2) for f in fields(Lags)))
    centre, calm = np.full((2, DAYS), 5.0), np.repeat(CALM, 2, axis=0)
    shared = committed("last_value", "arrivals")
    same = calibrate_arrivals(drawn, centre, two, np.stack([shared, shared]), calm)
    np.testing.assert_array_equal(same, calibrate_arrivals(drawn, centre, two, shared, calm))
    other = calibrate_arrivals(drawn, centre, two, np.stack([shared, np.zeros_like(shared)]), calm)
    np.testing.assert_array_equal(other[:, 0], same[:, 0])
    np.testing.assert_allclose(other[:, 1].sum(axis=1), 5 * DAYS, rtol=1e-4)


@given(st.floats(-1, MOST_UNITS), st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_an_error_at_another_size_keeps_its_side_and_bounds(error, then, now):
    found = float(at_size(np.array([[[error]]]), np.array([[[then]]]), np.array([[now]]))[0, 0, 0])
    assert found == error if error <= 0 or then == now else 0 < found <= MOST_UNITS
    assert found <= error or now < then


def test_every_situation_weighs_the_same():
    many, few = [np.zeros(1000)] * len(KNOTS_DAYS), [np.ones(10)] * len(KNOTS_DAYS)
    found = pooled([many, few])
    assert found[0, LEVELS.index(0.25)] == 0
    assert found[0, LEVELS.index(0.75)] == 1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_weighted_quantiles_ascend_within_the_values(values):
    array = np.array(values)
    found = weighted_quantile(array, np.ones(len(array)), np.asarray(LEVELS))
    assert (np.diff(found) >= 0).all()
    assert array.min() <= found[0] <= found[-1] <= array.max()


@pytest.mark.parametrize("days", [1, 7, 20, 90, 120])
def test_the_last_day_is_always_a_knot(days):
    assert knots_of(days)[-1] == days
    assert len(set(knots_of(days))) == len(knots_of(days))
