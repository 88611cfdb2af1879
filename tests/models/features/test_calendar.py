"""The time of year."""

import numpy as np
import pytest

from models.features.calendar import FEATURE, LEAST_DAYS
from tests.worlds import panel


def test_the_season_is_missing_until_two_years_of_reports_are_known():
    known = panel(900, {"a": [(d, 100.0 + d) for d in range(50, 900, 7)]})
    first = known.origin_day - 900 + 50
    found = FEATURE.on(known, [first, first + LEAST_DAYS - 1, first + LEAST_DAYS])[:, 0]
    assert np.isnan(found[:2]).all()
    assert np.isfinite(found[2]).all()


def test_late_reports_of_long_ago_do_not_make_a_season():
    late = {("a", d): 880 for d in range(0, 900, 10)}
    known = panel(900, {"a": [(d, 100.0 + d) for d in range(0, 900, 10)]}, late=late)
    assert np.isnan(FEATURE.on(known, [known.origin_day])).all()


def test_december_is_next_to_january_and_far_from_june():
    known = panel(1000, {"a": [(d, 100.0 + d) for d in range(0, 1000, 7)]})
    december, january, june = 18992, 18992 + 2, 18992 - 183
    assert known.origin_day > january
    early, late, summer = FEATURE.on(
        panel(1500, {"a": [(0, 1.0), (900, 5.0)]}), [d + 365 for d in (december, january, june)]
    )[:, 0]
    assert np.linalg.norm(early - late) < 0.1
    assert np.linalg.norm(early - summer) == pytest.approx(2, abs=0.01)
