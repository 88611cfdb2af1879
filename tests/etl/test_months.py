"""Months as feeds write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.months import first_day, last_day, span

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@given(DAYS)
def test_a_month_is_read_as_it_is_written(day):
    first = first_day(f"{day:%b %Y}")
    assert first == day.replace(day=1)
    assert first <= day <= last_day(first)


@pytest.mark.parametrize(
    "text", ["", "2024", "jan 2024", "January 2024", "Jan 24", "Jan 1899", "Foo 2024", "Jan  2024"]
)
def test_f41_nothing_else_is_a_month(text):
    assert first_day(text) is None


@given(DAYS, DAYS)
def test_a_span_begins_before_it_ends(one, other):
    found = span(f"{one:%b %Y} - {other:%b %Y}")
    assert (found is None) == (one.replace(day=1) > other.replace(day=1))
