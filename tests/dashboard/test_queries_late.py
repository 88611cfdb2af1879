"""What charts say when counts or conflict data stop coming, on a real database."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from dashboard import queries_late
from dashboard.components.lateness import chart_note, count_words, late_notes, sentences
from dashboard.components.point_panel import summary
from dashboard.components.point_table import rows
from dashboard.figures.fan import arrivals_fan
from dashboard.queries import View, classed_points
from data.access import AUDIENCES
from data.freshness import State
from data.schema.forecast_run import ForecastRun
from data.schema.link import Link
from data.schema.observation import Observation
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from data.store import Store
from etl import datasets
from etl.registry import source
from tests.worlds import day, facts, load

LAST = day(49)


def at(moment: date) -> datetime:
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def lay(store, end: date | None = None) -> None:
    """Lay a situation whose two sites were counted every week until ``LAST``; ``end`` ends the situation."""
    reports = [(number, 100.0) for number in range(0, 50, 7)]
    known = facts({"s1": reports, "s2": reports})
    load(store, {**known, Situation: known[Situation].assign(end_date=end)})


def run_of(store, source_id: str, checked_at: datetime, newest: datetime) -> None:
    run = {"source_id": source_id, "checked_at": checked_at, "status": "ok", "newest_content_at": newest,
           "dataset_id": store.dataset_id}  # fmt: skip
    store.append({SourceRun: pd.DataFrame([run])})


def view(store, days: int) -> View:
    return View(store, "w", LAST + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "state", "said"), [(6, State.ON_TIME, ""), (12, State.ON_TIME, ""), (20, State.OVERDUE, "Counts are late"),
                                (40, State.DELINQUENT, "Counts have stopped")]
)  # fmt: skip
def test_f61_counts_that_stop_are_said_on_the_page_the_chart_and_the_table(store, days, state, said):
    lay(store)
    shown = view(store, days)
    basis = queries_late.basis(shown)
    assert basis.state is state
    assert (basis.places, basis.late_places) == (2, 0 if state is State.ON_TIME else 2)
    text = " ".join(sentences(basis))
    assert text.startswith(said)
    assert ("19 Feb 2020" in text) == bool(said)
    assert said in str(summary(shown, classed_points(shown, 30), 30))
    assert bool(chart_note(basis)) == bool(said)
    table = rows(classed_points(shown, 30), shown.of(Link), queries_late.counted(shown))
    word = {State.ON_TIME: "to", State.OVERDUE: "late: to", State.DELINQUENT: "stopped: to"}[state]
    assert {row["counts"] for row in table} == {f"{word} 19 Feb 2020"}


def test_f61_a_situation_that_is_over_does_not_cry(store):
    lay(store, end=day(200))
    run_of(store, "ucdp_candidate", at(day(50)), at(day(0) - 400 * timedelta(days=1)))
    shown = view(store, 60)
    assert sentences(queries_late.basis(shown)) == []
    assert set(queries_late.counted(shown)["state"]) == {"on_time"}


def test_f61_conflict_data_are_judged_by_the_clock_and_what_had_been_seen_by_then(store):
    lay(store)
    run_of(store, "ucdp_candidate", at(day(20)), at(day(0) - timedelta(days=40)))
    run_of(store, "ucdp_candidate", at(day(170)), at(day(110)))
    assert queries_late.basis(view(store, -20)).late == ()
    (late,) = queries_late.basis(view(store, 90)).late
    assert (late.title, late.state) == ("UCDP candidate events", State.DELINQUENT)
    assert late.newest_at == at(day(0) - timedelta(days=40))


@pytest.mark.parametrize("audience", AUDIENCES)
def test_f61_a_late_feed_is_named_only_to_those_who_may_read_it(store, audience):
    lay(store)
    datasets.add(store, {"id": "shared", "title": "t", "owner": "o", "agreement": "a", "audience": "partners",
                         "expires_date": None})  # fmt: skip
    for dataset_id, source_id in ((None, "ucdp"), ("shared", "ucdp_candidate"), ("shared", "unhcr_odp")):
        run_of(Store(store.engine, dataset_id=dataset_id), source_id, at(day(20)), at(day(1)))
    with Store(store.engine, dataset_id="shared").load("unhcr_odp") as target:
        counts = store.read(Observation)[list(Observation.content())]
        target.add(Observation, counts.assign(source_id="odp", known_at=at(LAST)))
    shown = View(Store(store.engine, audience), "w", LAST + timedelta(days=900))
    named = ["ucdp"] if audience == "public" else ["ucdp", "ucdp_candidate", "unhcr_odp"]
    assert {late.title for late in queries_late.basis(shown).late} == {source(name).spec.title for name in named}


def test_f61_a_panel_names_only_what_its_own_place_rests_on(store):
    lay(store)
    shown = view(store, 40)
    links, places = shown.of(Link), queries_late.counted(shown)
    point = links["border_point_id"].iloc[0]
    mine = queries_late.basis(shown, point)
    assert (mine.places, mine.late_places) == (1, 1)
    assert sentences(mine) == ["Counts have stopped: the newest day counted is 19 Feb 2020."]
    assert queries_late.basis(shown, "nowhere").places == 0
    assert count_words(links, places, "nowhere") == "never counted"


def test_f62_a_forecast_on_old_counts_says_to_when_they_go(store):
    lay(store)
    for origin, expected in (
        (LAST + timedelta(days=5), None),
        (LAST + timedelta(days=12), "Based on data to 19 Feb 2020"),
    ):
        run = {"situation_id": "w", "origin_date": origin, "role": "deployed", "model_name": "last_value",
               "model_version": "1", "seed": 1, "path_count": 1, "model_sha256": ""}  # fmt: skip
        store.append({ForecastRun: pd.DataFrame([run])})
        basis = queries_late.basis(view(store, 13))
        assert (expected in chart_note(basis)) if expected else chart_note(basis) == ""
        assert ("Based on data" in str(late_notes(basis))) == bool(expected)


def test_a_chart_carries_its_note():
    dates = pd.to_datetime(["2026-05-30", "2026-05-31"])
    observed = pd.DataFrame({"date": dates, "people_per_day": [3.0, 4.0], "is_catch_up": False})
    drawn = arrivals_fan(observed, pd.DataFrame(), pd.Timestamp("2026-06-01"), "Input data stopped")
    assert [a.text for a in drawn.layout.annotations] == ["Input data stopped"]
    assert not arrivals_fan(observed, pd.DataFrame(), pd.Timestamp("2026-06-01")).layout.annotations
