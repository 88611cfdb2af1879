"""Zip files of boundaries from a stranger."""

import io
import warnings
import zipfile

import pytest

from data.errors import PayloadRejected
from etl import boundary_zip


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that comes twice
        with zipfile.ZipFile(body, "w", method) as bundle:
            for name, content in members:
                bundle.writestr(name, content)
    return body.getvalue()


def test_the_parts_of_a_layer_are_found_wherever_they_lie():
    body = packed(
        ("in/a.SHP", b"1"), ("in/a.dbf", b"2"), ("b.geojson", b"3"), ("__MACOSX/b.geojson", b"4"), ("c.dbf", b"")
    )
    assert boundary_zip.is_of_boundaries(body)
    assert list(boundary_zip.layers("x.zip", body, 10)) == [
        ("b", {".geojson": b"3"}),
        ("a", {".shp": b"1", ".dbf": b"2"}),
    ]


@pytest.mark.parametrize("body", [packed(("xl/workbook.xml", b"")), b"PK\x03\x04", b""])
def test_what_holds_no_boundaries_is_left_to_others(body):
    assert not boundary_zip.is_of_boundaries(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (packed(("a.geojson", b"0" * 1_000_000)), "unpacks to 1,000,000 bytes"),
        (packed(("a.geojson", b"12345"), ("b.geojson", b"678901")), "more than the bytes that are left"),
        (packed(("a.geojson", b"1"), ("a.geojson", b"2")), "twice"),
        (packed(("a.geojson", b"1"), method=zipfile.ZIP_BZIP2), "not read"),
        (packed(("a.geojson", b"1"))[:-4], "no readable zip"),
        (packed(("a.gdb/a00000001.gdbtable", b"1"), ("a.gdb/gdb", b"")), "file geodatabase"),
        (packed(("adm1.zip", b"1"), ("readme.txt", b"")), "further zip files"),
    ],
)
def test_f70_what_should_not_be_unpacked_is_refused(body, reason):
    with pytest.raises(PayloadRejected, match=reason):
        list(boundary_zip.layers("x.zip", body, 10))
