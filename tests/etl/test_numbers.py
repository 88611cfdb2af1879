"""Numbers and dates out of text. Fault numbers are those of the fault list."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.numbers import to_date, to_number, to_whole_number

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


def texts(*values) -> pd.Series:
    return pd.Series(list(values), dtype="str")


@pytest.mark.parametrize(
    "text",
    ["1,234", "1.234", "~500", "5-10", "1e12", "NaN", "inf", "Infinity", "0x10", "١٢", "1.5", "1 000", "--1", "-1",
     "<5", "12 people", "1" * 16, "12.", ".0", "1\n2"],
)  # fmt: skip
def test_f28_what_is_no_plain_count_is_said(text):
    people, unread = to_whole_number(texts(text))
    assert people.isna().all()
    assert unread.all()


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("12", 12), ("12.0", 12), (" 7 ", 7), ("0012", 12), ("+3", 3)])
def test_plain_counts(text, value):
    people, unread = to_whole_number(texts(text))
    assert people.tolist() == [value]
    assert people.dtype == "Int64"
    assert not unread.any()


def test_a_number_below_what_is_possible_is_unread():
    assert to_whole_number(texts("-1", "-3"), least=-2)[1].tolist() == [False, True]


def test_missing_is_neither_zero_nor_an_error_and_only_declared_words_are_missing():
    words = texts("", " ", "-", "N/A", "NA", "0")
    people, unread = to_whole_number(words, missing=["-", "N/A"])
    assert people.isna().tolist() == [True, True, True, True, True, False]
    assert unread.tolist() == [False, False, False, False, True, False]
    assert to_whole_number(words)[1].tolist() == [False, False, True, True, True, False]
    assert to_number(pd.Series([None, "1"], dtype="str"))[1].tolist() == [False, False]


def test_f23_a_decimal_comma_only_where_declared():
    assert to_number(texts("1,5"))[1].all()
    assert to_number(texts("1,5", "-0,25"), decimal=",")[0].tolist() == [1.5, -0.25]
    assert to_number(texts("1.5"), decimal=",")[1].all()


def test_f28_thousands_only_where_declared_and_only_in_groups_of_three():
    numbers, unread = to_number(texts("1,234", "1,234,567.5", "12,34", "1234,567", ",123", "1234"), grouping=",")
    assert numbers.dropna().tolist() == [1234, 1234567.5, 1234]
    assert unread.tolist() == [False, False, True, True, True, False]
    assert to_number(texts("1.234.567,8"), grouping=".", decimal=",")[0].tolist() == [1234567.8]


def test_the_index_is_kept():
    series = pd.Series(["1", "x"], index=[7, 3], dtype="str")
    values, unread = to_number(series)
    assert values.index.tolist() == unread.index.tolist() == to_date(series)[0].index.tolist() == [7, 3]


def test_nothing_in_nothing_out():
    assert len(to_whole_number(texts())[0]) == len(to_date(texts())[0]) == 0


@settings(deadline=None)
@given(st.integers(0, 10**15 - 1))
def test_whole_numbers_come_back(number):
    assert to_whole_number(texts(str(number)))[0].tolist() == [number]


@settings(deadline=None)
@given(st.floats(-1e9, 1e9))
def test_decimal_numbers_come_back(number):
    assert to_number(texts(f"{number:.12f}"))[0].tolist() == [float(f"{number:.12f}")]


@settings(deadline=None)
@given(st.lists(st.text(max_size=30)))
def test_any_text_is_a_value_missing_or_named(values):
    series = texts(*values)
    for found, unread in (to_number(series), to_whole_number(series), to_date(series, now=NOW)):
        is_missing = [value.strip() == "" for value in values]
        assert unread.tolist() == [gone and not empty for gone, empty in zip(found.isna(), is_missing, strict=True)]


@pytest.mark.parametrize(
    "text",
    ["03/04/2024", "2024-3-4", "20240304", "2024-02-30", "2023-02-29", "2024-00-10", "2024-13-01", "2024-01-00",
     "2024-03-04T10:00", "infinity", "2024-02-29 00:00:00", "-2024-01-01", "02024-01-01", "٢٠٢٤-٠١-٠١"],
)  # fmt: skip
def test_f41_only_the_declared_form_is_a_date(text):
    assert to_date(texts(text))[1].all()


def test_every_declared_form_is_read():
    forms = ("%Y-%m-%d", "%Y-%m-%d 00:00:00.000", "%d.%m.%Y")
    dates, unread = to_date(texts("2014-01-05", "2014-01-05 00:00:00.000", "05.01.2014", "2014-01-05 10:00"), *forms)
    assert dates[:3].tolist() == [pd.Timestamp("2014-01-05")] * 3
    assert unread.tolist() == [False, False, False, True]


def test_a_mark_in_a_form_is_no_wildcard():
    assert to_date(texts("01x02x2014"), "%d.%m.%Y")[1].all()


def test_f43_the_future_and_year_one_are_refused_and_leap_days_are_not():
    words = texts("2024-02-29", "2024-03-02", "2024-03-03", "0001-01-01", "1899-12-31", "9999-12-31")
    dates, unread = to_date(words, now=NOW)
    assert unread.tolist() == [False, False, True, True, True, True]
    assert dates[0] == pd.Timestamp("2024-02-29")
    assert not to_date(texts("1899-12-31"), earliest=date(1800, 1, 1))[1].any()


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), NOW.date() + timedelta(days=1)))
def test_every_possible_day_comes_back(day):
    assert to_date(texts(day.isoformat()), now=NOW)[0].tolist() == [pd.Timestamp(day)]
