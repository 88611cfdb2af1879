"""Outlines out of foreign numbers: valid, on the map, and never by way of a nested collection."""

import contextlib
import math
import struct

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from etl.areas import outline_of, polygons_of_geojson, polygons_of_wkb


def ring(*positions: tuple[float, float]) -> np.ndarray:
    return np.array(positions, dtype=float)


def square(x: float, y: float, side: float = 1.0) -> np.ndarray:
    return ring((x, y), (x, y + side), (x + side, y + side), (x + side, y), (x, y))


def area(wkt: str) -> float:
    return shapely.from_wkt(wkt).area


def test_a_sound_outline_with_a_hole_stays_what_it_is():
    found = outline_of([[square(10, 5), square(10.2, 5.2, 0.5)], [square(20, 5)]])
    assert not found.was_repaired
    assert area(found.wkt) == pytest.approx(1.75)


def test_f34_a_small_crossing_is_repaired_and_said():
    spike = ring((0, 0), (0, 4), (4, 4), (4, 0), (2, 0), (2, -1), (2, 0), (0, 0))
    found = outline_of([[spike]])
    assert found.was_repaired
    assert area(found.wkt) == pytest.approx(16)


@pytest.mark.parametrize(
    "positions", [((0, 0), (2, 2), (2, 0), (0, 2), (0, 0)), ((0, 0), (4, 0), (4, 4), (1, -1), (0, 4), (0, 0))]
)
def test_f34_a_bow_tie_is_another_shape_and_refused(positions):
    with pytest.raises(ValueError, match="area"):
        outline_of([[ring(*positions)]])


def test_f35_a_ring_across_the_antimeridian_is_split_there():
    for across in (
        ring((179, -17), (-179, -17), (-179, -16), (179, -16), (179, -17)),
        ring((179, -17), (181, -17), (181, -16), (179, -16), (179, -17)),
    ):
        found = shapely.from_wkt(outline_of([[across]]).wkt)
        assert found.area == pytest.approx(2)
        assert not found.contains(shapely.Point(0, -16.5))
        assert found.contains(shapely.Point(-179.5, -16.5))


@pytest.mark.parametrize(
    ("positions", "reason"),
    [
        (((500000, 600000),) * 4, "are no degrees"),
        (((0, 0), (0, 91), (1, 91), (0, 0)), "latitude 91"),
        (((0, 0), (0, math.nan), (1, 1), (0, 0)), "are no degrees"),
        (((0, 0), (0, 1), (0, 0)), "has 3 positions"),
        (((0, 0), (0, 1), (0, 2), (0, 0)), "area"),
    ],
)
def test_f32_f33_numbers_that_are_no_outline_are_refused(positions, reason):
    with pytest.raises(ValueError, match=reason):
        outline_of([[ring(*positions)]])


@pytest.mark.parametrize("polygons", [[], [[]], [[np.zeros((0, 2))]]])
def test_f38_an_empty_outline_is_refused(polygons):
    with pytest.raises(ValueError, match="empty"):
        outline_of(polygons)


def test_geojson_heights_are_left_out():
    (rings,) = polygons_of_geojson({"type": "Polygon", "coordinates": [[["1", "2", "300"], ["1", "3", "300"]]]})
    assert rings[0].tolist() == [[1, 2], [1, 3]]


@pytest.mark.parametrize(
    "geometry",
    [
        None, [], {"type": "GeometryCollection", "geometries": []}, {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [[["1"]]]}, {"type": "Polygon", "coordinates": [[[True, False]]]},
        {"type": "MultiPolygon", "coordinates": [[["x"]]]},
    ],
)  # fmt: skip
def test_geojson_that_is_no_area_is_refused(geometry):
    with pytest.raises(ValueError):
        polygons_of_geojson(geometry)


@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("has_height", [False, True])
def test_wkb_of_every_kind_gives_the_same_rings(flavor, has_height):
    shape = shapely.MultiPolygon([(square(1, 1), [square(1.2, 1.2, 0.1)]), (square(5, 5), [])])
    if has_height:
        shape = shapely.force_3d(shape, 7.0)
    for order in (0, 1):
        polygons = polygons_of_wkb(shapely.to_wkb(shape, flavor=flavor, byte_order=order, output_dimension=3))
        assert [len(rings) for rings in polygons] == [2, 1]
        assert shapely.from_wkt(outline_of(polygons).wkt).equals(shapely.force_2d(shape))


def test_f37_nested_collections_never_reach_geos():
    deep = struct.pack("<BII", 1, 6, 1) * 100_000
    with pytest.raises(ValueError, match="kind 6"):
        polygons_of_wkb(deep)


def test_f37_wkb_that_claims_more_than_it_has_is_refused():
    with pytest.raises(ValueError, match="claims"):
        polygons_of_wkb(struct.pack("<BIII", 1, 3, 1, 4_000_000_000))


@given(cut=st.integers(0, 200), flip=st.integers(0, 200), bit=st.integers(1, 255))
def test_damaged_wkb_is_read_or_refused(cut, flip, bit):
    body = bytearray(shapely.to_wkb(shapely.Polygon(square(1, 1), [square(1.2, 1.2, 0.1)])))
    body[flip % len(body)] ^= bit
    with contextlib.suppress(ValueError):
        outline_of(polygons_of_wkb(bytes(body[: len(body) - cut % len(body)])))
