"""UNHCR's preparedness scale at and around its edges."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.ppre import IMPACT_NAMES, impact, likelihood, seriousness


@pytest.mark.parametrize(
    ("people_per_day", "expected"),
    [(0, 1), (0.99, 1), (1, 2), (50, 2), (50.01, 3), (500, 3), (500.01, 4), (10_000 / 14, 4), (1_000, 4), (1_000.1, 5),
     (16_000, 5)],
)  # fmt: skip
def test_impact_by_arrivals_a_day(people_per_day, expected):
    assert impact(pd.Series([people_per_day])).tolist() == [expected]


def test_unknown_arrivals_have_no_impact_class_and_the_index_is_kept():
    found = impact(pd.Series([None, 5.0, float("nan")], index=["a", "b", "c"]))
    assert found.isna().tolist() == [True, False, True]
    assert found.index.tolist() == ["a", "b", "c"]
    assert found["b"] == 2
    assert impact(pd.Series([], dtype="float64")).empty


def test_the_assumed_edges_can_be_changed_and_the_published_ones_cannot():
    values = pd.Series([0.5, 80, 120, 500, 501])
    assert impact(values, minor_people_per_day=100, negligible_below=0.1).tolist() == [2, 2, 3, 3, 4]


@pytest.mark.parametrize("value", [-1, float("inf")])
def test_impossible_arrivals_are_refused(value):
    with pytest.raises(ValueError, match="arrivals a day"):
        impact(pd.Series([1.0, value]))


@given(st.lists(st.floats(0, 1e6), min_size=2).map(sorted))
def test_more_arrivals_never_lower_the_impact(values):
    classes = impact(pd.Series(values))
    assert classes.is_monotonic_increasing
    assert classes.isin(list(IMPACT_NAMES)).all()


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0, 1), (0.2, 1), (0.2000001, 2), (0.4, 2), (0.6, 3), (0.61, 4), (0.8, 4), (0.800001, 5), (1, 5)],
)
def test_likelihood_in_steps_of_twenty_points(probability, expected):
    assert likelihood(probability) == expected


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_impossible_probabilities_are_refused(probability):
    with pytest.raises(ValueError, match="probability"):
        likelihood(probability)


def test_every_pair_of_classes_has_the_level_of_its_product():
    for one in range(1, 6):
        for other in range(1, 6):
            found, product = seriousness(one, other), one * other
            expected = "low" if product <= 7 else "medium" if product <= 14 else "high"
            assert (found.score, found.level) == (product, expected)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (6, 1), (1, 0), (1, 6)])
def test_classes_outside_the_scale_are_refused(one, other):
    with pytest.raises(ValueError, match="between 1 and 5"):
        seriousness(one, other)
