"""Shapefiles from a stranger, read by hand."""

import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl import shapefile

WGS_84 = 'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984"]]'
with zipfile.ZipFile(Path(__file__).parents[1] / "payloads" / "cod_ab" / "tcd_boundaries.zip") as bundle:
    SHAPES, TABLE = bundle.read("tcd_adm1.shp"), bundle.read("tcd_adm1.dbf")


def read(shapes: bytes = SHAPES, table: bytes = TABLE, system: str = WGS_84) -> list:
    return shapefile.features("x.shp", shapes, table, "UTF-8", system)[1]


def areas(outline: list) -> list[float]:
    return [shapely.Polygon(rings[0], rings[1:]).area for rings in outline]


def test_clockwise_rings_are_shells_and_the_others_holes_of_the_shell_around_them():
    first, second = read()
    assert areas(first.outline) == [1]
    assert areas(second.outline) == [4 - 0.25, 1]
    assert first.attributes["ADM1_PCODE"] == "TD91"
    assert first.attributes["validOn"] == "2026-01-01"


def test_rings_that_all_run_the_wrong_way_are_shells():
    start = SHAPES.index(struct.pack("<2d", 20, 7), 144)
    ring = [SHAPES[start + 16 * n : start + 16 * n + 16] for n in range(5)]
    turned = SHAPES[:start] + b"".join(reversed(ring)) + SHAPES[start + 80 :]
    assert areas(read(turned)[0].outline) == [1]


def test_a_deleted_row_goes_with_its_outline():
    head, row = struct.unpack_from("<HH", TABLE, 8)
    deleted = TABLE[:head] + b"*" + TABLE[head + 1 :]
    (left,) = read(table=deleted)
    assert (left.number, left.attributes["ADM1_PCODE"]) == (2, "TD92")
    assert areas(left.outline) == [3.75, 1]
    assert row == 35


def test_points_are_no_areas_and_metres_are_refused():
    assert shapefile.is_of_areas(SHAPES)
    assert not shapefile.is_of_areas(SHAPES[:32] + struct.pack("<i", 1) + SHAPES[36:])
    with pytest.raises(PayloadRejected, match="reference system"):
        read(system='PROJCS["WGS_1984_UTM_Zone_33N",GEOGCS["GCS_WGS_1984"]]')


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8), st.booleans())
@settings(deadline=None, max_examples=150)
def test_damage_is_refused_or_read_and_never_anything_else(at, noise, is_table):
    body = TABLE if is_table else SHAPES
    damaged = body[:at] + noise + body[at + len(noise) :]
    with suppress(PayloadRejected):
        read(*((SHAPES, damaged) if is_table else (damaged, TABLE)))
