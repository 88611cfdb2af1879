"""Periods that follow each other: for any reports, no two periods of a border point overlap."""

from datetime import date, timedelta

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.status_chain import chained, ended, reopened

REPORTS = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(0, 20), st.none() | st.integers(1, 10), st.sampled_from(("open", "closed"))
    ),
    max_size=8,
)


def frame(reports: list) -> pd.DataFrame:
    first = date(2026, 1, 1)
    starts = [first + timedelta(days=start) for _, start, _, _ in reports]
    ends = [
        None if length is None else start + timedelta(days=length)
        for start, (_, _, length, _) in zip(starts, reports, strict=True)
    ]
    periods = pd.DataFrame({"border_point_id": [r[0] for r in reports], "status": [r[3] for r in reports]}, dtype="str")
    return periods.assign(
        start_date=pd.to_datetime(pd.Series(starts, dtype=object)),
        end_date=pd.to_datetime(pd.Series(ends, dtype=object)),
    )


def overlaps(periods: pd.DataFrame) -> bool:
    rows = periods.drop_duplicates(["border_point_id", "start_date"]).sort_values(["border_point_id", "start_date"])
    following = rows.groupby("border_point_id")["start_date"].shift(-1)
    return bool((following.notna() & (rows["end_date"].isna() | (rows["end_date"] > following))).any())


@settings(max_examples=25)
@given(REPORTS)
def test_a_table_lands_or_is_rejected_row_by_row_and_never_overlaps(reports):
    good, faults = chained(frame(reports))
    assert sorted([*good.index, *faults]) == list(range(len(reports)))
    if not faults:
        assert not overlaps(good)


@settings(max_examples=25)
@given(REPORTS, REPORTS)
def test_what_is_known_and_what_is_new_never_overlap(known, new):
    before, faults = chained(frame(known))
    after, late = chained(frame(new))
    if faults or late or before.empty or after.empty:
        return
    before = before.drop_duplicates(["border_point_id", "start_date"]).reset_index(drop=True)
    after = after.drop_duplicates(["border_point_id", "start_date"]).reset_index(drop=True)
    closed, filled = ended(before, after)
    key = ["border_point_id", "start_date"]
    whole = pd.concat([filled, closed, before]).drop_duplicates(key).reset_index(drop=True)
    stated = set(map(tuple, after.loc[after["end_date"].notna(), key].to_numpy().tolist()))
    assert not overlaps(whole[~whole[key].apply(tuple, axis=1).isin(stated)])


STARTS = st.lists(st.integers(0, 12), unique=True, min_size=2, max_size=6)


@settings(deadline=None, max_examples=15)
@given(STARTS, st.lists(st.none() | st.integers(13, 14), min_size=6, max_size=6), st.data())
def test_without_a_period_the_others_are_as_if_it_had_never_been_told(starts, ends, data):
    first = pd.Timestamp("2026-01-01")
    told = [
        (first + pd.Timedelta(start, "D"), first + pd.Timedelta(end, "D") if end else pd.NaT)
        for start, end in zip(starts, ends, strict=False)
    ]
    gone = data.draw(st.sampled_from(starts))

    def known_after(reports: list) -> tuple[pd.DataFrame, pd.DataFrame]:
        """What is known, and every version of it, after reports that came one by one."""
        known, versions = frame([]), []
        for at, (start, end) in enumerate(reports):
            new = pd.DataFrame({"border_point_id": ["a"], "status": ["open"], "start_date": [start], "end_date": [end]})
            changed, new = ended(known, new)
            later = pd.concat([changed, new])
            known = pd.concat([later, known]).drop_duplicates("start_date").sort_values("start_date", ignore_index=True)
            versions.append(later.assign(known_from=at))
        return known, pd.concat(versions)

    known, versions = known_after(told)
    without, _ = known_after([report for start, report in zip(starts, told, strict=True) if start != gone])
    if overlaps(without):  # told with an end after the next one's start, late
        return
    is_gone = known["start_date"] == first + pd.Timedelta(gone, "D")
    left = reopened(known[~is_gone], known[is_gone], versions).reset_index(drop=True)
    assert left["end_date"].astype("str").tolist() == without["end_date"].astype("str").tolist()
