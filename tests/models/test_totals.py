"""The same people are added up once, and nobody is lost between a point and its site."""

from models.totals import totals
from tests.worlds import panel

WEEKS = [(d, d + 6, 70.0) for d in range(0, 140, 7)]


def test_a_site_with_known_arrivals_stands_for_its_points():
    growing = {"s0": [(d, 1000.0 + 10 * d) for d in range(0, 140, 7)]}
    assert totals(panel(140, growing, {"p-s0": WEEKS}))["w"] == {"w:s0"}


def test_a_site_with_a_single_count_takes_nothing_from_its_points():
    once = {"s0": [(10, 1000.0)]}
    assert "w:p-s0" in totals(panel(140, once, {"p-s0": WEEKS}))["w"]
