"""From payload to rows: expectations, quarantine, atomic loads. Fault numbers are those of the fault list."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.errors import ExpectationBroken, PayloadRejected
from data.schema.conflict_event import ConflictEvent
from data.schema.hazard_event import HazardEvent
from data.schema.quarantine import Quarantine
from data.schema.source_run import SourceRun
from data.schema.standard import Standard
from data.schema.status_period import StatusPeriod
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.source import Payload
from tests.doors import valley

PAYLOADS = Path(__file__).parents[1] / "payloads"
EVENTS = (PAYLOADS / "ucdp" / "events.csv").read_bytes()
QUAKES = (PAYLOADS / "usgs" / "week.geojson").read_bytes()
FEED = (PAYLOADS / "gdacs" / "rss.xml").read_bytes()


@pytest.fixture
def load(store, tmp_path):
    def run(source_id: str, *bodies: bytes, setting=None):
        payloads = [Payload(f"{number}.txt", body) for number, body in enumerate(bodies)]
        return pipeline.load(store, Archive(tmp_path / "raw"), source(source_id), payloads, setting)

    return run


def test_every_row_lands_is_ignored_by_name_or_is_in_quarantine(store, load):
    counts = load("ucdp", EVENTS)
    assert counts["read"] == 7
    assert counts["new"] + counts["ignored"] + counts["quarantined"] == 7
    reasons = store.read(Quarantine).set_index("locator")["reason"]
    assert reasons["line 6"] == "type_of_violence is none of 1, 2, 3 (4)"
    assert reasons["line 7"] == "best is no plain whole number of 0 or more (~10)"


def test_f31_null_island_lands_with_a_flag_and_without_precision(store, load):
    load("ucdp", EVENTS)
    row = store.read(ConflictEvent, event_id="900004").iloc[0]
    assert (row["location_flag"], row["location_precision"]) == ("null_island", "unknown")
    assert "line 5" not in store.read(Quarantine)["locator"].tolist()


def test_f25_namibia_lands(store, load):
    load("ucdp", EVENTS)
    assert "NAM" in store.read(ConflictEvent)["country_iso3"].tolist()


def test_f47_the_same_file_twice_changes_nothing(store, load):
    load("gdacs", FEED)
    before = store.read(HazardEvent)
    counts = load("gdacs", FEED)
    assert (counts["new"], counts["revised"], counts["unchanged"]) == (0, 0, 2)
    assert store.read(HazardEvent).equals(before)


def test_f07_an_empty_list_is_not_calm(store, load):
    load("gdacs", FEED)
    start, end = FEED.index(b"<item>"), FEED.rindex(b"</item>") + len(b"</item>")
    with pytest.raises(ExpectationBroken, match="number of rows is 0"):
        load("gdacs", FEED[:start] + FEED[end:])
    assert len(store.read(HazardEvent)) == 2
    assert store.read(SourceRun).sort_values("id")["status"].tolist() == ["ok", "failed"]


def test_f09_more_rows_than_a_source_declares_are_refused_and_the_last_good_data_stay(store, load, monkeypatch):
    load("gdacs", FEED)
    monkeypatch.setattr(type(source("gdacs")), "spec", replace(source("gdacs").spec, rows=(1, 1)))
    with pytest.raises(ExpectationBroken, match="number of rows is 2, expected"):
        load("gdacs", FEED + b" ")
    assert len(store.read(HazardEvent)) == 2
    assert store.read(SourceRun).sort_values("id")["status"].tolist() == ["ok", "failed"]


def test_f06_a_login_page_is_refused_and_the_last_good_data_stay(store, load):
    load("gdacs", FEED)
    with pytest.raises(PayloadRejected, match="HTML page"):
        load("gdacs", b"<!DOCTYPE html><html><body>Please log in</body></html>")
    assert len(store.read(HazardEvent)) == 2


def test_f30_a_file_with_swapped_axes_fails_as_a_whole(store, load):
    header, *rows = EVENTS.decode().splitlines()
    names = header.split(",")
    swapped = header.replace("latitude,longitude", "longitude,latitude")
    assert swapped != header
    assert names.index("latitude") + 1 == names.index("longitude")
    with pytest.raises(ExpectationBroken, match="axes look swapped"):
        load("ucdp", "\n".join([swapped, *rows[:3], ""]).encode())
    assert store.read(ConflictEvent).empty


def test_an_assumed_lag_says_when_an_event_was_known(store, load):
    load("ucdp", EVENTS, setting=pipeline.Setting("s", timedelta(days=30)))
    row = store.read(ConflictEvent, event_id="900001").iloc[0]
    assert row["known_from"] == row["end_date"].tz_localize("UTC") + timedelta(days=30)


def test_a_live_load_is_known_from_now(store, load):
    began = datetime.now(UTC)
    load("ucdp", EVENTS)
    assert (store.read(ConflictEvent)["known_from"] >= began).all()


def test_the_archive_keeps_each_payload_once(store, load, tmp_path):
    load("gdacs", FEED)
    load("gdacs", FEED)
    kept = list((tmp_path / "raw").iterdir())
    assert len(kept) == 1
    Archive(tmp_path / "raw").restore(kept[0].name.removesuffix(".gz"), tmp_path / "back.xml")
    assert (tmp_path / "back.xml").read_bytes() == FEED


def test_a_planners_standard_survives_the_shipped_file(store, load):
    body = (PAYLOADS / "standards" / "standards.csv").read_bytes()
    load("standards", body)
    with store.load("standards-page") as page:
        edited = store.read(Standard, id="water-x")[Standard.content()].assign(quantity=20.0, edited_by="planner")
        page.add(Standard, edited)
    load("standards", body.replace(b",15,", b",16,"))
    assert store.read(Standard, id="water-x")["quantity"].tolist() == [20.0]


def test_f08_the_same_content_again_is_a_look_that_changes_nothing(store, load):
    first = load("usgs", QUAKES)
    again = load("usgs", QUAKES)
    runs = store.read(SourceRun).sort_values("id")
    assert runs["status"].tolist() == ["ok", "unchanged"]
    assert again == first | {"new": 0, "unchanged": first["new"] + first["unchanged"]}
    assert runs["message"].iloc[1] == "the same content as at the last look"
    assert runs["newest_content_at"].nunique() == 1
    assert runs["checked_at"].iloc[1] > runs["checked_at"].iloc[0]


def test_content_with_rejected_rows_is_read_again_each_time(store, load):
    assert load("ucdp", EVENTS)["quarantined"] > 0
    load("ucdp", EVENTS)
    assert "the same content" not in store.read(SourceRun).sort_values("id")["message"].iloc[-1]


def test_content_is_read_again_after_another_source_wrote_to_the_same_table(store, load):
    load("usgs", QUAKES)
    load("gdacs", FEED)
    load("usgs", QUAKES)
    assert "the same content" not in store.read(SourceRun).sort_values("id")["message"].iloc[-1]


def test_content_is_read_again_by_another_state_of_the_program(store, load, monkeypatch):
    load("usgs", QUAKES)
    monkeypatch.setattr("etl.repeat.program_sha256", lambda: "another")
    load("usgs", QUAKES)
    assert "the same content" not in store.read(SourceRun).sort_values("id")["message"].iloc[-1]


def test_a_status_of_a_situation_ends_the_one_before_it(store, load):
    valley(store)
    for row in (b"gate,2026-01-01,open", b"gate,2026-02-10,closed"):
        load("statuses", b"border_point_id,start_date,status\n" + row, setting=pipeline.Setting("valley"))
    ends = store.read(StatusPeriod).sort_values("start_date")["end_date"]
    assert ends.dt.strftime("%m-%d").fillna("").tolist() == ["02-10", ""]
