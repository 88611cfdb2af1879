"""US border crossings as published."""

from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import PayloadRejected
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.situation import Situation
from etl import pipeline
from etl.archive import Archive
from etl.source import Ignored, Keeps, Payload, Reject, Rows, Window
from etl.sources import bts
from etl.sources.bts import Bts

PAYLOADS = Path(__file__).parents[2] / "payloads" / "bts"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SOURCE = Bts(clock=lambda: NOW)


def items(name: str) -> list:
    return list(SOURCE.parse(Payload(name, (PAYLOADS / name).read_bytes())))


def rows(name: str, table: type) -> pd.DataFrame:
    return pd.concat([i.frame for i in items(name) if isinstance(i, Rows) and i.table is table], ignore_index=True)


def test_a_month_on_foot_becomes_a_flow_of_all_its_days_and_zero_stays_zero():
    found = rows("published.csv", Observation).set_index(["place_id", "period_start_date"])
    march = found.loc[("us-mexico:2399", pd.Timestamp("2019-03-01"))]
    assert (march["people"], march["period_end_date"]) == (15201, pd.Timestamp("2019-03-31"))
    assert found.loc[("us-mexico:2399", pd.Timestamp("2019-02-01")), "people"] == 0
    assert march["assumed_known_at"] == pd.Timestamp("2019-05-30", tz="UTC")


def test_a_code_has_its_zero_again_and_a_port_its_place():
    places = rows("published.csv", Place).set_index("id")
    assert places.loc["us-canada:0199", ["longitude", "latitude"]].tolist() == [-67.781, 46.135]
    assert set(rows("published.csv", Situation)["origin_iso3"]) == {"MEX", "CAN"}


def test_what_is_not_on_foot_is_ignored_by_name():
    assert sum(i.rows for i in items("published.csv") if isinstance(i, Ignored)) == 3


def test_f28_f41_the_newer_layout_and_what_is_wrong_in_it():
    assert rows("quirks.csv", Observation)["period_start_date"].tolist() == [pd.Timestamp("2024-01-01")]
    reasons = [i.reason.split()[0] for i in items("quirks.csv") if isinstance(i, Reject)]
    assert reasons == ["value", "value", "date", "date", "date", "measure", "border", "port_code"]


def test_a_port_without_position_does_not_undo_a_known_one():
    kept = [i.values for i in items("page.json") if isinstance(i, Keeps) and i.table is Place]
    assert kept == [{"ids": ["us-canada:0199"]}]


@pytest.mark.parametrize("body", [b"[]", b'{"error": true, "message": "limit"}', b"<html>", b""])
def test_f06_an_answer_without_records_is_refused(body):
    with pytest.raises(PayloadRejected):
        list(SOURCE.parse(Payload("page.json", body)))


def test_fetch_walks_the_pages(monkeypatch):
    monkeypatch.setattr(bts, "PAGE_ROWS", 3)
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        full = (PAYLOADS / "page.json").read_bytes()
        return httpx.Response(200, content=full if len(asked) == 1 else b"[]")

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        found = list(SOURCE.fetch(client, Window(datetime(2026, 10, 15, tzinfo=UTC), NOW)))
    assert [p["$offset"] for p in asked] == ["0", "3"]
    assert "date >= '2026-05-01T00:00:00'" in asked[0]["$where"]
    assert len(found) == 1


def test_a_shorter_file_leaves_the_longer_situation_as_it_is(store, tmp_path):
    for name in ("published.csv", "page.json"):
        payload = Payload(name, (PAYLOADS / name).read_bytes())
        pipeline.load(store, Archive(tmp_path), SOURCE, [payload])
    assert set(store.read(Situation)["start_date"].dt.date) == {date(2019, 2, 1), date(2019, 3, 1)}
    assert store.read(Place)["longitude"].notna().all()
    assert len(store.read(Observation)) == 5
