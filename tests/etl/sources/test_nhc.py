"""Active storms: the list is the whole truth, an empty one only in an intact answer."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import PayloadRejected
from data.frames import check
from data.schema.hazard_area import HazardArea
from data.schema.hazard_event import HazardEvent
from etl import pipeline
from etl.archive import Archive
from etl.source import Ignored, Payload, Reject, Replaces, Rows, Window
from etl.sources.nhc import Nhc

PAYLOADS = Path(__file__).parents[2] / "payloads" / "nhc"
SOURCE = Nhc()


def items(name: str) -> list:
    return list(SOURCE.parse(Payload(name, PAYLOADS / name)))


def rows(name: str, table=HazardEvent) -> pd.DataFrame:
    (frame,) = [item.frame for item in items(name) if isinstance(item, Rows) and item.table is table]
    return frame.set_index("event_id")


def test_storms():
    frame = rows("storms.json")
    storm = frame.loc["AL902021"]
    assert (storm["title"], storm["alert_level"], storm["severity"], storm["longitude"]) == (
        "Hurricane Example", "red", 100, -58.4,
    )  # fmt: skip
    assert storm["started_at"] == datetime(2021, 3, 1, 15, tzinfo=UTC), "the first of three advisories"
    assert storm["is_current"]
    assert not check(frame.reset_index(), HazardEvent).reasons
    areas = rows("storms.json", HazardArea)
    assert areas.loc["AL902021", "area_wkt"] == "POINT (-58.4 17.1)"
    assert not check(areas.reset_index(), HazardArea).reasons


def test_a_wind_that_is_missing_is_not_zero():
    frame = rows("storms.json")
    assert pd.isna(frame.loc["EP912021", "severity"])
    assert frame.loc["EP912021", "alert_level"] == "orange", "a hurricane by its name"
    assert (frame.loc["EP912021", "longitude"], frame.loc["EP912021", "latitude"]) == (-179.9, 10)
    assert frame.loc["EP912021", "started_at"] == frame.loc["EP912021", "modified_at"]
    assert (frame.loc["CP922021", "severity"], frame.loc["CP922021", "longitude"]) == (0, 0)


def test_new_fields_and_classes_are_named():
    told = [item.reason for item in items("storms.json") if isinstance(item, Ignored)]
    assert any("newThing" in reason for reason in told)
    assert any("'ZZ'" in reason for reason in told)


def test_each_fault_is_rejected_with_its_place_and_reason():
    reasons = {item.locator: item.reason for item in items("faults.json") if isinstance(item, Reject)}
    wanted = [
        "id",
        "intensity",
        "disagree",
        "not written like",
        "longitude is missing",
        "no time like",
        "a day ahead",
        "no object",
    ]
    for number, words in enumerate(wanted, start=1):
        assert words in reasons[f"storm {number}"]
    assert len(reasons) == len(wanted)
    assert list(rows("faults.json").index) == ["AL082021"]


def test_a_storm_that_is_no_longer_named_ends_and_an_empty_list_is_no_storm(store, tmp_path):
    archive, whole = Archive(tmp_path), (PAYLOADS / "storms.json").read_bytes()
    pipeline.load(store, archive, SOURCE, [Payload("CurrentStorms.json", whole)])
    assert len(store.read(HazardEvent)) == len(store.read(HazardArea)) == 3
    counts = pipeline.load(store, archive, SOURCE, [Payload("CurrentStorms.json", b'{"activeStorms": []}')])
    assert counts["deleted"] == 6
    assert store.read(HazardEvent).empty


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"<html></html>", b'{"activeStorms": null}', b'{"activeStorms": {}}']
)
def test_f06_an_answer_that_is_not_intact_is_never_calm(body):
    with pytest.raises(PayloadRejected):
        list(SOURCE.parse(Payload("x", body)))


def test_fetch_brings_the_list():
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"{}"))) as client:
        (payload,) = SOURCE.fetch(client, Window(datetime(2021, 3, 1, tzinfo=UTC)))
    assert payload.content == b"{}"


def test_while_an_entry_is_rejected_no_other_storm_ends(store, tmp_path):
    archive = Archive(tmp_path)
    whole = (PAYLOADS / "storms.json").read_bytes()
    pipeline.load(store, archive, SOURCE, [Payload("storms.json", whole)])
    known = sorted(store.read(HazardEvent)["event_id"])
    broken = whole.replace(b'"lastUpdate"', b'"lastUpdated"', 1)
    pipeline.load(store, archive, SOURCE, [Payload("storms.json", broken)])
    assert sorted(store.read(HazardEvent)["event_id"]) == known
    assert not any(isinstance(item, Replaces) for item in SOURCE.parse(Payload("storms.json", broken)))
