"""One series a place: sources never add up, groups only where whole, zeros before the first people are no reports."""

import pandas as pd
import pytest

from models.counts import DERIVED_SOURCE, flow_series, stock_series
from tests.worlds import START, day


def rows(*reports: dict) -> pd.DataFrame:
    usual = {
        "place_id": "a", "measure": "stock", "direction": "present", "population_group": "all", "source_id": "one",
        "window_start_hour": 0, "window_end_hour": 24, "people": 0,
    }  # fmt: skip
    frame = pd.DataFrame([{**usual, **r} for r in reports])
    frame["period_end_date"] = pd.to_datetime([day(d) for d in frame.pop("at")])
    begin = frame.pop("since") if "since" in frame else pd.Series(float("nan"), index=frame.index)
    starts = [
        e if pd.isna(b) else pd.Timestamp(day(int(b))) for e, b in zip(frame["period_end_date"], begin, strict=True)
    ]
    return frame.assign(period_start_date=starts, known_from=frame["period_end_date"].dt.tz_localize("UTC"))


def days_and_people(frame: pd.DataFrame, column: str = "date") -> list[tuple[int, float]]:
    return list(zip((frame[column] - pd.Timestamp(START)).dt.days, frame["people"], strict=True))


def test_of_two_sources_the_one_that_reports_more_is_followed():
    found = stock_series(rows(
        {"at": 0, "people": 5, "source_id": "two"}, {"at": 1, "people": 100}, {"at": 2, "people": 110},
    ))  # fmt: skip
    assert days_and_people(found) == [(1, 100), (2, 110)]


def test_groups_add_up_only_where_every_group_was_counted():
    found = stock_series(rows(
        {"at": 0, "people": 5, "population_group": "women"}, {"at": 0, "people": 6, "population_group": "men"},
        {"at": 7, "people": 9, "population_group": "men"},
    ))  # fmt: skip
    assert days_and_people(found) == [(0, 11)]


def test_a_row_for_everybody_is_not_added_to_its_groups():
    found = stock_series(rows({"at": 0, "people": 11}, {"at": 0, "people": 6, "population_group": "men"}))
    assert days_and_people(found) == [(0, 11)]


def test_not_counted_is_no_report_and_a_first_zero_is_none_either():
    assert days_and_people(stock_series(rows({"at": 0, "people": 0}, {"at": 9, "people": 4000}))) == [(9, 4000)]
    assert days_and_people(stock_series(rows({"at": 0, "people": None}, {"at": 9, "people": 4000}))) == [(9, 4000)]


def test_a_repeated_zero_just_before_the_first_people_is_a_count():
    found = stock_series(rows({"at": 0, "people": 0}, {"at": 20, "people": 0}, {"at": 30, "people": 40}))
    assert days_and_people(found) == [(20, 0), (30, 40)]


def test_a_zero_after_people_is_a_count():
    assert days_and_people(stock_series(rows({"at": 0, "people": 9}, {"at": 7, "people": 0}))) == [(0, 9), (7, 0)]


FLOW = {"measure": "flow", "direction": "arrival"}


def test_only_the_usual_hours_are_one_series_and_overlaps_are_dropped():
    found = flow_series(rows(
        {**FLOW, "since": 1, "at": 7, "people": 70}, {**FLOW, "since": 8, "at": 14, "people": 80},
        {**FLOW, "since": 1, "at": 28, "people": 999},
        {**FLOW, "since": 15, "at": 21, "people": 30, "window_start_hour": 6, "window_end_hour": 18},
    ))  # fmt: skip
    assert days_and_people(found, "end_date") == [(7, 70), (14, 80)]


def test_f42_a_day_is_the_date_that_its_count_names_and_hours_are_never_added_up():
    night = {"window_start_hour": 18, "window_end_hour": 24}
    morning = {"window_start_hour": 6, "window_end_hour": 18}
    found = flow_series(rows(
        *({**FLOW, **morning, "since": d, "at": d, "people": 10} for d in (1, 2, 3)),
        {**FLOW, **night, "since": 2, "at": 2, "people": 500}, {**FLOW, **night, "since": 4, "at": 4, "people": 500},
    ))  # fmt: skip
    assert days_and_people(found, "end_date") == [(1, 10), (2, 10), (3, 10)]


@pytest.mark.parametrize("other", [{"direction": "departure"}, {"source_id": DERIVED_SOURCE}, {"measure": "stock"}])
def test_other_rows_are_no_arrivals(other):
    assert flow_series(rows({**FLOW, "since": 1, "at": 7, "people": 70, **other})).empty


def test_the_order_of_rows_does_not_matter():
    frame = rows(*({"at": d, "people": d, "source_id": s} for d in range(5) for s in ("one", "two")))
    pd.testing.assert_frame_equal(stock_series(frame), stock_series(frame.sample(frac=1, random_state=1)))
