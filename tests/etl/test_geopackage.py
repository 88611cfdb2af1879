"""GeoPackages from a stranger: only plain columns of plain tables are read."""

import sqlite3
import struct
from contextlib import suppress

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl import geopackage

SQUARE = shapely.box(1, 1, 2, 2)
HEADER = b"GP\x00\x01" + struct.pack("<i", 4326)


def package(*sql: str, kind: str = "POLYGON", system: int = 4326, outline: bytes | None = None) -> bytes:
    base = sqlite3.connect(":memory:")
    base.execute("PRAGMA page_size = 512")
    base.execute("CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT)")
    base.execute("CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name, srs_id)")
    base.execute("INSERT INTO gpkg_contents VALUES ('a', 'features')")
    base.execute("INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', ?, ?)", (kind, system))
    for statement in sql or ("CREATE TABLE a (geom BLOB, adm0_pcode TEXT)",):
        base.execute(statement)
    if not sql:
        base.execute("INSERT INTO a VALUES (?, 'TD')", (outline or HEADER + shapely.to_wkb(SQUARE),))
    base.commit()
    return base.serialize()


def read(body: bytes) -> list:
    return list(geopackage.layers("x.gpkg", body))


def test_a_layer_is_read_with_and_without_an_envelope_and_when_it_was_written_with_a_log():
    envelope = b"GP\x00\x03" + struct.pack("<i4d", 4326, 1, 2, 1, 2) + shapely.to_wkb(SQUARE)
    plain = package()
    for body in (plain, package(outline=envelope), plain[:18] + b"\x02\x02" + plain[20:]):
        ((name, columns, (row,)),) = read(body)
        assert (name, columns, row.attributes) == ("a", ["adm0_pcode"], {"adm0_pcode": "TD"})
        assert shapely.Polygon(row.outline[0][0]).equals(SQUARE)


@pytest.mark.parametrize(
    "outline", [b"GP", b"XX\x00\x01....", HEADER, HEADER + b"\x01\x06", b"GP\x00\x21" + b"\x00" * 90]
)
def test_an_outline_that_cannot_be_read_says_so_and_leaves_its_row(outline):
    ((_, _, (row,)),) = read(package(outline=outline))
    assert isinstance(row.outline, str)


def test_views_virtual_tables_and_computed_columns_are_not_read():
    assert read(package("CREATE VIEW a AS SELECT zeroblob(9) AS geom, 'x' AS adm0_pcode")) == []
    assert read(package("CREATE VIRTUAL TABLE a USING fts5(geom, adm0_pcode)")) == []
    computed = "CREATE TABLE a (geom BLOB, adm0_pcode TEXT, big BLOB GENERATED ALWAYS AS (zeroblob(900000000)))"
    ((_, columns, _),) = read(package(computed, "INSERT INTO a (adm0_pcode) VALUES ('TD')"))
    assert columns == ["adm0_pcode"]


def test_lines_are_left_out_and_another_reference_system_is_refused():
    assert read(package(kind="MULTILINESTRING")) == []
    with pytest.raises(PayloadRejected, match="reference system 32633"):
        read(package(system=32633))


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_damage_is_refused_or_read_and_never_anything_else(at, noise):
    body = package()
    with suppress(PayloadRejected):
        read(body[:at] + noise + body[at + len(noise) :])
