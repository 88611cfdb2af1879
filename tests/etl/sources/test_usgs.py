"""USGS earthquakes: one row an earthquake, whatever its ids."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from data.errors import PayloadRejected
from data.schema.hazard_event import HazardEvent
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.source import Ignored, Keeps, Payload, Reject, Rows

PAYLOADS = Path(__file__).parents[2] / "payloads" / "usgs"


def items(name: str) -> list:
    return list(source("usgs").parse(Payload(name, PAYLOADS / name)))


def rows(name: str) -> pd.DataFrame:
    return pd.concat([i.frame for i in items(name) if isinstance(i, Rows)]).set_index("event_id")


def test_an_earthquake_with_two_ids_is_one_row_under_the_newest_preferred_one():
    frame = rows("week.geojson")
    assert not frame.loc["ci2000", "is_deleted"]
    assert frame.loc["us2000", "is_deleted"]


def test_levels_times_and_positions():
    frame = rows("week.geojson")
    assert frame.loc["us1000", "alert_level"] == "orange"
    assert frame.loc["us1000", "started_at"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert frame.loc["us6000", "longitude"] == pytest.approx(178.8)
    assert pd.isna(frame.loc["us6000", "severity"]), "a missing magnitude is not zero"
    assert "us4000" not in frame.index


def test_what_is_left_out_is_named():
    reasons = {item.reason: item.rows for item in items("week.geojson") if isinstance(item, Ignored)}
    assert [rows for reason, rows in reasons.items() if "no earthquake" in reason] == [1]
    assert [rows for reason, rows in reasons.items() if "below magnitude" in reason] == [1]


def test_each_fault_is_rejected_with_its_place_and_reason():
    reasons = {item.locator: item.reason for item in items("faults.geojson") if isinstance(item, Reject)}
    assert "alert is none of" in reasons["event 1"]
    assert "more than a day ahead" in reasons["event 2"]
    assert "latitude is missing" in reasons["event 3"]
    assert "mag is no plain number (strong)" in reasons["event 4"]
    assert "event 5" in reasons
    assert any("felt_by_dogs" in item.reason for item in items("faults.geojson") if isinstance(item, Ignored))


def test_an_id_that_changes_between_two_looks_leaves_one_earthquake(store, tmp_path):
    text = (PAYLOADS / "week.geojson").read_text()
    for body in (text.replace("ci2000", "us2000"), text):
        pipeline.load(store, Archive(tmp_path), source("usgs"), [Payload("week", body.encode())])
    assert sorted(store.read(HazardEvent)["event_id"]) == ["ci2000", "us1000", "us6000"]


def test_a_long_window_asks_the_query_page_by_page(monkeypatch):
    asked = []

    def answer(client, url, most, **params):
        asked.append((url.rpartition("/")[2], params.get("offset")))
        return (PAYLOADS / "week.geojson").read_bytes(), "application/json"

    usgs = type(source("usgs"))(clock=lambda: datetime(2023, 12, 1, tzinfo=UTC))
    monkeypatch.setattr("etl.sources.usgs.get", answer)
    monkeypatch.setattr("etl.sources.usgs.PAGE_EVENTS", 8)
    from etl.source import Window

    end = datetime(2023, 12, 1, tzinfo=UTC)
    assert len(list(usgs.fetch(None, Window(end - timedelta(days=90), end)))) == 1
    assert len(list(usgs.fetch(None, Window(end - timedelta(days=2), end)))) == 1
    assert asked == [("query", 1), ("4.5_week.geojson", None)]


def test_losses_and_pages_are_refused():
    for body in (b'{"empirical_fatality": {}}', b"<html></html>", b"[]"):
        with pytest.raises(PayloadRejected):
            list(source("usgs").parse(Payload("x", body)))


def test_f11_no_event_is_calm_only_when_the_feed_counts_zero():
    empty = '{"type": "FeatureCollection", "metadata": {"count": 0}, "features": []}'
    assert list(source("usgs").parse(Payload("x", empty.encode()))) == []
    with pytest.raises(PayloadRejected, match="not taken for calm"):
        list(source("usgs").parse(Payload("x", empty.replace("0", "12").encode())))


def test_a_small_earthquake_that_is_deleted_is_a_deletion():
    body = (
        (PAYLOADS / "detail.geojson")
        .read_text()
        .replace('"reviewed"', '"deleted"')
        .replace('"mag": 5.6', '"mag": 1.0')
        .replace('"orange"', "null")
    )
    (frame,) = [i.frame for i in source("usgs").parse(Payload("x", body.encode())) if isinstance(i, Rows)]
    assert frame["is_deleted"].all()


def parsed_payload(*features: dict) -> Payload:
    return Payload("x.geojson", json.dumps({"type": "FeatureCollection", "features": features}).encode())


def parsed(*features: dict) -> list:
    return [item for item in source("usgs").parse(parsed_payload(*features)) if not isinstance(item, Keeps)]


def quake(event_id: str, **told: object) -> dict:
    said = {
        "mag": 7.1, "time": 1_700_000_000_000, "updated": 1_700_000_001_000, "alert": None, "status": "reviewed",
        "type": "earthquake", "title": "M 7.1", "place": None, "url": None, "ids": f",{event_id},",
    }  # fmt: skip
    point = {"type": "Point", "coordinates": [20.5, 7.5, 10]}
    return {"type": "Feature", "id": event_id, "geometry": told.pop("geometry", point), "properties": said | told}


def test_a_pending_estimate_is_no_colour_yet_and_older_feeds_shout_the_status():
    note, found = parsed(
        quake("us1a", alert="pending"), quake("us1b", status="REVIEWED"), quake("us1c", status="DELETED")
    )
    frame = found.frame.set_index("event_id")
    assert frame["alert_level"].tolist() == ["green", "green", "green"]
    assert (note.rows, "under review (pending): 1 events" in note.reason) == (0, True)
    assert frame["is_deleted"].tolist() == [False, False, True]


@pytest.mark.parametrize("geometry", [None, {}, {"coordinates": None}, {"coordinates": [20.5]}])
def test_an_earthquake_without_a_position_is_rejected_and_never_taken_for_a_blast(geometry):
    found, other = parsed(quake("us1a", geometry=geometry), quake("us1b"))
    assert "longitude is missing" in found.reason
    assert other.frame["event_id"].tolist() == ["us1b"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"time,latitude,longitude\n", "is a text: only GeoJSON"), (b"<?xml version='1.0'?><q/>", "is an XML document")],
)
def test_other_forms_of_the_same_service_are_refused_by_their_name(body, reason):
    with pytest.raises(PayloadRejected, match=reason):
        list(source("usgs").parse(Payload("x.csv", body)))


@pytest.mark.parametrize("geometry", [None, {"type": "Point", "coordinates": [None, None, None]}])
def test_a_deleted_event_of_which_only_ids_are_told_is_gone_and_the_others_stay(geometry, store, tmp_path):
    bare = {"status": "deleted", "time": None, "mag": None, "type": None, "title": None, "ids": ",us1a,ci1a,"}
    sent = [parsed_payload(quake("us1a"), quake("us1b")), parsed_payload(quake("us1a", geometry=geometry, **bare))]
    for payload in sent:
        pipeline.load(store, Archive(tmp_path), source("usgs"), [payload])
    assert store.read(HazardEvent)["event_id"].tolist() == ["us1b"]


def test_f61_an_old_copy_of_the_feed_takes_no_newer_state_back(store, tmp_path):
    newer, older = quake("us1a", mag=6.6, updated=1_700_000_900_000), quake("us1a", updated=1_700_000_600_000)
    for one in (newer, older):
        pipeline.load(store, Archive(tmp_path), source("usgs"), [parsed_payload(one)])
    assert store.read(HazardEvent)["severity"].tolist() == [6.6]
