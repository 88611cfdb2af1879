"""What a clerk without programming is told to do about a cell or a file."""

import pytest

from etl.plain_words import Problem, hint_for, of_file, problems_of

NUMBER = "people is no plain whole number of 0 or more"
DAY = "period_end_date is no date like YYYY-MM-DD, or an impossible one"


@pytest.mark.parametrize(
    ("column", "value", "reason", "hint"),
    [
        ("period_end_date", "31/02/2026", DAY, "the calendar has no such day"),
        ("period_end_date", "2026-02-30", DAY, "the calendar has no such day"),
        ("period_end_date", "5 March", DAY, "write the day alone"),
        ("people", "approx 120", NUMBER, "what makes it uncertain belongs in the note"),
        ("people", "-5", NUMBER, "cannot be below zero"),
        ("people", "1.200", NUMBER, "write 1200"),
        ("people", "12.5", NUMBER, "without a decimal part"),
        ("people", "=A1+A2", NUMBER, "a formula without a result"),
        ("window_start_hour", "6h", "window_start_hour is no plain whole number of 0 or more", "write 6"),
        (
            "window_start_hour",
            "dawn",
            "window_start_hour is no plain whole number of 0 or more",
            "write the hour alone",
        ),
        ("place_id", "", "place_id is missing (nan)", "fill in this cell"),
        ("measure", "Flow", "measure breaks the rule measure in ('stock', 'flow') (Flow)", "write flow,"),
        ("direction", "Arrivals", "direction breaks the rule direction in ('arrival', 'departure')", "write arrival,"),
        ("measure", "in", "measure breaks the rule measure in ('stock', 'flow')", "write one of: stock, flow"),
    ],
)
def test_each_common_mistake_has_its_own_hint(column, value, reason, hint):
    assert hint in hint_for(column, value, reason)


def test_an_end_before_its_start_is_said_with_both_days_and_no_rule():
    row = {"place_id": "gate", "period_start_date": "2026-02-09", "period_end_date": "2026-02-07"}
    reason = (
        "period_start_date, period_end_date breaks the rule period_end_date >= period_start_date (2026-02-09 00:00:00)"
    )
    (problem,) = problems_of("row 9", reason, row)
    assert problem == Problem(
        "row 9",
        "period_start_date",
        "2026-02-09",
        "period_start_date, period_end_date: period_end_date is before period_start_date",
        "period_start_date is 2026-02-09 and period_end_date is 2026-02-07: perhaps they are swapped",
    )


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("is not UTF-8: byte 206 cannot be read; save it as UTF-8 and send it again", 'Save it as "CSV UTF-8"'),
        ("is neither .csv nor .xlsx", "save it as .xlsx"),
        ("is called .xlsx but is no spreadsheet", "it is called .xlsx"),
        ("lacks the columns people", "as in the template"),
        ("the column 'Passport no' looks like data about a person", "the column 'Passport no'"),
    ],
)
def test_a_refused_file_says_what_to_do(reason, says):
    assert says in of_file(reason)
