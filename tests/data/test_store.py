"""The store: versions, as-of reads, atomic loads. Fault numbers are those of the fault list."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from data.errors import IdentityBreak, PayloadRejected
from data.schema.conflict_event import ConflictEvent
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.quarantine import Quarantine
from data.schema.replay_clock import ReplayClock
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from data.store import Store

THEN = datetime(2014, 1, 31, tzinfo=UTC)


def events(ids, fatalities, **more) -> pd.DataFrame:
    day = pd.Timestamp("2014-01-01")
    return pd.DataFrame(
        {
            "source_id": "ucdp",
            "event_id": ids,
            "kind": "state_based",
            "start_date": day,
            "end_date": day,
            "country_iso3": "CAF",
            "longitude": 20.0,
            "latitude": 5.0,
            "location_precision": "exact",
            "fatalities_best": fatalities,
        }
        | more
    )


def load(store: Store, frame: pd.DataFrame, **scope) -> dict[str, int]:
    with store.load("ucdp") as target:
        target.add(ConflictEvent, frame)
        if scope:
            target.replaces(ConflictEvent, "t.source_id = 'ucdp'", **scope)
    return target.counts


def known(store: Store, as_of: datetime | None = None) -> dict[str, int]:
    frame = store.read(ConflictEvent, as_of=as_of)
    return dict(zip(frame["event_id"], frame["fatalities_best"].astype(int), strict=True))


def dump(store: Store) -> list:
    with store.engine.connect() as connection:
        return connection.execute(text("SELECT * FROM conflict_event ORDER BY version_id")).fetchall()


def test_f46_the_same_event_twice_in_a_batch_is_one_row(store):
    counts = load(store, events(["1", "1", "2"], [3, 5, 1]))
    assert (counts["new"], counts["ignored"]) == (2, 1)
    assert known(store) == {"1": 5, "2": 1}


def test_f47_the_same_batch_twice_changes_nothing(store):
    load(store, events(["1", "2"], [3, 5], assumed_known_at=THEN))
    before = dump(store)
    counts = load(store, events(["1", "2"], [3, 5], assumed_known_at=THEN))
    assert counts["unchanged"] == 2
    assert dump(store) == before
    assert store.read(SourceRun)["status"].tolist() == ["ok", "unchanged"]


def test_f48_a_revision_keeps_what_was_known_before(store):
    load(store, events(["1"], [10], assumed_known_at=THEN))
    counts = load(store, events(["1"], [3], assumed_known_at=THEN))
    assert counts["revised"] == 1
    assert known(store) == {"1": 3}
    assert known(store, THEN) == {"1": 10}
    assert known(store, THEN - timedelta(seconds=1)) == {}


def test_a_fact_is_known_at_the_latest_when_it_is_loaded(store):
    later = datetime.now(UTC) + timedelta(days=30)
    load(store, events(["1"], [10], assumed_known_at=later))
    load(store, events(["1", "2"], [3, 5], assumed_known_at=later))
    assert known(store, datetime.now(UTC)) == {"1": 3, "2": 5}


def test_f48_going_back_to_the_first_value_is_a_third_version(store):
    for value in (10, 3, 10):
        load(store, events(["1"], [value], assumed_known_at=THEN))
    assert known(store) == {"1": 10}
    assert store.history(ConflictEvent, event_id="1")["fatalities_best"].tolist() == [10, 3, 10]


def test_f49_a_deletion_is_a_version(store):
    load(store, events(["1", "2"], [10, 20], assumed_known_at=THEN))
    counts = load(store, events(["1"], [10]), max_vanished_share=0.5)
    assert counts["deleted"] == 1
    assert known(store) == {"1": 10}
    assert known(store, THEN) == {"1": 10, "2": 20}


def test_a_deleted_event_can_come_back(store):
    load(store, events(["1", "2"], [10, 20]))
    load(store, events(["1"], [10]), max_vanished_share=0.5)
    load(store, events(["1", "2"], [10, 20]))
    assert known(store) == {"1": 10, "2": 20}


def test_f52_too_many_vanished_rows_fail_the_load_and_delete_nothing(store):
    load(store, events(["1", "2", "3"], [1, 2, 3]))
    with pytest.raises(IdentityBreak) as caught:
        load(store, events(["x"], [1]), max_vanished_share=0.5)
    assert (caught.value.vanished, caught.value.known) == (3, 3)
    assert known(store) == {"1": 1, "2": 2, "3": 3}
    assert store.read(SourceRun)["status"].tolist()[-1] == "failed"


def test_while_a_row_is_rejected_nothing_counts_as_gone(store):
    load(store, events(["1", "2"], [1, 2]))
    load(store, events(["1", "2"], [1, -2]), max_vanished_share=1.0)
    assert "nothing of it counts as gone" in store.read(SourceRun, rows_quarantined=1)["message"].item()
    assert known(store) == {"1": 1, "2": 2}


def test_what_is_rejected_of_one_payload_casts_no_doubt_on_another(store):
    load(store, events(["1", "2", "3", "4"], [1, 2, 3, 4]))
    with store.load("ucdp") as target:
        for ids, best, scope in ((["1"], [1], ["1", "2"]), (["3"], [-3], ["3", "4"])):
            target.next_payload()
            target.add(ConflictEvent, events(ids, best))
            target.replaces(ConflictEvent, "t.event_id = ANY(:ids)", 1.0, ids=scope)
        target.next_payload()  # tells of all of them, and has no rows itself
        target.replaces(ConflictEvent, "t.event_id = '4'", 1.0)
    assert known(store) == {"1": 1, "3": 3, "4": 4}


def test_a_loss_that_was_told_too_often_to_be_wrong_is_believed_and_named(store):
    load(store, events(["1", "2", "3"], [1, 2, 3]))
    with store.load("ucdp") as target:
        target.believes_losses = True
        target.add(ConflictEvent, events(["3"], [3]))
        target.replaces(ConflictEvent, "t.source_id = 'ucdp'", 0.5)
    assert known(store) == {"3": 3}
    assert "2 of 3 known rows of conflict_event are gone, and stayed so" in store.read(SourceRun)["message"].tolist()


def test_rows_that_a_load_keeps_are_not_touched(store):
    load(store, events(["1", "2"], [10, 20]))
    with store.load("ucdp") as target:
        target.add(ConflictEvent, events(["1", "2"], [11, 21]))
        target.keeps(ConflictEvent, "t.fatalities_best = :best", best=20)
    assert target.counts["ignored"] == 1
    assert known(store) == {"1": 11, "2": 20}


def test_stated_vintages_land_in_the_past_in_any_order(store):
    times = [datetime(2014, month, 1, tzinfo=UTC) for month in (3, 1, 2)]
    for at, value in zip(times, (30, 10, 20), strict=True):
        load(store, events(["1"], [value], known_at=at))
    assert [known(store, at) for at in sorted(times)] == [{"1": 10}, {"1": 20}, {"1": 30}]
    assert known(store) == {"1": 30}
    history = store.history(ConflictEvent, event_id="1")
    assert history["known_to"].tolist()[:2] == history["known_from"].tolist()[1:]


def test_several_vintages_in_one_batch(store):
    times = pd.to_datetime(["2014-01-01", "2014-02-01"], utc=True)
    load(store, events(["1", "1"], [10, 20], known_at=times))
    assert known(store, datetime(2014, 1, 15, tzinfo=UTC)) == {"1": 10}
    assert known(store) == {"1": 20}


def test_rows_that_do_not_fit_are_quarantined_and_the_rest_lands(store):
    frame = events(["1", "2", "3"], [1, -5, 2])
    frame["latitude"] = [5.0, 5.0, 91.0]
    with store.load("ucdp") as target:
        target.add(ConflictEvent, frame, pd.Series(["line 2", "line 3", "line 4"]))
    assert known(store) == {"1": 1}
    rejected = store.read(Quarantine).set_index("locator")["reason"]
    assert "fatalities_best" in rejected["line 3"]
    assert "-5" in rejected["line 3"]
    assert "latitude" in rejected["line 4"]


def test_f32_the_database_is_the_second_wall(store):
    load(store, events(["1"], [1]))
    for value in ("'NaN'", "'Infinity'", "91"):
        with pytest.raises(DBAPIError, match="latitude_range"), store.engine.begin() as connection:
            connection.execute(text(f"UPDATE conflict_event SET latitude = {value}"))


def observed(**more) -> pd.DataFrame:
    day = pd.Timestamp("2014-01-01")
    row = {"place_id": "s:a", "measure": "stock", "direction": "present", "population_group": "all", "people": 5}
    row |= {"period_start_date": day, "period_end_date": day, "source_id": "x", "quality": "reported"}
    return pd.DataFrame([row | more])


def test_a_row_that_points_to_nothing_known_is_quarantined(store):
    with store.load("counts") as target:
        target.add(Observation, observed(place_id="s:nowhere"))
    assert store.read(Observation).empty
    assert store.read(Quarantine)["reason"].tolist() == ["place_id names no known place"]


def test_parents_may_come_after_children_in_one_load(store):
    place = {"id": "s:a", "situation_id": "s", "name": "A", "kind": "site", "country_iso3": "TCD", "note": ""}
    day = pd.Timestamp("2014-01-01")
    situation = {
        "id": "s",
        "title": "S",
        "origin_iso3": "CAF",
        "start_date": day,
        "source": "",
        "licence": "",
        "note": "",
    }
    with store.load("situation") as target:
        target.add(Observation, observed())
        target.add(Place, pd.DataFrame([place | {"coordinate_quality": "unknown"}]))
        target.add(Situation, pd.DataFrame([situation | {"conflict_lag_days": 30, "registration_lag_days": 0}]))
    assert store.read(Quarantine).empty
    assert len(store.read(Observation)) == 1


def test_missing_stays_missing_and_zero_stays_zero(store):
    load(store, events(["1", "2"], [0, None]))
    frame = store.read(ConflictEvent).set_index("event_id")["fatalities_best"]
    assert frame["1"] == 0
    assert pd.isna(frame["2"])


def test_empty_text_is_not_missing_and_odd_text_survives(store):
    names = ["", 'say "hi", ok', "line\nbreak", "NA", "=1+1", "العربية"]
    frame = events([str(i) for i in range(len(names))], 1)
    frame["admin1_name"] = names
    load(store, frame)
    assert store.read(ConflictEvent).sort_values("event_id")["admin1_name"].tolist() == names


def test_a_failed_load_leaves_nothing_but_its_run(store):
    def cut_off():
        with store.load("ucdp") as target:
            target.add(ConflictEvent, events(["1"], [1]))
            raise PayloadRejected("file.csv", "is cut off")

    with pytest.raises(PayloadRejected):
        cut_off()
    assert known(store) == {}
    run = store.read(SourceRun).iloc[-1]
    assert (run["status"], run["message"]) == ("failed", "file.csv: is cut off")


KILLED = """
import os, signal, sys
import pandas as pd
from data.postgres import engine
from data.schema.conflict_event import ConflictEvent
from data.store import Store
sys.path.insert(0, sys.argv[2])
from test_store import events
with Store(engine(sys.argv[1])).load("ucdp") as target:
    target.add(ConflictEvent, events([str(i) for i in range(1000)], 7))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_f53_kill_9_in_a_load_leaves_the_old_state_and_the_next_run_succeeds(store, database_url, request):
    load(store, events(["1"], [1]))
    folder = str(request.path.parent)
    died = subprocess.run([sys.executable, "-c", KILLED, database_url, folder], check=False, capture_output=True)
    assert died.returncode == -9, died.stderr.decode()
    assert known(store) == {"1": 1}
    assert store.read(SourceRun)["status"].tolist() == ["ok", "running"]
    load(store, events(["1", "2"], [1, 2]))
    assert known(store) == {"1": 1, "2": 2}
    assert store.read(SourceRun).sort_values("id")["status"].tolist() == ["ok", "failed", "ok"]


