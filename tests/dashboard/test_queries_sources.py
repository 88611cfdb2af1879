"""What the Data page reads, on a real database."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from dashboard import queries_sources
from dashboard.components.rejected import rejected_runs
from dashboard.components.run_table import run_table
from dashboard.components.source_state import in_use, source_table, summary
from data.freshness import State
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.source import Payload

PAYLOADS = Path(__file__).parents[1] / "payloads"
NOW = datetime.now(UTC)


class Types:
    RETRY, SAVE = "retry", "save"


@pytest.fixture
def loaded(store, tmp_path):
    for source_id, name, end in (("gdacs", "rss.xml", b""), ("ucdp", "events.csv", b""), ("gdacs", "rss.xml", b"\n")):
        body = (PAYLOADS / source_id / name).read_bytes() + end
        pipeline.load(store, Archive(tmp_path / "raw"), source(source_id), [Payload(name, body)])
    return store


def test_every_source_has_a_state_and_what_was_never_used_stands_apart(loaded, monkeypatch):
    monkeypatch.delenv("WAYPOST_UCDP_TOKEN", raising=False)
    states = {one.spec.id: one for one in queries_sources.source_states(loaded, NOW, "gdacs")}
    assert states["gdacs"].state is State.DELINQUENT
    assert states["gdacs"].scheduled
    assert states["ucdp"].state is State.NOT_CONFIGURED
    assert in_use(states["ucdp"])
    assert states["counts"].state is State.NEVER
    assert not in_use(states["counts"])
    said = str(source_table(list(states.values()), NOW))
    assert "WAYPOST_UCDP_TOKEN" in said
    assert len(summary(list(states.values()))) >= 3


def test_failures_in_a_row_are_one_line_and_good_runs_are_not(store):
    at = pd.date_range("2026-03-01", periods=7, freq="h", tz="UTC")
    status = ["ok", "failed", "failed", "failed", "ok", "ok", "failed"]
    said = ["", "no route", "no route", "refused", "", "", "refused"]
    store.append({SourceRun: pd.DataFrame({"source_id": "gdacs", "checked_at": at, "status": status, "message": said})})
    runs = queries_sources.last_runs(store)
    assert runs["times"].tolist() == [1, 1, 1, 1, 2, 1]
    assert runs["checked_at"].is_monotonic_decreasing
    assert "2 times" in str(run_table(runs, {"gdacs": "GDACS"}, NOW))


def test_one_mistake_is_one_line_and_a_feed_that_repeats_it_is_listed_once(loaded):
    groups = queries_sources.rejected_groups(loaded)
    assert groups["run_id"].tolist() == [3, 2, 2]
    assert groups["rows"].tolist() == [1, 1, 1]
    assert len(queries_sources.rejected_rows(loaded)) == 3  # the row that GDACS repeated stands there once
    assert set(queries_sources.rejected_rows(loaded, run_id=2)["source_id"]) == {"ucdp"}
    shown = rejected_runs(groups, {}, {2}, Types)
    assert ["Try again" in str(block) for block in shown] == [False, True]


def test_the_same_reason_with_other_numbers_is_grouped(store):
    with store.load("counts", "counts.csv") as load:
        for line in range(3):
            load.reject("observation", f"line {line}", f"people is no plain whole number (~{line}0)", "x")
    groups = queries_sources.rejected_groups(store)
    assert groups["rows"].tolist() == [3]
    assert groups["locator"].tolist() == ["line 0"]


def test_f61_a_point_is_shown_late_by_its_own_rhythm_at_the_clock(store):
    with store.load("situation") as load:
        facts = {
            "id": "s", "title": "S", "start_date": date(2026, 1, 1), "origin_iso3": "CAF", "source": "invented",
            "licence": "none", "note": "", "conflict_lag_days": 0, "registration_lag_days": 0,
        }  # fmt: skip
        load.add(Situation, _filled(Situation, facts))
        place = {
            "id": "s:a", "situation_id": "s", "kind": "site", "name": "A", "country_iso3": "CMR", "note": "",
            "coordinate_quality": "unknown",
        }  # fmt: skip
        load.add(Place, _filled(Place, place))
    with store.load("counts") as load:
        for week in range(3):
            day = date(2026, 1, 1) + timedelta(days=7 * week)
            row = {
                "place_id": "s:a", "measure": "stock", "direction": "present", "population_group": "all",
                "period_start_date": day, "period_end_date": day, "source_id": "x", "people": 0, "quality": "reported",
            }  # fmt: skip
            frame = _filled(Observation, row)
            load.add(Observation, frame.assign(known_at=pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=30)))
    states = []
    for day in (10, 22, 26, 31):
        fresh = queries_sources.point_freshness(store, "s", datetime(2026, 1, day, tzinfo=UTC))
        states.append((fresh["state"].iloc[0], fresh["newest_date"].iloc[0].day))
    assert states == [("on_time", 8), ("on_time", 15), ("due", 15), ("overdue", 15)]
    assert queries_sources.point_freshness(store, "none", NOW).empty


def _filled(table, values: dict) -> pd.DataFrame:
    """A row with what is not given left missing."""
    return pd.DataFrame([{name: values.get(name) for name in table.content()}])
