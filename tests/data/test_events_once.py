"""Which conflict events count where releases and sources overlap: in pandas and in the database the same."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from data.events_once import counted_once, until_superseded
from data.postgres import engine

START = datetime(2024, 1, 1, tzinfo=UTC)
EVENT = st.tuples(
    st.sampled_from(["ucdp", "ucdp_candidate", "acled"]),
    st.sampled_from(["SDN", "TCD"]),
    st.integers(0, 400),
    st.integers(0, 500),
)


def frame(rows: list) -> pd.DataFrame:
    """Return versions from (source, country, day of the event, day from which it was known)."""
    table = pd.DataFrame(rows, columns=["source_id", "country_iso3", "end", "known"])
    end = pd.to_datetime([START.date() + timedelta(days=int(d)) for d in table.pop("end")])
    known = pd.to_datetime([START + timedelta(days=int(d)) for d in table.pop("known")], utc=True)
    return table.assign(
        end_date=end, known_from=known, known_to=pd.Series(pd.NaT, index=table.index, dtype=known.dtype)
    )


def counting(events: pd.DataFrame, day: int) -> list[int]:
    """Return which events counted on a day."""
    at, found = pd.Timestamp(START + timedelta(days=day)), until_superseded(events)
    return found.index[(found["known_from"] <= at) & (found["known_to"].isna() | (found["known_to"] > at))].tolist()


def test_f50_candidates_of_months_that_the_checked_release_reaches_stop_counting_when_it_is_known():
    rows = [
        ("ucdp_candidate", "SDN", 10, 40),
        ("ucdp_candidate", "SDN", 30, 60),
        ("ucdp_candidate", "SDN", 31, 60),
        ("ucdp_candidate", "TCD", 10, 40),
        ("ucdp", "SDN", 5, 200),
    ]
    assert counting(frame(rows), 199) == [0, 1, 2, 3]
    assert counting(frame(rows), 200) == [2, 3, 4]


def test_f50_a_candidate_that_comes_after_the_checked_release_never_counts():
    assert counting(frame([("ucdp", "SDN", 5, 200), ("ucdp_candidate", "SDN", 4, 210)]), 300) == [0]


def test_f50_acled_counts_only_where_ucdp_has_nothing():
    rows = [("acled", "SDN", 1, 5), ("acled", "TCD", 1, 5), ("ucdp_candidate", "SDN", 2, 30)]
    assert counting(frame(rows), 29) == [0, 1]
    assert counting(frame(rows), 30) == [1, 2]


def test_what_was_superseded_already_keeps_its_own_end():
    events = frame([("ucdp_candidate", "SDN", 10, 40), ("ucdp", "SDN", 5, 200)])
    events.loc[0, "known_to"] = pd.Timestamp(START + timedelta(days=50))
    assert until_superseded(events)["known_to"].iloc[0] == pd.Timestamp(START + timedelta(days=50))


def test_no_events_are_no_events():
    assert until_superseded(frame([])).empty


@pytest.fixture(scope="module")
def connection(module_database_url):
    """A connection on which a temporary table hides the real one."""
    opened: Engine = engine(module_database_url)
    with opened.connect() as connection:
        columns = "n int, source_id text, country_iso3 text, end_date date, known_from timestamptz"
        connection.execute(text(f"CREATE TEMP TABLE conflict_event ({columns})"))
        yield connection
    opened.dispose()


@given(st.lists(EVENT, max_size=12), st.integers(0, 500))
def test_the_database_counts_what_pandas_counts(connection, rows, day):
    events = frame(rows)
    connection.execute(text("TRUNCATE conflict_event"))
    for n, row in enumerate(events.itertuples()):
        values = {"n": n, "s": row.source_id, "c": row.country_iso3, "e": row.end_date, "k": row.known_from}
        connection.execute(text("INSERT INTO conflict_event VALUES (:n, :s, :c, :e, :k)"), values)
    query = text(f"SELECT n FROM conflict_event e WHERE known_from <= :as_of AND {counted_once('e')} ORDER BY n")
    found = connection.execute(query, {"as_of": START + timedelta(days=day)}).scalars()
    assert list(found) == counting(events, day)