def test_f51_two_loaders_of_one_source_wait_for_each_other(store):
    ids = [str(i) for i in range(500)]
    errors: list[Exception] = []

    def work(order):
        try:
            load(store, events(order, 1))
        except DBAPIError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(order,)) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(known(store)) == 500
    assert len(store.history(ConflictEvent)) == 500


def test_new_rows_announce_themselves(store):
    heard = []
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.autocommit = True
        raw.execute("LISTEN waypost_rows")
        load(store, events(["1"], [1]))
        heard = [note.payload for note in raw.notifies(timeout=5, stop_after=1)]
    assert heard == ["ucdp"]


def test_as_of_needs_a_time_zone(store):
    with pytest.raises(ValueError, match="time zone"):
        store.read(ConflictEvent, as_of=datetime(2014, 1, 1))  # noqa: DTZ001


def test_a_forecast_and_its_rows_land_together_or_not_at_all(store):
    run = {"situation_id": "s", "model_name": "m", "model_version": "1", "role": "deployed", "seed": 1,
           "origin_date": datetime(2014, 1, 1).date(), "path_count": 10, "model_sha256": ""}  # noqa: DTZ001  # fmt: skip
    row = {"place_id": "s:a", "measure": "arrivals", "aggregation": "daily", "horizon_days": 1}
    row |= dict.fromkeys(("q05", "q10", "q25", "q50", "q75", "q90", "q95"), 1.0)
    with pytest.raises(DBAPIError, match="quantile_order"):
        store.add_one(ForecastRun, run, {Forecast: pd.DataFrame([row | {"q50": 9.0}])})
    assert store.read(ForecastRun).empty
    store.add_one(ForecastRun, run, {Forecast: pd.DataFrame([row])})
    assert len(store.read(Forecast)) == 1


