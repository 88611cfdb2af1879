"""Ranges of places of one situation: each place that counts comes to have those of its own errors."""

from datetime import date

import numpy as np
import pytest

from models.forecasters.last_value import LastValue
from models.panel import Panel
from tests.benchmarks.made_up import situation

START = date(2022, 1, 1)
WEEKS = 150
STEADY, RARE = "w:steady", "w:rare"


def counted(weeks: int = WEEKS) -> Panel:
    """A big crossing whose weeks differ by a few percent, ten wild ones, and one where people come one week in ten."""
    rng = np.random.default_rng(5)
    people = {"steady": 7000 * (1 + 0.03 * rng.normal(size=weeks)), "rare": np.zeros(weeks)}
    people["rare"][3::10] = 20.0
    people |= {f"wild-{i}": rng.lognormal(5, 1.0, weeks) for i in range(10)}
    flow = {p: [(7 * k, 7 * k + 6, float(round(n))) for k, n in enumerate(values)] for p, values in people.items()}
    newest = date.fromordinal(START.toordinal() + 7 * weeks - 1)
    return Panel(situation(flow, START), "w", newest)


def bounds(panel: Panel, place: str, days: int = 30) -> np.ndarray:
    """Return P10, P50 and P90 of the arrivals at a place."""
    paths = LastValue().fit(panel).predict(panel, days, 400, 1)
    at = paths.place_ids.index(place)
    return np.quantile(paths.arrivals[:, at].sum(axis=1), [0.1, 0.5, 0.9])


def test_a_steady_place_among_wild_ones_gets_a_narrow_range():
    low, middle, high = bounds(counted(), STEADY)
    assert middle == pytest.approx(30_000, rel=0.1)
    assert high - low < 0.5 * middle
    assert low < 30_000 < high


def test_where_mostly_nobody_comes_the_range_begins_at_nobody():
    low, _, high = bounds(counted(), RARE)
    assert low == 0
    assert high > 0


def test_a_young_place_has_the_ranges_of_others():
    low, middle, high = bounds(counted(6), STEADY)
    assert high - low > 0.8 * middle


def test_a_total_of_counted_places_is_as_sure_as_its_biggest_place():
    panel = counted()
    paths = LastValue().fit(panel).predict(panel, 30, 400, 1)
    low, middle, high = np.quantile(paths.total(panel.counted_ids).sum(axis=1), [0.1, 0.5, 0.9])
    assert high - low < middle
