"""River discharge at points: the wettest cell of the neighbourhood, missing is not dry."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.indicator import Indicator
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.glofas import Glofas

PAYLOADS = Path(__file__).parents[2] / "payloads" / "glofas"
POINT = "point-north-gate-2021-03-03.json"
NOW = datetime(2021, 3, 3, 12, tzinfo=UTC)
SOURCE = Glofas(clock=lambda: NOW)


def items(name: str) -> list:
    return list(SOURCE.parse(Payload(name, PAYLOADS / name)))


def rows(name: str) -> pd.DataFrame:
    return pd.concat([item.frame for item in items(name) if isinstance(item, Rows)], ignore_index=True)


def test_the_wettest_cell_of_the_neighbourhood_is_the_point():
    frame = rows(POINT)
    assert set(frame["area_id"]) == {"north-gate"}
    assert set(frame["longitude"]) == {22.55}
    own = frame[frame["breakdown"] == ""]
    assert own["value"].tolist()[:3] == [120.5, 130.0, 0.0], "a dry bed is zero"
    assert pd.isna(own["value"].iloc[3]), "null is missing"
    assert own["quality"].tolist() == ["estimated", "estimated", "forecast", "forecast"]
    assert frame[frame["breakdown"] != ""]["value"].tolist()[2] == 150.25
    assert not check(frame, Indicator).reasons
    assert [item.rows for item in items(POINT) if isinstance(item, Ignored)] == [2]


def test_the_day_of_the_look_decides_what_was_a_forecast_whenever_it_is_read():
    later = Glofas(clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    (frame, _) = [i.frame for i in later.parse(Payload(POINT, PAYLOADS / POINT)) if isinstance(i, Rows)]
    assert frame["quality"].tolist() == ["estimated", "estimated", "forecast", "forecast"]


def test_locations_that_are_no_neighbours_are_points_of_their_own():
    frame = rows("two-places.json")
    assert frame.groupby("area_id")["value"].sum().to_dict() == {"9.25,22.5": 4.0, "45,5": 8.0}
    assert any("newthing" in item.reason for item in items("two-places.json") if isinstance(item, Ignored))


def test_each_fault_is_rejected_with_its_place_and_reason():
    reasons = {item.locator: item.reason for item in items("faults.json") if isinstance(item, Reject)}
    wanted = ["latitude", "'ft³/s'", "'-1.5'", "'many'", "different lengths", "no object"]
    for number, words in enumerate(wanted, start=1):
        assert words in reasons[f"location {number}"]
    assert rows("faults.json")["value"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"<html></html>", b'{"error": true, "reason": "Daily limit exceeded"}']
)
def test_f06_an_error_with_status_200_is_refused(body):
    with pytest.raises(PayloadRejected):
        list(SOURCE.parse(Payload("x", body)))


def fetched(respond, monkeypatch, points: str) -> list[Payload]:
    monkeypatch.setenv("WAYPOST_GLOFAS_POINTS", points)
    with httpx.Client(transport=httpx.MockTransport(respond)) as client:
        return list(SOURCE.fetch(client, Window(datetime(2021, 2, 25, tzinfo=UTC), NOW)))


def test_each_point_is_asked_for_with_its_neighbours_and_one_that_fails_leaves_the_others(monkeypatch):
    asked = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        if asked[-1]["latitude"].startswith("9.40"):
            return httpx.Response(400, json={"error": True, "reason": "no"})
        return httpx.Response(200, content=(PAYLOADS / POINT).read_bytes())

    found = fetched(respond, monkeypatch, "north-gate:9.25,22.5; old-ford:9.4,22.1;")
    assert [payload.name for payload in found] == [POINT, "not-fetched.json"]
    assert asked[0]["latitude"].split(",")[0] == "9.2500"
    assert len(set(zip(asked[0]["latitude"].split(","), asked[0]["longitude"].split(","), strict=True))) == 9
    assert (asked[0]["start_date"], asked[0]["end_date"]) == ("2021-02-25", "2021-04-02")
    assert next(iter(SOURCE.parse(found[1]))).reason == "not fetched: old-ford: HTTPStatusError"


def test_if_every_point_fails_the_look_fails(monkeypatch):
    with pytest.raises(httpx.HTTPStatusError):
        fetched(lambda _: httpx.Response(400), monkeypatch, "a:1,2")


@pytest.mark.parametrize("points", ["", " ; ", "north-gate", "a:91,0", "a:0,181", "a:1,2;a:3,4", "a b:1;2"])
def test_points_that_are_none_are_a_setting_to_put_right(points, monkeypatch):
    with pytest.raises(ConfigurationMissing, match="WAYPOST_GLOFAS_POINTS"):
        fetched(lambda _: httpx.Response(400), monkeypatch, points)


def test_a_discharge_without_its_unit_is_rejected_by_that_name():
    body = b'{"latitude": 9, "longitude": 22, "daily": {"time": ["2021-03-01"], "river_discharge": [1]}}'
    (found,) = SOURCE.parse(Payload("x.json", body))
    assert "daily_units is missing" in found.reason
