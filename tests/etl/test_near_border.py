"""Which countries a point lies near to."""

import pytest

from etl.near_border import countries_near


@pytest.mark.parametrize(
    ("position", "nearest"),
    [((9.5707, 47.2182), ["AUT", "LIE"]), ((18.4246, -28.89), ["NAM", "ZAF"]), ((18.5, 7.99), ["TCD", "CAF"])],
)
def test_a_border_post_lies_near_its_two_countries(position, nearest):
    found = countries_near(position, 25)
    assert sorted(list(found)[:2]) == sorted(nearest)
    assert list(found.values()) == sorted(found.values())


def test_a_capital_lies_in_one_country_and_the_sea_in_none():
    assert list(countries_near((17.08, -22.57))) == ["NAM"]
    assert countries_near((-30.0, 0.0)) == {}


def test_f40_a_point_on_the_edge_of_two_countries_is_given_to_one_always_the_same():
    for longitude in (26.0, 28.0, 30.0):  # the border of Egypt and the Sudan is straight along 22 degrees north
        found = countries_near((longitude, 22.0))
        assert list(found) == ["EGY", "SDN"], "as near to both: by their codes"
        assert found == countries_near((longitude, 22.0))


def test_near_the_antimeridian_and_the_pole_nothing_breaks():
    assert countries_near((180.0, -16.8), 60) or countries_near((-180.0, -16.8), 60)
    assert isinstance(countries_near((0.0, 90.0)), dict)