def test_put_replaces_by_key(store):
    for day in ("2014-01-01", "2014-02-01"):
        store.put(ReplayClock, {"situation_id": "s", "as_of_date": day})
    assert store.read(ReplayClock)["as_of_date"].tolist() == [pd.Timestamp("2014-02-01")]


def test_facts_cannot_be_removed(store):
    with pytest.raises(TypeError, match="history"):
        store.remove(ConflictEvent, event_id="1")


steps = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=5
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_every_moment_remembers_its_own_truth(store, batches):
    with store.engine.begin() as connection:
        connection.execute(text("TRUNCATE conflict_event"))
    moments, truth = [], {}
    for batch in batches:
        load(store, events(list(batch), list(batch.values())))
        truth = truth | batch
        moments.append((datetime.now(UTC), truth))
        time.sleep(0.002)
    for moment, expected in moments:
        assert known(store, moment) == expected
    with store.engine.connect() as connection:
        overlapping = connection.execute(
            text("""SELECT count(*) FROM conflict_event a JOIN conflict_event b
                ON a.event_id = b.event_id AND a.version_id < b.version_id
                AND tstzrange(a.known_from, a.known_to) && tstzrange(b.known_from, b.known_to)""")
        ).scalar_one()
    assert overlapping == 0


def test_every_one_of_many_bad_rows_is_kept_with_its_text(store):
    frame = pd.concat([events([str(n) for n in range(25_000)], -1), events(["good"], 1)], ignore_index=True)
    with store.load("ucdp") as target:
        target.add(ConflictEvent, frame)
        target.reject("conflict_event", "line 1", "half a surrogate \ud800", "\x00\ud800")
    assert target.counts["quarantined"] == 25_001
    kept = store.read(Quarantine)
    assert len(kept) == 25_001
    assert kept["raw"].str.contains("\\ud800", regex=False).sum() == 1
    assert known(store) == {"good": 1}


