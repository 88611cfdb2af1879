"""Trying quarantined rows again: what fits by now lands, and nothing that came later is undone."""

from pathlib import Path

import pytest

from data.errors import InputRejected
from data.schema.conflict_event import ConflictEvent
from data.schema.quarantine import Quarantine
from data.schema.source_run import SourceRun
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.retry import put_retry, retry
from etl.source import Payload

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
    from sqlalchemy import text

    run_id = load(*LINES)
    put_retry(store, archive, run_id)
    put_retry(store, archive, run_id)
    with store.engine.connect() as connection:
        waiting = connection.execute(text("SELECT args FROM waypost_jobs.procrastinate_jobs")).scalars().all()
    assert waiting == [{"run_id": run_id}]
