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
        ("people", "12.000", NUMBER, "write 12000 for thousands, or 12"),
        ("people", "1.234,00", NUMBER, "write 1234,"),
        ("people", "٤١٢", NUMBER, "write 412, typed anew"),
        ("people", "50%", NUMBER, "a share is no count"),
        ("people", "2026-05-03", NUMBER, "made a day or a time of it"),
        ("people", "has 8 fields", "has 8 fields instead of 7", "cuts a cell in two"),
        ("quantity", "3,5 t", "quantity is no plain number (3,5 t)", "the number alone, 3.5, and t in the column unit"),
        ("quantity", "1,234", "quantity is no plain number", "write 1234 for thousands, or 1.2340 for a fraction"),
        ("quantity", "-5", "quantity breaks the rule quantity >= 0 and quantity <= 9 (-5)", "what was counted"),
        ("period_end_date", "1447-09-12", DAY, "another calendar"),
        ("period_end_date", "٢٠٢٦-٠٣-٠١", DAY, "write 2026-03-01, typed anew"),
        ("window_start_hour", "6 pm", "window_start_hour is no plain whole number", "write 18"),
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


def test_a_watch_over_midnight_is_not_told_to_swap_its_hours():
    reason = "window_start_hour, window_end_hour breaks the rule window_end_hour > window_start_hour (18)"
    (problem,) = problems_of("row 9", reason, {"window_start_hour": "18", "window_end_hour": "6"})
    assert "swapped" not in problem.hint
    assert "midnight" in problem.hint


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("is not UTF-8: byte 206 cannot be read; save it as UTF-8 and send it again", 'Save it as "CSV UTF-8"'),
        ("is neither .csv nor .xlsx", "save it as .xlsx (without a password)"),
        ("lacks the columns people; columns not known here: Jan 2026, Feb 2026", "a row for each place and day"),
        ("has columns twice: people", "two tables side by side"),
        ("is called .xlsx but is no spreadsheet", "it is called .xlsx"),
        ("lacks the columns people", "as in the template"),
        ("the column 'Passport no' looks like data about a person", "the column 'Passport no'"),
    ],
)
def test_a_refused_file_says_what_to_do(reason, says):
    assert says in of_file(reason)


@pytest.mark.parametrize(("told", "day"), [
    ("46082", "2026-03-01"), ("2026/3/1", "2026-03-01"), ("2026-03-01 14:30", "2026-03-01"),
    ("1 March 2026", "2026-03-01"), ("01-Mar-26", "2026-03-01"),
])  # fmt: skip
def test_a_day_in_another_notation_is_told_as_it_should_be_written(told, day):
    assert hint_for("end_date", told, "end_date is no date like YYYY-MM-DD") == f"write {day} (year-month-day)"


@pytest.mark.parametrize("told", ["mars 1, 2026", "99999", "2026/13/45", "0 March 2026", "Monday"])
def test_no_day_is_guessed(told):
    assert hint_for("end_date", told, "end_date is no date like YYYY-MM-DD") == "write the day alone, like 2026-03-01"


@pytest.mark.parametrize("told", ["6-18", "06:00-18:00", "6h - 18h", "6 to 18"])
def test_a_window_in_one_cell_is_told_as_its_two_columns(told):
    said = hint_for("window_start_hour", told, "window_start_hour is no plain whole number")
    assert said == "write 6 as window_start_hour and 18 as window_end_hour"


@pytest.mark.parametrize(("row", "hint"), [
    ({"place_id": "place_id", "people": "people", "note": ""}, "repeats the names of the columns"),
    ({"place_id": "Разом", "people": "9", "note": "x"}, "a row of totals"),
    ({"place_id": "Source: police", "people": "", "note": ""}, "holds nothing but 'Source: police'"),
    ({"place_id": "", "people": "55", "note": ""}, "holds nothing but '55'"),
])  # fmt: skip
def test_a_row_that_is_none_of_data_is_one_problem(row, hint):
    (problem,) = problems_of("row 7", "place_id names no place known here; people is no plain whole number", row)
    assert hint in problem.hint


def test_a_total_closure_is_no_total():
    row = {"border_point_id": "gate", "start_date": "1 May", "status": "closed", "note": "Total closure"}
    (problem,) = problems_of("row 7", "start_date is no date like YYYY-MM-DD", row)
    assert problem.hint == "write the day alone, like 2026-03-01"


def test_an_error_of_the_spreadsheet_program_is_named():
    assert "the formula in this cell fails" in hint_for("people", "#DIV/0!", "people is no plain whole number")
