"""Border crossings of the map, from small extracts of our own."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import osmium
import pandas as pd
import pytest

from data.errors import PayloadRejected
from data.schema.border_point import BorderPoint
from data.schema.place import Place
from data.schema.situation import Situation
from data.store import Store
from etl.archive import Archive
from etl.pipeline import load
from etl.source import Ignored, Payload, Reject, Replaces, Rows, Window
from etl.sources.osm_crossings import OsmCrossings

PAYLOADS = Path(__file__).parents[2] / "payloads" / "osm_crossings"
SOURCE = OsmCrossings(clock=lambda: datetime(2026, 11, 1, tzinfo=UTC))
NAMIBIA = Payload("namibia-latest.osm.pbf", (PAYLOADS / "namibia-latest.osm.pbf").read_bytes())
ANSWER = json.loads((PAYLOADS / "lie.json").read_bytes())
CONTROL = {"barrier": "border_control"}


def rows(sent: Payload, table: type) -> pd.DataFrame:
    found = [item.frame for item in SOURCE.parse(sent) if isinstance(item, Rows) and item.table is table]
    return pd.concat(found).set_index("id")


def told(sent: Payload, kind: type) -> list:
    return [item for item in SOURCE.parse(sent) if isinstance(item, kind)]


def answer(*elements: dict, **more: object) -> Payload:
    return Payload("lie.json", json.dumps({"elements": list(elements), **more}).encode())


def test_objects_close_to_each_other_or_of_one_name_are_one_crossing():
    places = rows(NAMIBIA, Place)
    assert list(places.index) == ["osm-namibia:n101", "osm-namibia:n106", "osm-namibia:w900"]
    assert places["name"].tolist() == ["South Bank", "Crossing BWA-NAM (n106)", "North Gate"]
    assert places.loc["osm-namibia:n101", ["longitude", "latitude"]].tolist() == pytest.approx(
        [18.4246667, -28.8876667], abs=1e-6
    )
    assert "n101, n102, n103" in places.loc["osm-namibia:n101", "note"]
    assert places["note"].str.contains("OpenStreetMap").all()


def test_the_countries_are_the_two_nearest_and_the_extracts_own_is_the_origin():
    points = rows(NAMIBIA, BorderPoint)
    assert set(points["origin_iso3"]) == {"NAM"}
    assert points["host_iso3"].tolist() == ["ZAF", "BWA", "AGO"]
    assert rows(NAMIBIA, Situation)["origin_iso3"].to_dict() == {"osm-namibia": "NAM"}


def test_a_way_stands_in_the_middle_of_its_nodes():
    place = rows(NAMIBIA, Place).loc["osm-namibia:w900"]
    assert place[["longitude", "latitude"]].tolist() == pytest.approx([15.7506667, -17.3903333], abs=1e-6)


def test_a_control_without_two_countries_is_rejected_and_an_inland_office_ignored():
    reasons = {item.locator: item.reason for item in told(NAMIBIA, Reject)}
    assert set(reasons) == {"w901", "n104"}
    assert "no coordinates" in reasons["w901"]
    assert "no two countries within 10 km (NAM 0.0 km)" in reasons["n104"]
    assert sorted(item.rows for item in told(NAMIBIA, Ignored)) == [1, 1]
    assert not told(NAMIBIA, Replaces)


def test_an_overpass_answer_is_read_alike():
    points = rows(Payload("lie.json", json.dumps(ANSWER).encode()), BorderPoint)
    assert list(points.index) == ["osm-lie:n11", "osm-lie:n13"]
    assert set(points["origin_iso3"]) == {"LIE"}
    assert points["host_iso3"].tolist() == ["AUT", "CHE"]


def test_a_way_of_an_answer_without_centers_stands_in_the_middle_of_its_nodes():
    ring = [{"type": "node", "id": n, "lat": -22.2206 + 0.001 * n, "lon": 29.9858} for n in (1, 2, 3)]
    way = {"type": "way", "id": 4, "nodes": [1, 2, 3, 1], "tags": CONTROL}
    places = rows(answer(way, *ring), Place)
    assert places["latitude"].tolist() == [pytest.approx(-22.2186)]
    (found,) = told(answer(way), Reject)
    assert found.reason == "has no coordinates"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>busy</html>", "HTML"), (b"", "no .osm.pbf"), (b"\x00\x00\x00\x0e\x0a\x09OSMHeader\x18", "damaged"),
        (b"{}", "no list of elements"), (b'{"elements": [], "remark": "runtime error: Query timed out"}', "timed out"),
        (b'<?xml version="1.0"?><osm/>', "XML"), (b'<OGRVRTDataSource/>', "GDAL"),
        (b'{"elements": [{"type": "node", "id": "../x", "tags": {"barrier": "border_control"}}]}', "../x"),
    ],
)  # fmt: skip
def test_f06_f70_other_bytes_are_refused(body, reason):
    with pytest.raises(PayloadRejected, match=reason):
        list(SOURCE.parse(Payload("lie.json", body)))


def test_an_empty_extract_gives_no_rows(tmp_path: Path):
    path = tmp_path / "empty.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(osmium.osm.mutable.Node(id=1, location=(9.5, 47.2), tags={"amenity": "cafe"}))
    assert list(SOURCE.parse(Payload(path.name, path))) == []


@pytest.mark.parametrize("latitude", ["47.2183", None, 91.0, "NaN"])
def test_f32_odd_coordinates_are_no_place(latitude):
    element = {"type": "node", "id": 1, "lat": latitude, "lon": 9.5708, "tags": CONTROL}
    sent = answer(element)
    assert len(told(sent, Reject)) == (0 if latitude == "47.2183" else 1)


def test_a_crossing_that_is_gone_from_the_map_is_deleted_and_the_situation_stays(store: Store, tmp_path: Path):
    spots = [(9.5708, 47.2183), (9.50, 47.05), (9.49, 47.10)]
    posts = [
        {"type": "node", "id": n, "lat": y, "lon": x, "tags": {**CONTROL, "name": f"Gate {n}"}}
        for n, (x, y) in enumerate(spots)
    ]
    archive = Archive(tmp_path)
    assert load(store, archive, SOURCE, [answer(*posts)])["new"] == 7
    later = OsmCrossings(clock=lambda: datetime(2026, 12, 1, tzinfo=UTC))
    assert load(store, archive, later, [answer(*posts[:2])])["deleted"] == 2
    assert sorted(store.read(BorderPoint)["id"]) == ["osm-lie:n0", "osm-lie:n1"]
    assert f"{store.read(Situation)['start_date'].item():%F}" == "2026-11-01"


def test_fetch_asks_for_each_country_along_its_border(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "lie,CAF")
    monkeypatch.setattr("etl.sources.osm_crossings.PAUSE_SECONDS", 0.0)
    asked = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(parse_qs(request.content.decode())["data"][0])
        return httpx.Response(200, json=ANSWER)

    with httpx.Client(transport=httpx.MockTransport(reply)) as client:
        payloads = list(SOURCE.fetch(client, Window(datetime(2026, 1, 1, tzinfo=UTC))))
    assert [p.name for p in payloads] == ["lie.json", "caf.json"]
    assert [f'"{iso3}"' in query for iso3, query in zip(("LIE", "CAF"), asked, strict=True)] == [True, True]
    assert all("out center" in query for query in asked)


def test_an_extract_in_xml_gives_what_the_pbf_gives_and_one_with_entities_is_refused(tmp_path: Path):
    written = tmp_path / "namibia.osm"
    with osmium.SimpleWriter(str(written)) as writer:
        for thing in osmium.FileProcessor(PAYLOADS / "namibia-latest.osm.pbf"):
            writer.add(thing)
    body = written.read_bytes()
    for content in (body, written, b"\xef\xbb\xbf" + body):
        pd.testing.assert_frame_equal(rows(Payload("namibia.osm", content), Place), rows(NAMIBIA, Place))
    bomb = body.replace(b"<osm ", b'<!DOCTYPE osm [<!ENTITY a "b">]><osm ', 1)
    with pytest.raises(PayloadRejected, match="begins like an XML document"):
        told(Payload("namibia.osm", bomb), Rows)
