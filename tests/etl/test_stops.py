"""A feed that falls silent is told of once, and once more only after it was back."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import psycopg
import pytest

from data.postgres import engine as open_engine
from data.schema.hazard_event import HazardEvent
from data.schema.source_run import SourceRun
from data.schema.source_stop import SourceStop
from data.store import Store
from etl.source import Spec
from etl.stops import tell_stops

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Feed:
    """What is needed of a source to tell how late it is."""

    spec = Spec(
        "feed", "Feed", "Somebody", "https://feed.invalid/", "free", HOUR, (HazardEvent,), date(2000, 1, 1), (1, 9)
    )


def saw(store: Store, at: datetime, newest: datetime | None, status: str = "ok") -> None:
    run = {"source_id": "feed", "checked_at": at, "status": status, "newest_content_at": newest}
    store.append({SourceRun: pd.DataFrame([run])})


def test_f61_a_stop_is_told_once_and_again_only_after_the_feed_was_back(store, database_url, caplog):
    caplog.set_level(logging.WARNING, "waypost.stops")
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as listening:
        listening.execute("LISTEN waypost_rows")
        saw(store, START, START)
        for hours in (1, 2, 3):
            assert tell_stops(store, [Feed()], START + hours * HOUR) == []
        saw(store, START + 4 * HOUR, START, "unchanged")
        assert tell_stops(store, [Feed()], START + 4 * HOUR) == ["feed"]
        assert tell_stops(store, [Feed()], START + 5 * HOUR) == []
        restarted = open_engine(database_url)
        assert tell_stops(Store(restarted), [Feed()], START + 6 * HOUR) == []
        restarted.dispose()
        saw(store, START + 6 * HOUR, START + 6 * HOUR)
        assert tell_stops(store, [Feed()], START + 7 * HOUR) == []
        assert tell_stops(store, [Feed()], START + 10 * HOUR) == ["feed"]
        heard = [note.payload for note in listening.notifies(timeout=0.5, stop_after=3)]
    assert heard == ["feed"] * 3
    assert len([r for r in caplog.records if "has stopped" in r.message]) == 2
    assert "newest content 2026-03-01 00:00 UTC" in caplog.text
    rows = store.read(SourceStop).sort_values("id")
    assert rows["ended_at"].tolist()[0] == pd.Timestamp(START + 7 * HOUR)
    assert rows["ended_at"].isna().tolist() == [False, True]


def test_f61_several_workers_tell_a_stop_once(store):
    saw(store, START, START)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: tell_stops(store, [Feed()], START + 9 * HOUR), range(8)))
    assert sorted(map(len, told)) == [0] * 7 + [1]


@pytest.mark.parametrize("status", ["failed", "not_configured"])
def test_what_was_never_there_has_not_stopped(store, status):
    saw(store, START, None, status)
    assert tell_stops(store, [Feed()], START + 99 * HOUR) == []
    assert store.read(SourceStop).empty


def test_a_lost_key_does_not_end_a_stop_nor_does_what_is_still_overdue(store, monkeypatch):
    saw(store, START, START)
    feed = Feed()
    assert tell_stops(store, [feed], START + 9 * HOUR) == ["feed"]
    feed.spec = replace(feed.spec, key_setting="WAYPOST_NO_SUCH_KEY", key_help="ask")
    monkeypatch.delenv("WAYPOST_NO_SUCH_KEY", raising=False)
    tell_stops(store, [feed], START + 9 * HOUR)
    saw(store, START + 9 * HOUR, START + 6.5 * HOUR)
    tell_stops(store, [Feed()], START + 9 * HOUR)
    assert store.read(SourceStop)["ended_at"].isna().all()
