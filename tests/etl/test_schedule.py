"""When a source is looked at, how far back, and what happens after failures; the clock is ours."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ConfigurationMissing, ExpectationBroken, PayloadRejected, WaypostError
from data.freshness import Looks, State
from data.looks import looks
from data.schema.hazard_event import HazardEvent
from data.schema.source_run import SourceRun
from etl import schedule
from etl.archive import Archive
from etl.expectations import BELIEVED_AFTER_REFUSALS, usual
from etl.registry import source
from etl.source import Item, Payload, Replaces, Spec, Window

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEED = (Path(__file__).parents[1] / "payloads" / "gdacs" / "rss.xml").read_bytes()
COUNTS = Path(__file__).parents[1] / "payloads" / "counts" / "example.csv"


class Feed:
    """A source that remembers what it was asked for and answers as told."""

    def __init__(self, key_setting: str | None = None, share: float | None = None) -> None:
        self.spec = Spec(
            "feed", "Feed", "Somebody", "https://feed.invalid/", "free", HOUR, (HazardEvent,), date(2000, 1, 1),
            (1, 5000), least_share_of_usual=share, key_setting=key_setting, key_help=key_setting and "ask",
        )  # fmt: skip
        self.asked: list[Window] = []
        self.fault: Exception | None = None
        self.body = FEED
        self.parsed = source("gdacs")

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        self.asked.append(window)
        if self.fault:
            raise self.fault
        yield Payload("rss.xml", self.body)

    def parse(self, payload):
        yield from self.parsed.parse(payload)


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "raw")


@pytest.fixture
def past(store):
    """Write the record of earlier runs of the feed."""

    def write(*runs: tuple[datetime, str], newest: datetime | None = None) -> None:
        frame = pd.DataFrame([{"source_id": "feed", "checked_at": at, "status": status} for at, status in runs])
        good = frame["status"].isin(["ok", "unchanged"])
        store.append({SourceRun: frame.assign(newest_content_at=pd.Series([newest] * len(frame)).where(good, None))})

    return write


def last_message(store) -> str:
    return store.read(SourceRun).sort_values("id")["message"].iloc[-1]


def is_due(store, feed: Feed, now: datetime, started_at: datetime = START) -> bool:
    return schedule.due(store, [feed], now, started_at) == ["feed"]


def test_a_source_is_due_at_first_and_then_one_cadence_after_each_good_look(store, past):
    feed = Feed()
    assert is_due(store, feed, START)
    past((START, "ok"))
    assert not is_due(store, feed, START + HOUR - MINUTE)
    assert is_due(store, feed, START + HOUR)


def test_a_day_with_a_server_that_is_down_from_two_to_five(store, past):
    feed, now, looked = Feed(), START, []
    while now < START + DAY:
        if is_due(store, feed, now):
            looked.append(now)
            past((now, "failed" if 2 <= now.hour < 5 else "ok"))
        now += 5 * MINUTE
    down = [(at - START) // MINUTE for at in looked if 2 <= at.hour < 5]
    assert down == [120, 125, 135, 155, 195, 255]  # pauses of 5, 10, 20, 40, then the cadence
    assert len(looked) - len(down) == 21
    gaps = {later - earlier for earlier, later in pairwise(looked) if later.hour > 5}
    assert gaps == {HOUR}


@given(st.integers(1, 400), st.timedeltas(MINUTE, timedelta(days=400)))
def test_the_pause_after_failures_grows_and_is_bounded(failures, cadence):
    pause = schedule.back_off(failures, cadence)
    assert schedule.FIRST_PAUSE <= pause <= schedule.back_off(failures + 1, cadence)
    assert pause <= min(max(cadence, HOUR), DAY)


def test_a_look_that_would_be_due_before_the_next_plan_is_due_now(store, past):
    feed = Feed()
    past((START, "ok"))
    assert is_due(store, feed, START + HOUR - schedule.PLANNED_WITHIN)
    assert not is_due(store, feed, START + HOUR - schedule.PLANNED_WITHIN - timedelta(seconds=1))


def test_f44_runs_of_a_clock_that_was_a_day_ahead_do_not_keep_a_source_waiting(store, past):
    feed, now = Feed(), datetime.now(UTC)
    past((now - HOUR, "ok"), (now + DAY, "ok"))
    assert is_due(store, feed, now)
    assert looks(store, ["feed"])["feed"].looked_at == now - HOUR
    past((now, "ok"))
    assert not is_due(store, feed, now + 30 * MINUTE)


def test_a_source_without_a_cadence_is_never_due(store):
    assert schedule.due(store, [source("counts")], START, START) == []


def test_after_downtime_one_look_asks_for_all_that_was_missed(store, past, archive):
    feed, now = Feed(), START + 10 * DAY
    past((START - HOUR, "ok"), (START, "ok"), newest=START - 2 * HOUR)
    schedule.look(store, archive, feed, now)
    assert feed.asked == [Window(START - 3 * HOUR, now)]


def test_the_first_look_goes_a_month_back_and_never_before_the_first_date():
    feed = Feed()
    assert schedule.window(feed.spec, Looks(), START).start == START - schedule.FIRST_LOOK - HOUR
    ancient = datetime(1990, 1, 1, tzinfo=UTC)
    seen = Looks(START, "ok", "", START, ancient)
    assert schedule.window(feed.spec, seen, START).start == datetime(2000, 1, 1, tzinfo=UTC)


def test_f01_a_failed_look_is_a_run_and_not_an_error(store, archive):
    feed = Feed()
    feed.fault = httpx.ConnectError("no route to host")
    assert schedule.look(store, archive, feed, START) is None
    run = store.read(SourceRun).iloc[0]
    assert (run["status"], run["message"]) == ("failed", "ConnectError: no route to host")
    seen = looks(store, ["feed"])["feed"]
    assert schedule.state_of(feed.spec, seen, datetime.now(UTC)) is State.FAILING


def test_a_fault_of_our_own_is_recorded_too_and_is_no_hot_loop(store, archive):
    feed = Feed()
    feed.fault = KeyError("features")
    with pytest.raises(KeyError):
        schedule.look(store, archive, feed, START)
    assert store.read(SourceRun)["status"].tolist() == ["failed"]
    assert not is_due(store, feed, datetime.now(UTC) + 4 * MINUTE)


def test_f13_the_key_stands_in_no_message(store, archive, monkeypatch):
    monkeypatch.setenv("WAYPOST_FEED_KEY", "s3cret-canary")
    feed = Feed(key_setting="WAYPOST_FEED_KEY")
    feed.fault = PayloadRejected("https://feed.invalid/csv/s3cret-canary/world", "answered with an HTML page")
    schedule.look(store, archive, feed, START)
    message = store.read(SourceRun)["message"].iloc[0]
    assert "s3cret" not in message
    assert "HTML page" in message


def test_f13_a_missing_key_is_asked_for_once_a_day_or_when_it_has_been_set(store, past, monkeypatch):
    feed = Feed(key_setting="WAYPOST_FEED_KEY")
    monkeypatch.delenv("WAYPOST_FEED_KEY", raising=False)
    past((START, "not_configured"))
    assert not is_due(store, feed, START + DAY - MINUTE)
    assert is_due(store, feed, START + DAY)
    monkeypatch.setenv("WAYPOST_FEED_KEY", "set")
    assert not is_due(store, feed, START + HOUR)
    assert is_due(store, feed, START + HOUR, started_at=START + MINUTE)


def test_f07_a_feed_that_lost_most_of_its_rows_fails_and_keeps_the_last_good_data(store, archive):
    feed = Feed(share=0.6)
    assert schedule.look(store, archive, feed, START)
    held = store.read(HazardEvent)
    feed.body = FEED[: FEED.index(b"</item>") + len(b"</item>")] + FEED[FEED.rindex(b"</item>") + len(b"</item>") :]
    assert feed.body.count(b"<item>") < FEED.count(b"<item>")
    for _ in range(BELIEVED_AFTER_REFUSALS):
        assert schedule.look(store, archive, feed, START) is None
    assert "usually 4" in last_message(store)
    assert store.read(HazardEvent).equals(held)
    assert schedule.look(store, archive, feed, START), "a feed that stays smaller is not refused for ever"
    assert "before it held 4" in last_message(store)
    assert store.read(HazardEvent).equals(held)


def test_f52_a_feed_that_loses_most_of_its_rows_and_stays_so_is_believed_in_the_end(store, archive):
    class Lossy(Feed):
        def parse(self, payload: Payload) -> Iterator[Item]:
            yield from super().parse(payload)
            yield Replaces(HazardEvent, "t.source_id = 'gdacs'", 0.2, {})

    feed = Lossy()
    schedule.look(store, archive, feed, START)
    held = len(store.read(HazardEvent))
    feed.body = FEED[: FEED.index(b"</item>") + len(b"</item>")] + FEED[FEED.rindex(b"</item>") + len(b"</item>") :]
    for _ in range(BELIEVED_AFTER_REFUSALS):
        assert schedule.look(store, archive, feed, START) is None
    assert "nothing was deleted" in last_message(store)
    assert len(store.read(HazardEvent)) == held
    assert schedule.look(store, archive, feed, START)
    assert "are gone, and stayed so" in last_message(store)
    assert len(store.read(HazardEvent)) < held


def test_f61_a_feed_that_goes_back_in_time_is_refused_and_a_frozen_one_is_named(store, past, archive):
    feed = Feed()
    schedule.look(store, archive, feed, START)
    schedule.look(store, archive, feed, START)
    assert "may be frozen" in last_message(store)
    past((datetime.now(UTC), "ok"), newest=datetime(2026, 1, 1, tzinfo=UTC))
    for _ in range(BELIEVED_AFTER_REFUSALS):
        assert schedule.look(store, archive, feed, START) is None
    assert last_message(store).startswith("the step back in days (newest content of 2021-")
    assert schedule.look(store, archive, feed, START)
    assert "before it was of 2026-01-01" in last_message(store)


def test_a_slice_of_the_past_is_not_compared_with_the_present(store, past, archive):
    past((datetime.now(UTC), "ok"), newest=datetime(2026, 1, 1, tzinfo=UTC))
    feed = Feed(share=0.9)
    span = Window(START - DAY, START)
    assert schedule.pipeline.run(store, archive, feed, span, live=False)["new"] == 2
    with pytest.raises(ExpectationBroken):
        schedule.pipeline.run(store, archive, feed, span)


def test_f61_a_file_loaded_by_hand_and_a_slice_of_the_past_are_no_looks(store, archive):
    feed, now = Feed(share=0.9), datetime.now(UTC)
    schedule.pipeline.load(store, archive, feed, [Payload("good.xml", FEED)])
    assert is_due(store, feed, now), "a file does not stand for the first look"
    assert looks(store, ["feed"], or_by_hand=True)["feed"].good_at is not None
    assert schedule.look(store, archive, feed, now)
    before = looks(store, ["feed"])["feed"]
    assert before.good_at is not None
    assert not is_due(store, feed, now)

    with pytest.raises(WaypostError):
        schedule.pipeline.load(store, archive, feed, [Payload("bad.xml", b"<rss/>")])
    smaller = FEED[: FEED.index(b"</item>") + 7] + FEED[FEED.rindex(b"</item>") + 7 :]
    for _ in range(3):
        schedule.pipeline.load(store, archive, feed, [Payload("smaller.xml", smaller)])
    feed.body = smaller
    schedule.pipeline.run(store, archive, feed, Window(START - DAY, START), live=False)
    feed.fault = httpx.ConnectError("no route to host")
    with pytest.raises(httpx.ConnectError):
        schedule.pipeline.run(store, archive, feed, Window(START - DAY, START), live=False)
    for by_hand in (True, False):
        assert looks(store, ["feed"], or_by_hand=by_hand)["feed"] == before
    assert usual(store, feed.spec).rows == 4


def test_a_bad_file_by_hand_is_no_failure_of_a_feed_that_was_never_looked_at(store, archive):
    feed = Feed()
    with pytest.raises(WaypostError):
        schedule.pipeline.load(store, archive, feed, [Payload("bad.xml", b"<rss/>")])
    seen = looks(store, ["feed"], or_by_hand=True)["feed"]
    assert schedule.state_of(feed.spec, seen, datetime.now(UTC)) is State.NEVER
    assert seen.message


def test_a_source_that_is_only_ever_sent_stands_as_its_last_sending(store, archive):
    counts = source("counts")
    for body, state in ((b"no table", State.FAILING), (COUNTS.read_bytes(), State.ON_TIME)):
        with suppress(WaypostError):
            schedule.pipeline.load(store, archive, counts, [Payload("counts.csv", body)])
        assert schedule.state_of(counts.spec, looks(store, ["counts"])["counts"], datetime.now(UTC)) is state


def test_f07_an_outage_does_not_make_an_emptied_feed_believable(store, archive):
    feed = Feed(share=0.6)
    assert schedule.look(store, archive, feed, START)
    feed.fault = httpx.ConnectError("no route to host")
    for _ in range(BELIEVED_AFTER_REFUSALS):
        schedule.look(store, archive, feed, START)
    feed.fault, feed.body = None, FEED[: FEED.index(b"</item>") + 7] + FEED[FEED.rindex(b"</item>") + 7 :]
    assert schedule.look(store, archive, feed, START) is None
    assert "usually 4" in last_message(store)


def test_only_sources_that_exist_and_have_a_cadence_can_be_enabled():
    assert list(schedule.enabled("gdacs, ucdp,gdacs,")) == ["gdacs", "ucdp"]
    assert schedule.enabled("none") == {}
    for wrong in ("gdax", "counts"):
        with pytest.raises(ConfigurationMissing, match=wrong):
            schedule.enabled(wrong)


def test_the_default_sources_need_no_key():
    from data.settings import ScheduleSettings

    chosen = schedule.enabled(ScheduleSettings.model_fields["sources"].default)
    assert chosen
    assert all(one.spec.key_setting is None for one in chosen.values())
