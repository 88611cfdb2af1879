"""Two clocks and the words for them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.freshness import LATENESS, Looks, State, content_lateness, lateness, own_interval, point_state, state

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
spans = st.timedeltas(timedelta(minutes=5), timedelta(days=400))


def looks(**said) -> Looks:
    return Looks(**({"looked_at": NOW, "status": "ok", "good_at": NOW, "newest_content_at": NOW} | said))


def said(seen: Looks, cadence=DAY, delay=timedelta(0), **more) -> State:
    return state(cadence, delay, seen, NOW, **more)


def test_f61_a_feed_that_stops_silently_goes_from_on_time_to_delinquent_at_three_intervals():
    ages = (1.0, 1.01, 2.0, 2.01, 3.0, 3.01, 300)
    words = [str(said(looks(newest_content_at=NOW - age * DAY))) for age in ages]
    assert words == ["on_time", "due", "due", "overdue", "overdue", "delinquent", "delinquent"]


def test_f61_looking_in_vain_does_not_hide_that_the_content_stopped():
    assert said(looks(status="unchanged", newest_content_at=NOW - 10 * DAY)) is State.DELINQUENT


def test_f61_content_that_nobody_looked_for_is_late_by_the_clock_of_looks():
    seen = looks(looked_at=NOW - 4 * HOUR, good_at=NOW - 4 * HOUR, newest_content_at=NOW)
    assert said(seen, HOUR) is State.DELINQUENT
    assert said(looks(good_at=NOW - 1.5 * HOUR), HOUR) is State.ON_TIME


@given(spans, st.timedeltas(timedelta(0), timedelta(days=4000)), st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_older_is_never_fresher(interval, age, more):
    younger, older = lateness(interval, NOW - age, NOW), lateness(interval, NOW - age - more, NOW)
    assert LATENESS.index(younger) <= LATENESS.index(older)
    assert (younger is State.DELINQUENT) == (age > 3 * interval)


@given(spans, st.timedeltas(timedelta(0), timedelta(days=100)), st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_a_publication_delay_moves_every_bound_by_itself(interval, delay, age):
    assert content_lateness(interval, delay, NOW - age - delay, NOW) is lateness(interval, NOW - age, NOW)


@given(spans, st.timedeltas(timedelta(seconds=1), timedelta(days=2)))
def test_f44_a_clock_that_jumped_back_makes_nothing_late(interval, ahead):
    assert lateness(interval, NOW + ahead, NOW) is State.ON_TIME


def test_without_a_rhythm_nothing_is_late():
    assert said(looks(good_at=NOW - 900 * DAY, newest_content_at=NOW - 999 * DAY), None) is State.ON_TIME


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (Looks(), State.NEVER),
        (Looks(NOW, "running"), State.NEVER),
        (Looks(NOW, "not_configured", failures=1), State.NOT_CONFIGURED),
        (Looks(NOW, "failed", failures=1), State.FAILING),
        (looks(newest_content_at=None), State.NEVER),
        (looks(status="failed", failures=1), State.FAILING),
        (looks(status="failed", failures=9, newest_content_at=NOW - 9 * DAY), State.DELINQUENT),
        (looks(newest_content_at=NOW + DAY), State.ON_TIME),
    ],
)
def test_what_takes_precedence(seen, word):
    assert said(seen) is word


def test_a_missing_key_is_a_state_of_its_own_and_timeless_content_has_one_clock():
    assert said(looks(), configured=False) is State.NOT_CONFIGURED
    assert said(looks(newest_content_at=None), timeless=True) is State.ON_TIME


@given(st.lists(st.dates(date(2020, 1, 1), date(2026, 3, 1)), max_size=12), st.randoms())
def test_a_points_rhythm_does_not_depend_on_order_or_repeats(dates, random):
    shuffled = [*dates, *dates]
    random.shuffle(shuffled)
    assert own_interval(shuffled) == own_interval(dates)
    assert (own_interval(dates) is None) == (len(set(dates)) < 3)


def test_f61_a_point_is_late_by_its_own_rhythm():
    weekly = [date(2026, 1, 1) + n * timedelta(days=7) for n in range(4)]  # the last on 22 January
    at = [datetime(2026, 1, day, tzinfo=UTC) for day in (23, 30, 31)] + [datetime(2026, 2, 7, tzinfo=UTC), NOW]
    words = [str(point_state(weekly, now)) for now in at]
    assert words == ["on_time", "on_time", "due", "overdue", "delinquent"]
    assert point_state(weekly[:2], NOW) is State.ON_TIME
    assert point_state([], NOW) is State.NEVER
