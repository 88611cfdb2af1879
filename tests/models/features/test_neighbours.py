"""Arrivals at the neighbours of a place."""

import numpy as np
import pytest

from data.schema.route import Route
from models.features.neighbours import FARTHEST_KM, FEATURE, NAMES
from models.panel import Panel
from tests.worlds import day, facts

RATE, TREND = NAMES.index("neighbours_rate"), NAMES.index("neighbours_trend")
CALM = [(d, 1000.0 + 5 * d) for d in range(0, 200, 7)]
SURGE = [(d, 1000.0 + 5 * d + 60 * max(0, d - 170)) for d in range(0, 200, 7)]


def felt(stock: dict, km: float = 220.0) -> np.ndarray:
    frames = facts(stock)
    known = Panel({**frames, Route: frames[Route].assign(distance_km=km)}, "w", day(200))
    return FEATURE.on(known, [known.origin_day])[0]


def test_a_place_sees_its_neighbours_and_not_itself():
    calm = felt({"a": SURGE, "b": CALM, "c": CALM})
    surge = felt({"a": CALM, "b": SURGE, "c": SURGE})
    assert surge[0, TREND] > 0.3
    assert surge[0, RATE] > calm[0, RATE]
    assert calm[0, TREND] == pytest.approx(0, abs=0.05)


def test_alone_or_too_far_off_nothing_is_known():
    assert np.isnan(felt({"a": SURGE})).all()
    assert np.isnan(felt({"a": CALM, "b": SURGE}, km=2 * FARTHEST_KM)).all()


def test_a_silent_neighbour_is_not_a_neighbour_where_nobody_comes():
    silent = [(0, 10.0), (5, 20.0)]
    long_ago = facts({"a": [(d, 1000.0 + d) for d in range(0, 300, 7)], "b": silent})
    known = Panel(long_ago, "w", day(300))
    assert np.isnan(FEATURE.on(known, [known.origin_day])[0, 0]).all()


def test_the_sentence_says_both_means():
    known = Panel(facts({"a": CALM, "b": SURGE}), "w", day(200))
    said = FEATURE.words(known, FEATURE.on(known, [known.origin_day])[0])
    assert said[0][0] is True
    assert said[1][1] == "5.0 people a day came to a place nearby over the last 30 days and 5.0 over the last 90"
