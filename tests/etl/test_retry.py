"""Trying quarantined rows again: what fits by now lands, and nothing that came later is undone."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from data.errors import InputRejected
from data.schema.conflict_event import ConflictEvent
from data.schema.observation import Observation
from data.schema.quarantine import Quarantine
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from data.schema.stock import Stock
from etl import pipeline
from etl.archive import Archive
from etl.commands import run
from etl.intake import Intake, Sending
from etl.registry import source
from etl.retry import put_retry, retry
from etl.source import Payload
from tests.doors import csv_of, queue_csv, sheet_of, valley

EVENTS = (Path(__file__).parents[1] / "payloads" / "ucdp" / "events.csv").read_bytes()
HEADER, *LINES = EVENTS.decode().splitlines()


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "raw")


@pytest.fixture
def load(store, archive):
    def run(*lines: str) -> int:
        body = "\n".join([HEADER, *lines, ""]).encode()
        pipeline.load(store, archive, source("ucdp"), [Payload("events.csv", body)])
        return int(store.read(SourceRun)["id"].max())

    return run


@pytest.fixture
def learns(monkeypatch):
    """The program has learned that "~10" is a number."""

    def learn() -> None:
        known = source("ucdp")
        parse = type(known).parse

        def lenient(self, payload):
            body = payload.read(10**9).replace(b"~10", b"10")
            return parse(self, Payload(payload.name, body))

        monkeypatch.setattr(type(known), "parse", lenient)

    return learn


def test_what_fits_by_now_lands_and_the_rest_stays_in_quarantine(store, load, archive, learns):
    run_id = load(*LINES)
    assert len(store.read(Quarantine)) == 2
    before = set(store.read(ConflictEvent)["event_id"])
    learns()
    counts = retry(store, archive, run_id)
    assert (counts["new"], counts["revised"], counts["quarantined"]) == (1, 0, 1)
    assert len(set(store.read(ConflictEvent)["event_id"]) - before) == 1
    left = store.read(Quarantine)
    assert left["reason"].tolist() == ["type_of_violence is none of 1, 2, 3 (4)"]
    assert left["run_id"].tolist() == [run_id + 1]


def test_a_retry_undoes_nothing_that_came_later(store, load, archive, learns):
    old = load(*LINES)
    best = HEADER.split(",").index("best")
    revised = LINES[0].split(",")
    revised[best] = str(int(revised[best]) + 7)
    load(",".join(revised))
    known = store.read(ConflictEvent, event_id=revised[0])["fatalities_best"].iloc[0]
    with store.load("ucdp") as correction:
        gone = store.read(ConflictEvent, event_id=LINES[1].split(",")[0])
        correction.add(ConflictEvent, gone[ConflictEvent.content()].assign(is_deleted=True))
    learns()
    counts = retry(store, archive, old)
    assert (counts["new"], counts["revised"], counts["deleted"]) == (1, 0, 0)
    assert store.read(ConflictEvent, event_id=revised[0])["fatalities_best"].iloc[0] == known
    assert store.read(ConflictEvent, event_id=LINES[1].split(",")[0]).empty


def test_the_same_retry_twice_finds_nothing_to_do(store, load, archive, learns):
    run_id = load(*LINES)
    learns()
    retry(store, archive, run_id)
    with pytest.raises(InputRejected, match="nothing in quarantine"):
        retry(store, archive, run_id)
    with pytest.raises(InputRejected, match="nothing in quarantine"):
        put_retry(store, archive, run_id)


def test_a_run_without_its_payload_cannot_be_tried_again(store, load, archive):
    run_id = load(*LINES)
    for kept in archive.folder.iterdir():
        kept.unlink()
    with pytest.raises(InputRejected, match="no payload in the archive"):
        put_retry(store, archive, run_id)


def test_asked_twice_a_retry_waits_once(store, load, archive):
    run_id = load(*LINES)
    put_retry(store, archive, run_id)
    put_retry(store, archive, run_id)
    with store.engine.connect() as connection:
        waiting = connection.execute(text("SELECT args FROM waypost_jobs.procrastinate_jobs")).scalars().all()
    assert waiting == [{"run_id": run_id}]


def late(store):
    """Counts of the valley become known three days after their day."""
    with store.load("situation") as target:
        target.add(Situation, store.read(Situation)[Situation.content()].assign(registration_lag_days=3))


def known_since(store):
    with store.engine.connect() as connection:
        return connection.execute(text("SELECT known_from FROM observation ORDER BY known_from")).scalars().all()


def test_what_a_situation_folder_brought_keeps_its_delay_of_knowledge(store, archive):
    late(valley(store))
    header = ("place_id", "measure", "period_end_date", "people", "source_id")
    rows = [(place, "queue", "2014-03-01", "5", "border-police") for place in ("gate", "new")]
    payload = Payload("valley/observations.csv", csv_of(header, *rows))
    setting = pipeline.Setting("valley", timedelta(days=3))
    pipeline.load(store, archive, source("counts"), [payload], setting)
    late(valley(store, ("valley:new", "town", "Newtown")))
    assert retry(store, archive, int(store.read(Quarantine)["run_id"].iloc[0]))["new"] == 1
    assert known_since(store) == [datetime(2014, 3, 4, tzinfo=UTC)] * 2


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_came_through_a_door_is_read_as_its_kind_and_within_its_situation(store, archive, form):
    intake = Intake(valley(store), archive)
    body = queue_csv(("North Gate", "2026-03-01", "5"), ("Newtown", "2026-03-01", "7"))
    if form == "xlsx":
        rows = [{"place_id": p, "period_end_date": "2026-03-01", "people": n, "source_id": "a"}
                for p, n in (("North Gate", 5), ("Newtown", 7))]  # fmt: skip
        body = sheet_of(rows)
    sending = Sending("queues", Payload(f"upload/queues.{form}", body), "valley")
    intake.load(sending, accept_good_rows=True)
    valley(store, ("valley:new", "site", "Newtown"))
    run_id = int(store.read(Quarantine)["run_id"].iloc[0])
    assert retry(store, archive, run_id)["new"] == 1
    assert store.read(Observation)[["place_id", "measure"]].values.tolist() == [
        ["valley:gate", "queue"], ["valley:new", "queue"],
    ]  # fmt: skip
    assert store.read(Quarantine).empty


def test_a_file_of_a_situation_all_of_whose_places_were_unknown_lands_when_they_are_known(store, archive, tmp_path):
    valley(store)
    file = tmp_path / "stocks.csv"
    file.write_text("place_id,item,counted_date,quantity,unit,reported_by\nnew,blanket,2026-03-01,5,piece,a\n")
    options = argparse.Namespace(sources=["stocks"], files=[file], situation="valley", lag_days=None)
    assert run(store, archive, options) == 0
    valley(store, ("valley:new", "town", "Newtown"))
    assert retry(store, archive, int(store.read(Quarantine)["run_id"].iloc[0]))["new"] == 1
    assert store.read(Stock)["place_id"].tolist() == ["valley:new"]
