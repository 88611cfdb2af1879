"""GeoParquet from a stranger, read by a process of its own."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from data.errors import PayloadRejected
from etl.geoparquet import features

POLYGON = pa.list_(pa.list_(pa.struct([("x", pa.float64()), ("y", pa.float64())])))
RING = [{"x": 1.0, "y": 1.0}, {"x": 1.0, "y": 2.0}, {"x": 2.0, "y": 2.0}, {"x": 1.0, "y": 1.0}]


def parquet(columns: dict, encoding: str | None = None, **described: object) -> bytes:
    table = pa.table(columns)
    if encoding is not None:
        told = {"primary_column": "geometry", "columns": {"geometry": {"encoding": encoding, **described}}}
        table = table.replace_schema_metadata({b"geo": json.dumps(told).encode()})
    body = io.BytesIO()
    pq.write_table(table, body)
    return body.getvalue()


def test_native_and_wkb_outlines_are_read_alike():
    native = parquet({"a": ["NA", None], "geometry": pa.array([[RING], None], POLYGON)}, "polygon")
    many = parquet({"a": ["NA", None], "geometry": pa.array([[[RING]], None], pa.list_(POLYGON))}, "multipolygon")
    wkb = shapely.to_wkb(shapely.Polygon([(p["x"], p["y"]) for p in RING]))
    packed = parquet({"a": ["NA", None], "geometry": pa.array([wkb, None])}, "WKB")
    for body in (native, many, packed):
        columns, (first, second) = features("a.parquet", body)
        assert columns == ["a"]
        assert first.attributes == {"a": "NA"}
        assert second.attributes == {"a": ""}
        assert first.outline[0][0].tolist() == [[1, 1], [1, 2], [2, 2], [1, 1]]
        assert second.outline is None


def test_lines_are_named_and_not_read():
    line = pa.list_(pa.struct([("x", pa.float64()), ("y", pa.float64())]))
    _, (row,) = features("lines.parquet", parquet({"geometry": pa.array([RING], line)}, "linestring"))
    assert "linestring" in row.outline


def test_f33_another_reference_system_is_refused():
    crs = {"type": "ProjectedCRS", "name": "UTM 33N", "id": {"code": 32633}}
    body = parquet({"geometry": pa.array([[RING]], POLYGON)}, "polygon", crs=crs)
    with pytest.raises(PayloadRejected, match="UTM 33N"):
        features("utm.parquet", body)


def test_a_damaged_footer_that_ends_arrow_does_not_end_us():
    body = parquet({"a": ["x"] * 3})
    refused = 0
    for at in range(len(body) - 60, len(body) - 10, 12):
        damaged = bytearray(body)
        damaged[at] ^= 0x55
        try:
            features("damaged.parquet", bytes(damaged))
        except PayloadRejected:
            refused += 1
    assert refused
    with pytest.raises(PayloadRejected, match="PAR1"):
        features("cut.parquet", body[:-1])
