"""Real workers on a real queue: one look at a time, nothing lost when one is killed, backfills that go on."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy import inspect, text

from data.schema.displacement import Displacement
from data.schema.place_match import PlaceMatch
from data.schema.source_run import SourceRun
from etl import backfill, commands, jobs, pipeline, worker
from etl.__main__ import main
from etl.archive import Archive
from etl.registry import source
from tests.faulty_server import answer, serving, silence
from tests.surroundings import displaced
from tests.worlds import known_rows, load

FEED = (Path(__file__).parents[1] / "payloads" / "gdacs" / "rss.xml").read_bytes()
CHILD = """
import contextlib, sys
from dataclasses import replace
import httpx
from etl import pipeline
from etl.__main__ import main
from etl.registry import source

@contextlib.contextmanager
def loopback(*hosts, archive):
    with httpx.Client(timeout=30) as session:
        yield session

pipeline.client = loopback
gdacs = type(source("gdacs"))
gdacs.spec = replace(gdacs.spec, url=sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""


def until(done: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def start(database_url, tmp_path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start worker processes on a loopback feed; those still there are killed afterwards."""
    environment = os.environ | {
        "WAYPOST_DATABASE_URL": database_url, "WAYPOST_VAR": str(tmp_path), "WAYPOST_SOURCES": "gdacs"
    }  # fmt: skip
    began: list[subprocess.Popen[bytes]] = []

    def run(url: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", CHILD, url, "worker"]
        with (tmp_path / f"log{len(began)}").open("wb") as log:
            began.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return began[-1]

    yield run
    for process in began:
        process.kill()
        process.wait()


@pytest.fixture
def at_home(monkeypatch):
    """Point GDACS at a loopback server within this process."""

    @contextlib.contextmanager
    def loopback(*_: str, archive: Archive) -> Iterator[httpx.Client]:
        with httpx.Client(timeout=5) as session:
            yield session

    def point(url: str) -> None:
        monkeypatch.setattr(pipeline, "client", loopback)
        monkeypatch.setattr(type(source("gdacs")), "spec", replace(source("gdacs").spec, url=url))

    return point


def runs(store) -> list[str]:
    return store.read(SourceRun).sort_values("id")["status"].tolist()


def test_two_workers_look_once_and_a_killed_one_is_replaced_without_hand_work(store, start, at_home, tmp_path):
    def slow(connection):
        time.sleep(1)
        answer(FEED, Content_Type="application/rss+xml")(connection)

    bench = worker.Bench(store, Archive(tmp_path / "raw"), {"gdacs": source("gdacs")}, datetime.now(UTC))
    with serving(slow, silence(60)) as server:
        first, second = start(server.url), start(server.url)
        until(lambda: runs(store) == ["ok"])
        assert len(server.requests) == 1
        second.send_signal(signal.SIGTERM)
        second.wait(15)
        _an_hour_passes(store)
        asyncio.run(_put_due(bench))
        until(lambda: len(server.requests) == 2)
        first.kill()  # in the middle of a look
        first.wait()
    with serving(answer(FEED)) as healthy, store.engine.begin() as connection:
        connection.execute(
            text(f"UPDATE {jobs.SCHEMA}.procrastinate_workers SET last_heartbeat = now() - '5m'::interval")
        )
        connection.commit()
        at_home(healthy.url)
        asyncio.run(_work_until(lambda: runs(store) == ["ok", "ok"], bench))
        assert len(healthy.requests) == 1


def _an_hour_passes(store) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE source_run SET checked_at = checked_at - interval '1 hour'"))


async def _put_due(bench: worker.Bench) -> None:
    app = worker.worker_application(bench.store)
    async with app.open_async():
        await worker.put_due(app, bench, datetime.now(UTC))


async def _work_until(done: Callable[[], bool], bench: worker.Bench) -> None:
    task = asyncio.create_task(worker._work(bench, 2))
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end, runs(bench.store)
        if task.done():
            task.result()
        await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait({task})


def test_the_queue_is_made_once_and_alembic_sees_nothing_of_it(engine):
    jobs.prepare(engine)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {jobs.SCHEMA}.procrastinate_workers DEFAULT VALUES"))
    jobs.prepare(engine)
    with engine.connect() as connection:
        held = connection.execute(text(f"SELECT count(*) FROM {jobs.SCHEMA}.procrastinate_workers")).scalar_one()
    assert held == 1
    assert not [name for name in inspect(engine).get_table_names() if name.startswith("procrastinate")]


def test_a_queue_of_another_version_is_made_anew(engine):
    jobs.prepare(engine)
    with engine.begin() as connection:
        connection.execute(text(f"COMMENT ON SCHEMA {jobs.SCHEMA} IS 'older'"))
        connection.execute(text(f"DROP TABLE {jobs.SCHEMA}.procrastinate_events"))
    jobs.prepare(engine)
    assert "procrastinate_events" in inspect(engine).get_table_names(schema=jobs.SCHEMA)


def test_a_backfill_goes_on_where_it_failed(store, at_home, tmp_path, capsys):
    archive = Archive(tmp_path / "raw")
    wanted = backfill.slices(date(2026, 1, 1), date(2026, 2, 19), 10)
    assert len(wanted) == 6
    refused = answer(b"", "403 Forbidden")
    with serving(answer(FEED), answer(FEED), refused, answer(FEED)) as server:
        at_home(server.url)
        assert asyncio.run(commands._backfill(store, archive, "gdacs", wanted, here=True)) == os.EX_TEMPFAIL
        assert "5 of 6 slices" in capsys.readouterr().out
        assert asyncio.run(commands._backfill(store, archive, "gdacs", wanted, here=True)) == 0
        assert len(server.requests) == 7
    assert sorted(runs(store)) == ["failed", *["ok"] * 6]


def test_slices_cover_the_span_without_gap_or_overlap():
    found = backfill.slices(date(2024, 2, 27), date(2026, 11, 21), 30)[::-1]
    assert found[0][0] == "2024-02-27"
    assert found[-1][1] == "2026-11-22"
    assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]


@pytest.fixture
def settings(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("WAYPOST_VAR", str(tmp_path))
    monkeypatch.setenv("WAYPOST_SOURCES", "gdacs")


def test_the_commands_run_and_status(store, settings, at_home, capsys):
    with serving(answer(FEED), answer(b"<html>login</html>")) as server:
        at_home(server.url)
        assert main(["run"]) == 0
        assert main(["run", "gdacs"]) != 0
    said = capsys.readouterr()
    assert "gdacs: 4 read, 2 new" in said.out
    assert "HTML page" in said.err
    assert main(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    gdacs = next(line for line in lines if line.startswith("gdacs"))
    assert "Stopped" in gdacs
    assert "1 failed in a row" in gdacs
    assert any(line.startswith("ucdp") and "Not set up" in line for line in lines)
    assert lines[-1].startswith("  run 1, hazard_event, item 3 (XX1): eventtype 'XX' is none of")
    assert main(["run", "no-such-source"]) == os.EX_DATAERR


def test_names_of_areas_are_matched_after_a_look_that_brought_some(store, monkeypatch, tmp_path):
    def bring(to, archive, one, now):
        load(to, {Displacement: known_rows(Displacement, [displaced(60, 5, area_pcode=None, area_name="Vale")])})
        return {"new": 1, "revised": 0}

    monkeypatch.setattr(worker.schedule, "due", lambda *_: ["idmc"])
    monkeypatch.setattr(worker.schedule, "look", bring)
    bench = worker.Bench(store, Archive(tmp_path), {}, datetime.now(UTC))
    asyncio.run(worker.look(SimpleNamespace(additional_context={"bench": bench}), "idmc"))
    assert store.read(PlaceMatch)["name"].tolist() == ["Vale"]
