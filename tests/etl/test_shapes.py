"""Points, lines and areas as well-known text: whatever comes, it is a valid shape within the map or a ValueError."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from etl.shapes import points_of, shape_of, track_of

LONGITUDES = st.floats(-360, 360).map(lambda value: round(value, 4))
POSITIONS = st.tuples(LONGITUDES, st.floats(-90, 90).map(lambda value: round(value, 4)))


@given(st.lists(st.lists(POSITIONS, max_size=6), max_size=4))
def test_a_track_lies_on_the_map_and_never_leaps_over_it(lines):
    if not any(lines):
        with pytest.raises(ValueError, match="no position"):
            track_of(lines)
        return
    shape = shapely.from_wkt(track_of(lines))
    west, south, east, north = shape.bounds
    assert west >= -180
    assert east <= 180
    assert -90 <= south <= north <= 90
    for piece in shapely.get_parts(shape):
        steps = shapely.get_coordinates(piece)
        assert (abs(steps[1:, 0] - steps[:-1, 0]) <= 180.0001).all()


@given(st.lists(POSITIONS, min_size=1, max_size=5))
def test_points_lie_on_the_map(positions):
    shape = shapely.from_wkt(points_of(positions))
    assert shape.bounds[0] >= -180
    assert shape.bounds[2] <= 180


def square(x: float, y: float, half: float) -> dict:
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return {"type": "Polygon", "coordinates": [[[str(x + half * a), str(y + half * b)] for a, b in corners]]}


def test_slivers_are_left_out_and_alone_they_are_no_area():
    sliver = {"type": "Polygon", "coordinates": [[["1", "1"], ["2", "1"], ["1", "1"], ["0", "1"], ["1", "1"]]]}
    shape = shapely.from_wkt(shape_of([square(1, 1, 0.5), sliver]))
    assert shape.area == pytest.approx(1)
    assert shape_of([sliver, square(5, 5, 0)]) is None


def test_f34_a_figure_of_eight_is_refused_and_not_called_empty():
    eight = {"type": "Polygon", "coordinates": [[["0", "0"], ["2", "2"], ["2", "0"], ["0", "2"], ["0", "0"]]]}
    with pytest.raises(ValueError, match="crosses itself"):
        shape_of([eight])


@pytest.mark.parametrize(
    "geometry",
    [None, "POINT (1 2)", {"type": "GeometryCollection", "geometries": []}, {"type": "Point", "coordinates": ["1"]},
     {"type": "Point", "coordinates": ["x", "1"]}, {"type": "Point", "coordinates": ["1", "91"]},
     {"type": "LineString", "coordinates": "1"}, {"type": "LineString", "coordinates": []},
     {"type": "MultiLineString", "coordinates": [["1"]]}, {"type": "Polygon", "coordinates": []},
     {"type": "Polygon", "coordinates": [[["1", "1"], ["NaN", "1"], ["1", "2"], ["1", "1"]]]}],
)  # fmt: skip
def test_f32_what_is_no_shape_is_a_value_error(geometry):
    with pytest.raises(ValueError, match=r"."):
        shape_of([geometry])


def test_shapes_of_two_kinds_are_not_one():
    with pytest.raises(ValueError, match="several kinds"):
        shape_of([square(0, 0, 1), {"type": "Point", "coordinates": ["1", "1"]}])
