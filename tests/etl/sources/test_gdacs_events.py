"""GDACS through its JSON API: events and shapes, one call a type and level. Fault numbers are those of the list."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest
import shapely
from sqlalchemy.exc import DBAPIError

from data.errors import PayloadRejected
from data.frames import check
from data.schema.hazard_area import HazardArea
from data.schema.hazard_event import HazardEvent
from etl import client, gdacs_calls, pipeline
from etl.archive import Archive
from etl.registry import source
from etl.source import Ignored, Payload, Reject, Replaces, Rows, Window
from etl.sources.gdacs_events import GdacsEvents

PAYLOADS = Path(__file__).parents[2] / "payloads" / "gdacs_events"
WINDOW = Window(datetime(2021, 3, 1, tzinfo=UTC), datetime(2021, 3, 8, tzinfo=UTC))
SOURCE = GdacsEvents()


def items(name: str) -> list:
    return list(SOURCE.parse(Payload(name, PAYLOADS / name)))


def rows(name: str, table=HazardEvent) -> pd.DataFrame:
    (frame,) = [item.frame for item in items(name) if isinstance(item, Rows) and item.table is table]
    return frame


def test_events_of_a_list():
    frame = rows("list.json").set_index("event_id")
    assert list(frame.index) == ["FL9200001", "DR9200002", "WF9200004"]
    assert frame.loc["FL9200001", "is_current"]
    assert pd.isna(frame.loc["FL9200001", "ended_at"]), "the end of what goes on is not known"
    assert pd.isna(frame.loc["FL9200001", "severity"]), "a number without a unit is no severity"
    assert frame.loc["FL9200001", "started_at"] == datetime(2021, 3, 1, 6, tzinfo=UTC)
    assert (frame.loc["DR9200002", "severity"], frame.loc["DR9200002", "severity_unit"]) == (320.5, "km2")
    assert frame.loc["DR9200002", "longitude"] == pytest.approx(178.8)
    assert pd.isna(frame.loc["DR9200002", "country_iso3"])
    assert not frame.loc["WF9200004", "is_current"], "true and false come as words and as themselves"
    assert not check(rows("list.json"), HazardEvent).reasons


def test_what_is_left_out_is_named():
    told = [item.reason for item in items("list.json") if isinstance(item, Ignored)]
    assert any("temporary" in reason for reason in told)
    assert any("newthing" in reason for reason in told)


def test_f41_f43_each_fault_is_rejected_with_its_place_and_reason():
    reasons = {item.locator: item.reason for item in items("faults.json") if isinstance(item, Reject)}
    wanted = [
        "eventtype",
        "eventid",
        "alertlevel",
        "not on Earth",
        "no time like",
        "a day ahead",
        "iscurrent",
        "name is",
    ]
    for number, words in enumerate(wanted, start=1):
        assert words in reasons[f"feature {number}"]
    assert "no object" in reasons["feature 9"]
    assert "severity 'many'" in reasons["feature 10"]
    assert rows("faults.json")["event_id"].tolist() == ["FL9"]


def test_shapes_by_class():
    frame = rows("geometry.json", HazardArea).set_index(["area_class", "label"])
    assert sorted({name for name, _ in frame.index}) == [
        "cone",
        "other",
        "position",
        "track",
        "wind_green",
        "wind_orange",
    ]
    assert frame.loc[("wind_green", "02/03 06:00"), "valid_at"] == datetime(2021, 3, 2, 6, tzinfo=UTC)
    assert pd.isna(frame.loc[("wind_green", "60 km/h"), "valid_at"]), "a shape of the whole event"
    assert ("track", "TS (Line_Line_0)") in frame.index
    assert ("track", "TS, forecast (Line_Line_1)") in frame.index
    assert not check(frame.reset_index(), HazardArea).reasons
    told = [item for item in items("geometry.json") if isinstance(item, Ignored)]
    assert any("Poly_Surge" in item.reason for item in told)
    assert [item.rows for item in told if "shrunk" in item.reason] == [1]


def test_f35_shapes_across_the_antimeridian_are_split_there():
    frame = rows("geometry.json", HazardArea).set_index("label")
    for label, size in (("Uncertainty Cones", "area"), ("TS, forecast (Line_Line_1)", "length")):
        shape = shapely.from_wkt(frame.loc[label, "area_wkt"])
        assert shape.is_valid
        assert shape.bounds[0] == -180
        assert shape.bounds[2] == 180
        assert getattr(shape, size) == pytest.approx(16 if size == "area" else 2**0.5)


@pytest.mark.parametrize("zone", ["", "Z", ".123", "+00:00"])
def test_times_are_universal_however_they_are_written(zone):
    body = (PAYLOADS / "list.json").read_text().replace("2021-03-01T06:00:00", f"2021-03-01T06:00:00{zone}")
    frame = next(i.frame for i in SOURCE.parse(Payload("x", body.encode())) if isinstance(i, Rows))
    assert frame["started_at"].iloc[0] == datetime(2021, 3, 1, 6, tzinfo=UTC)


def test_a_year_end_between_label_and_date_and_a_leap_day():
    body = (PAYLOADS / "geometry.json").read_text()
    body = body.replace("02/03 06:00", "01/01 00:00").replace("2021-03-01T06:00:00", "2020-12-31T06:00:00")
    frame = next(
        i.frame for i in SOURCE.parse(Payload("x", body.encode())) if isinstance(i, Rows) and "label" in i.frame
    )
    assert frame.set_index("label").loc["01/01 00:00", "valid_at"] == datetime(2021, 1, 1, tzinfo=UTC)


def test_the_newest_shapes_are_the_whole_truth_of_an_event(store, tmp_path):
    text = (PAYLOADS / "geometry.json").read_text()
    for body in (text, text.replace('"02/03 06:00"', '"03/03 06:00"')):
        pipeline.load(store, Archive(tmp_path), SOURCE, [Payload("geometry", body.encode())])
    labels = set(store.read(HazardArea)["label"])
    assert "03/03 06:00" in labels
    assert "02/03 06:00" not in labels
    assert len(store.read(HazardEvent)) == 1


def test_a_shape_that_is_rejected_leaves_the_known_ones_alone():
    body = (PAYLOADS / "geometry.json").read_text().replace("[179.5, -17]", '["a", "b"]')
    found = list(SOURCE.parse(Payload("x", body.encode())))
    assert any(isinstance(item, Reject) and item.table_name == "hazard_area" for item in found)
    assert not any(isinstance(item, Replaces) for item in found)


def test_both_doors_fill_one_row_and_the_older_state_never_wins(store, tmp_path):
    event = json.loads((PAYLOADS / "list.json").read_text())["features"][0]
    archive = Archive(tmp_path)
    rss = (PAYLOADS.parent / "gdacs" / "rss.xml").read_bytes()
    pipeline.load(store, archive, source("gdacs"), [Payload("rss.xml", rss)])
    known = store.read(HazardEvent).iloc[0]
    event["properties"] |= {"eventtype": known["event_id"][:2], "eventid": known["event_id"][2:]}
    for modified in ("2001-01-01T00:00:00", "2026-01-01T00:00:00"):
        event["properties"]["datemodified"] = modified
        pipeline.load(store, archive, SOURCE, [Payload("one", json.dumps(event).encode())])
        now = store.read(HazardEvent).set_index("event_id")
        assert now.index.is_unique
        is_newer = modified.startswith("2026")
        assert (now.loc[known["event_id"], "title"] == "Flood in Exampleland") == is_newer


def test_an_older_state_of_the_feed_does_not_undo_a_newer_one_of_the_api(store, tmp_path):
    rss = Payload("rss.xml", (PAYLOADS.parent / "gdacs" / "rss.xml").read_bytes())
    old = next(item.frame.iloc[0] for item in source("gdacs").parse(rss) if isinstance(item, Rows))
    event = json.loads((PAYLOADS / "list.json").read_text())["features"][0]
    event["properties"] |= {"eventtype": old["event_id"][:2], "eventid": old["event_id"][2:]}
    event["properties"]["datemodified"] = "2026-01-01T00:00:00"
    for door, payload in (("gdacs_events", Payload("one", json.dumps(event).encode())), ("gdacs", rss)):
        pipeline.load(store, Archive(tmp_path), SOURCE if door == "gdacs_events" else source(door), [payload])
    now = store.read(HazardEvent).set_index("event_id")
    assert now.index.is_unique
    assert now.loc[old["event_id"], "title"] == "Flood in Exampleland"


def test_f51_both_doors_at_once_wait_for_each_other_and_count_an_event_once(store):
    one = rows("list.json").iloc[0].to_dict()
    errors: list[Exception] = []

    def work(door: str, order: range) -> None:
        frame = pd.DataFrame([one | {"event_id": f"FL{number}"} for number in order])
        try:
            with store.load(door) as target:
                target.wait_for("gdacs")
                target.add(HazardEvent, frame)
        except DBAPIError as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=("gdacs", range(500))),
        threading.Thread(target=work, args=("gdacs_events", range(499, -1, -1))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(store.history(HazardEvent)) == 500
    assert SOURCE.spec.rows_of == source("gdacs").spec.id


@pytest.mark.parametrize(
    "body", [b"", b"<html>Sign in</html>", b'{"Message": "Eventtype is required"}', b"[]", b"null"]
)
def test_f10_what_is_no_list_is_refused(body):
    with pytest.raises(PayloadRejected):
        list(SOURCE.parse(Payload("x.json", body)))


def answering(respond) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(respond))


def listed(request: httpx.Request) -> dict[str, str]:
    return dict(request.url.params)


def test_one_call_asks_for_one_type_at_one_level_and_what_fails_is_degraded(monkeypatch):
    monkeypatch.setattr(client, "pause", lambda _: None)
    body = json.loads((PAYLOADS / "list.json").read_text())
    asked = []

    def respond(request: httpx.Request) -> httpx.Response:
        params = listed(request)
        asked.append(params)
        if "getgeometry" in request.url.path:
            return httpx.Response(200, content=(PAYLOADS / "geometry.json").read_bytes())
        if params["eventlist"] == "EQ":
            return httpx.Response(400, text="Please specify only 1 eventtype")
        if params["eventlist"] == "VO":
            return httpx.Response(200, text="<html>busy</html>")
        if params["eventlist"] == "WF":
            return httpx.Response(204)
        features = [f for f in body["features"] if f["properties"]["eventtype"] == params["eventlist"]]
        return httpx.Response(200, json=body | {"features": features if params["alertlevel"] == "Orange" else []})

    payloads = list(SOURCE.fetch(answering(respond), WINDOW))
    lists = [params for params in asked if "eventlist" in params]
    assert len(lists) == len(gdacs_calls.TYPES) * len(gdacs_calls.LEVELS)
    assert all(set(";,") & set(params["eventlist"] + params["alertlevel"]) == set() for params in lists)
    assert [p.name for p in payloads] == [
        "FL-orange-1.json", "DR-orange-1.json", "geometry-FL9200001.json", "not-fetched.json",
    ]  # fmt: skip
    (said,) = SOURCE.parse(payloads[-1])
    assert said.reason.startswith("degraded: ")
    for words in (
        "EQ Red page 1: HTTP 400",
        "VO Green page 1: PayloadRejected",
        "WF: nothing named",
        "TC: nothing named",
    ):
        assert words in said.reason
    assert "FL" not in said.reason


def test_pages_are_asked_for_until_one_is_not_full(monkeypatch):
    monkeypatch.setattr(gdacs_calls, "PAGE_EVENTS", 4)
    monkeypatch.setattr(gdacs_calls, "TYPES", ("FL",))
    monkeypatch.setattr(gdacs_calls, "LEVELS", ("Green",))
    asked = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(listed(request)["pageNumber"])
        full = (PAYLOADS / "list.json").read_bytes()
        return httpx.Response(
            200, content=full if asked[-1] < "3" else b'{"type": "FeatureCollection", "features": []}'
        )

    assert len(list(SOURCE.fetch(answering(respond), WINDOW))) == 2
    assert asked == ["1", "2", "3"]


def test_if_every_call_fails_the_look_fails(monkeypatch):
    monkeypatch.setattr(client, "pause", lambda _: None)
    with pytest.raises(httpx.HTTPStatusError):
        list(SOURCE.fetch(answering(lambda _: httpx.Response(400)), WINDOW))


def test_a_look_ends_when_its_time_is_over(monkeypatch):
    monkeypatch.setattr("etl.sources.gdacs_events.FETCH_SECONDS", -1.0)
    look = list(SOURCE.fetch(answering(lambda _: httpx.Response(500)), WINDOW))
    assert [payload.name for payload in look] == ["not-fetched.json"]
    assert "no time left" in next(iter(SOURCE.parse(look[0]))).reason
