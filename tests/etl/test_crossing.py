import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from etl.crossing import FARTHEST_FROM_LINE_KM, distance_km, locate, off_line_km

HOME = box(0, 0, 10, 10)
degrees = st.floats(-20, 30, allow_nan=False)


def test_a_line_leaves_a_square_where_it_must():
    found = locate((5, 5), (15, 5), HOME)
    assert (found.longitude, found.latitude, found.remark) == (10, 5, "")
    assert found.origin_share == pytest.approx(0.5, abs=0.01)


@settings(deadline=None)
@given(st.floats(0.1, 9.9), st.floats(0.1, 9.9), degrees, degrees)
def test_a_crossing_lies_on_the_outline_and_the_line(longitude, latitude, host_longitude, host_latitude):
    found = locate((longitude, latitude), (host_longitude, host_latitude), HOME)
    host = Point(host_longitude, host_latitude)
    if HOME.covers(host) and found is None:
        return
    point = Point(found.longitude, found.latitude)
    assert HOME.boundary.distance(point) < 1e-9
    assert 0 <= found.origin_share <= 1
    if HOME.distance(host) > 1e-6:
        line = LineString([(longitude, latitude), (host_longitude, host_latitude)])
        assert line.distance(point) < 1e-6
        assert found.remark == ""


@settings(deadline=None)
@given(st.floats(0.1, 9.9), st.floats(0.1, 9.9), st.floats(10.5, 30), degrees, st.integers(-18, 18))
def test_moving_everything_round_the_globe_moves_the_crossing_along(lon, lat, host_lon, host_lat, turns):
    shift = turns * 10.0
    wrap = lambda value: (value + shift + 180) % 360 - 180  # noqa: E731
    here = locate((lon, lat), (host_lon, host_lat), HOME)
    east, west = box(0, 0, 10, 10), box(0, 0, 10, 10)
    parts = [shapely.affinity.translate(east, shift), shapely.affinity.translate(west, shift - 360)]
    parts += [shapely.affinity.translate(west, shift + 360)]
    outline = shapely.union_all(parts).intersection(box(-180, -90, 180, 90))
    there = locate((wrap(lon), lat), (wrap(host_lon), host_lat), outline)
    assert distance_km((there.longitude, there.latitude), (wrap(here.longitude), here.latitude)) < 0.001
    assert -180 <= there.longitude <= 180


def test_the_last_exit_counts_where_a_line_leaves_several_times():
    comb = shapely.union_all([box(0, 0, 4, 4), box(0, 4, 1, 8), box(2, 4, 3, 8)])
    found = locate((0.5, 6), (5, 6), comb)
    assert (found.longitude, found.latitude) == (3, 6)


def test_an_exclave_on_the_way_is_no_border():
    country = MultiPolygon([HOME, box(12, 4, 13, 6)])
    assert locate((5, 5), (20, 5), country).longitude == 10
    assert locate((12.5, 5), (20, 5), country).longitude == 13


def test_touching_a_corner_is_no_exit():
    spiked = Polygon([(0, 0), (4, 0), (4, 3), (8, 1), (4, 4), (0, 4)])
    assert spiked.is_valid
    assert locate((1, 1), (12, 1), spiked).longitude == 4


def test_a_place_on_the_border_crosses_there():
    assert (locate((10, 5), (12, 5), HOME).longitude, locate((8, 5), (10, 5), HOME).longitude) == (10, 10)


def test_two_places_on_the_same_side_cross_at_the_nearest_point_and_say_so():
    inside, outside = locate((9.9, 5), (9.95, 5), HOME), locate((10.05, 5), (10.4, 5), HOME)
    assert (inside.longitude, outside.longitude) == (10, 10)
    assert "does not leave the outline" in inside.remark
    assert "5.5 km off the line" in inside.remark
    assert "5.5 km off the line" in outside.remark


def test_a_line_far_from_the_outline_crosses_nowhere():
    beyond = 10 + FARTHEST_FROM_LINE_KM / 111
    assert locate((beyond + 0.1, 0), (beyond + 1, 0), HOME) is None
    assert locate((5, 5), (5, 5), HOME) is None
    assert locate((5, 5), (15, 5), shapely.GeometryCollection()) is None


def test_a_country_on_both_sides_of_the_antimeridian():
    country = MultiPolygon([box(178, -18, 180, -16), box(-180, -18, -179, -16)])
    found = locate((179.5, -17), (-178, -17), country)
    assert (found.longitude, found.latitude) == (-179, -17)
    back = locate((-179.5, -17), (177, -17), country)
    assert (back.longitude, back.latitude) == (178, -17)


def test_distances_are_known_ones():
    assert distance_km((0, 0), (0, 90)) == pytest.approx(10007.56, abs=0.01)
    assert distance_km((10, 0), (-170, 0)) == pytest.approx(20015.11, abs=0.01)


def test_a_road_shorter_than_its_line_has_no_bound():
    assert off_line_km(29.0, 30.0) is None
    assert off_line_km(30.0, 30.0) == 0