def test_orphans_are_all_kept_in_quarantine(store):
    frame = pd.concat([observed(place_id=f"nowhere:{number}") for number in range(300)], ignore_index=True)
    with store.load("counts") as target:
        target.add(Observation, frame)
    assert target.counts["quarantined"] == 300
    assert store.read(Quarantine)["reason"].unique().tolist() == ["place_id names no known place"]


def test_the_run_says_what_was_ignored_and_why(store):
    with store.load("ucdp") as target:
        target.add(ConflictEvent, events(["a"], 1))
        target.ignore(0, "columns that are new here and not read: colour")
        target.ignore(2, "an older state")
        target.ignore(3, "an older state")
    run = store.read(SourceRun).iloc[0]
    assert run["message"] == "5 ignored: an older state; columns that are new here and not read: colour"
    assert run["rows_ignored"] == 5


def rejecting(store, *raws: str, source: str = "feed", reason: str = "no") -> int:
    with store.load(source) as load:
        for number, raw in enumerate(raws):
            load.reject("observation", f"line {number}", reason, raw)
    return load.run_id


def test_a_bad_row_that_comes_again_is_kept_once_under_the_newest_run(store):
    for _ in range(3):
        last = rejecting(store, "a", "b", "b")
    held = store.read(Quarantine)
    assert sorted(held["raw"]) == ["a", "b", "b"]
    assert set(held["run_id"]) == {last}
    assert store.read(SourceRun)["rows_quarantined"].tolist() == [3, 3, 3]


def test_another_row_reason_source_or_data_set_is_another_bad_row(store):
    rejecting(store, "a")
    rejecting(store, "b")
    rejecting(store, "a", reason="not this either")
    rejecting(store, "a", source="other feed")
    rejecting(Store(store.engine, store.audience, "agreed"), "a")
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM quarantine")).scalar_one() == 5


def test_a_fixed_source_keeps_what_was_rejected_before_visible(store):
    rejecting(store, "a")
    rejecting(store)
    assert store.read(Quarantine)["raw"].tolist() == ["a"]


def test_many_repeated_bad_rows_are_told_apart_in_seconds(store):
    rows = [f"row {number}" for number in range(60_000)]
    rejecting(store, *rows)
    began = time.perf_counter()
    rejecting(store, *rows)
    assert time.perf_counter() - began < 8
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM quarantine")).scalar_one() == len(rows)
