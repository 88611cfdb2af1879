"""Arrivals estimated from stocks: first reports, falls, standstill and registration that catches up."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import data
from data.schema.observation import Observation
from data.store import Store
from models.arrivals import CATCH_UP, FALL, FIRST_REPORT, derive, estimate
from models.counts import DERIVED_SOURCE
from models.errors import UnknownSituation
from tests.worlds import START, day, facts, growing, load

CAR2013 = Path(data.__file__).parent / "reference" / "situations" / "car2013" / "observations.csv"


def stock(*reports: tuple[int, float], place: str = "a") -> pd.DataFrame:
    dates = pd.to_datetime([day(d) for d, _ in reports])
    people = [float(p) for _, p in reports]
    return pd.DataFrame({"place_id": place, "date": dates, "people": people, "known_at": dates.tz_localize("UTC")})


def told(frame: pd.DataFrame) -> list[tuple]:
    """Start and end as days after the start, people and flag."""
    days = [(frame[c] - pd.Timestamp(START)).dt.days.tolist() for c in ("start_date", "end_date")]
    flags = [None if pd.isna(f) else f for f in frame["flag"]]
    people = [None if np.isnan(p) else p for p in frame["people"]]
    return list(zip(*days, people, flags, strict=True))


def test_the_first_report_is_no_arrival():
    assert told(estimate(stock((0, 500)))) == [(0, 0, None, FIRST_REPORT)]


def test_a_rise_is_arrivals_of_the_days_between():
    assert told(estimate(stock((0, 500), (7, 640))))[1:] == [(1, 7, 140.0, None)]


def test_a_fall_is_not_negative_people():
    assert told(estimate(stock((0, 500), (7, 400), (14, 450))))[1:] == [(1, 7, 0.0, FALL), (8, 14, 50.0, None)]


def test_a_figure_that_stands_still_is_not_zero_until_a_month_has_passed():
    assert told(estimate(stock((0, 500), (7, 500), (28, 620))))[1:] == [(1, 28, 120.0, None)]
    assert told(estimate(stock((0, 500), (21, 500), (42, 500), (49, 570))))[1:] == [
        (1, 42, 0.0, None),
        (43, 49, 70.0, None),
    ]


def test_a_jump_is_flagged_and_a_lasting_surge_only_once():
    calm = [(7 * k, 1000 + 10 * k) for k in range(10)]
    jump = [*calm, (70, 4000), (77, 4010)]
    assert told(estimate(stock(*jump)))[-2:] == [(64, 70, 2910.0, CATCH_UP), (71, 77, 10.0, None)]
    surge = [*calm, (70, 4000), (77, 7000)]
    assert told(estimate(stock(*surge)))[-2:] == [(64, 70, 2910.0, CATCH_UP), (71, 77, 3000.0, None)]


def test_a_jump_without_a_history_is_not_flagged():
    assert told(estimate(stock((0, 100), (7, 9000))))[-1] == (1, 7, 8900.0, None)


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 10**6)), min_size=1, max_size=25, unique_by=lambda r: r[0])
)
def test_a_later_report_never_changes_an_earlier_estimate(reports):
    ordered = sorted(reports)
    whole = told(estimate(stock(*ordered)))
    for count in range(1, len(ordered)):
        part = told(estimate(stock(*ordered[:count])))
        assert part == whole[: len(part)]
    assert all(people is None or people >= 0 for _, _, people, _ in whole)
    ends = [end for _, end, _, _ in whole]
    starts = [start for start, _, _, _ in whole]
    assert all(start > end for start, end in zip(starts[1:], ends[:-1], strict=True)), "periods overlap"


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 10**6)), min_size=1, max_size=25, unique_by=lambda r: r[0])
)
def test_rises_add_up_to_arrivals(reports):
    ordered = sorted(reports)
    rises = sum(max(b - a, 0) for (_, a), (_, b) in pairwise(ordered))
    assert sum(people or 0 for _, _, people, _ in told(estimate(stock(*ordered)))) == rises


def test_the_real_catch_ups_of_car_2013_are_found_and_little_else():
    """Hindsight (registration_corrections.csv) knows two corrections upwards: East 2014-10-19, Adamaoua 2015-04-12."""
    reports = pd.read_csv(CAR2013).rename(columns={"period_end_date": "date"})
    reports["date"] = pd.to_datetime(reports["date"])
    reports["people"] = reports["people"].astype(float)
    reports["known_at"] = reports["date"].dt.tz_localize("UTC")
    found = estimate(reports[["place_id", "date", "people", "known_at"]])
    jumps = found[found["flag"] == CATCH_UP]
    assert {(p, str(d.date())) for p, d in zip(jumps["place_id"], jumps["end_date"], strict=True)} == {
        ("east", "2014-10-19"),
        ("east", "2015-04-12"),
        ("adamaoua", "2015-04-12"),
        ("betou", "2015-08-23"),
    }
    assert (found["flag"] == FALL).sum() == 74


def test_derived_rows_are_stored_once_and_follow_their_reports(store: Store):
    frames = facts(growing(2, days=60), late={("s0", 49): 55})
    load(store, frames)
    counts = derive(store, "w")
    rows = store.read(Observation, source_id=DERIVED_SOURCE)
    assert counts["new"] == len(rows) > 0
    assert set(rows["quality"]) == {"estimated"}
    late = rows[(rows["place_id"] == "w:s0") & (rows["period_end_date"] == pd.Timestamp(day(49)))]
    assert late["known_from"].item() == pd.Timestamp(day(55), tz="UTC")
    assert rows.loc[rows["flag"] == FIRST_REPORT, "people"].isna().all()
    again = derive(store, "w")
    assert (again["new"], again["revised"], again["deleted"]) == (0, 0, 0)


def test_an_estimate_that_no_longer_follows_is_deleted(store: Store):
    load(store, facts({"a": [(0, 100), (7, 150), (14, 200)]}))
    derive(store, "w")
    wrong = store.read(Observation, period_end_date=day(7), source_id="made-up")
    content = wrong[[c for c in Observation.content() if c in wrong]]
    with store.load("made-up") as target:
        target.add(Observation, content.assign(is_deleted=True))
    derive(store, "w")
    rows = store.read(Observation, source_id=DERIVED_SOURCE).sort_values("period_end_date")
    assert rows["people"].dropna().tolist() == [100]
    assert rows["period_start_date"].iloc[-1] == pd.Timestamp(day(1))


def test_an_unknown_situation_is_said_so(store: Store):
    with pytest.raises(UnknownSituation, match="nowhere"):
        derive(store, "nowhere")
