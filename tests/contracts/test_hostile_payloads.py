"""What a stranger sends to any source reaches neither GDAL nor the network, and ends as a refusal (F37, F70)."""

import io
import struct
import zipfile
from collections.abc import Iterator

import pytest

from data.errors import WaypostError
from etl.registry import sources
from etl.source import Payload, Rows
from tests.faulty_server import FaultyServer, answer, serving

SOURCES = sources()
BEFORE, AFTER = b'{"type": "GeometryCollection", "geometries": [', b"]}"
FEATURE = b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": %s}]}'
BOMBS = {
    "one hundred thousand collections": FEATURE % (BEFORE * 100_000 + AFTER * 100_000),
    "three hundred collections": FEATURE % (BEFORE * 300 + b'{"type": "Point", "coordinates": [1, 2]}' + AFTER * 300),
    "well-known text": b'id,geometry\n1,"' + b"GEOMETRYCOLLECTION(" * 30_000 + b")" * 30_000 + b'"\n',
    "well-known binary": struct.pack("<BII", 1, 7, 1) * 100_000,
}


@pytest.fixture(params=sorted(SOURCES))
def source_id(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def canary() -> Iterator[FaultyServer]:
    """A server that nobody has a reason to ask."""
    with serving(answer(b"{}")) as server:
        yield server


def rows_of(source_id: str, payload: Payload) -> int:
    """Return how many rows a source makes of a payload; a refusal makes none."""
    try:
        return sum(len(item.frame) for item in SOURCES[source_id].parse(payload) if isinstance(item, Rows))
    except WaypostError:
        return 0


@pytest.mark.parametrize("bomb", BOMBS)
def test_f37_a_nested_geometry_is_a_refusal_and_never_the_end_of_the_process(source_id, bomb):
    assert rows_of(source_id, Payload("areas.geojson", BOMBS[bomb])) == 0


def test_f70_a_virtual_data_set_under_any_name_asks_nobody(source_id, canary):
    layer = f'<OGRVRTLayer name="x"><SrcDataSource>/vsicurl/{canary.url}</SrcDataSource></OGRVRTLayer>'
    body = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("areas.geojson", body)
    names = ("areas.geojson", "areas.gpkg", "areas.csv", canary.url, f"/vsicurl/{canary.url}", "../../etc/passwd")
    assert [rows_of(source_id, Payload(name, sent)) for name in names for sent in (body, packed.getvalue())] == [0] * 12
    assert canary.requests == []
