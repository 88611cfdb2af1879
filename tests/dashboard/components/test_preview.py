"""What a clerk reads about a table before it is loaded."""

from datetime import date

import pandas as pd

from dashboard.components.preview import MEND, changes_table, problems_table, summary
from etl.intake import Preview
from etl.plain_words import Problem

COUNTS = {"new": 1, "revised": 0, "unchanged": 0}
TWICE = Problem("row 3", "place_id", "gore", "place_id and days are those of row 20 as well, the rest is not", "keep")


def test_a_table_with_problems_says_that_nothing_is_loaded_and_what_to_do():
    assert MEND in str(summary(Preview("x", "", COUNTS, [TWICE])))
    assert MEND not in str(summary(Preview("x", "", COUNTS, [])))


def test_a_withdrawn_row_is_counted_by_itself_and_stands_as_it_was():
    assert "1 withdrawn" in str(summary(Preview("x", "", COUNTS | {"deleted": 1}, [])))
    assert "withdrawn" not in str(summary(Preview("x", "", COUNTS, [])))
    rows = pd.DataFrame({"change": ["deleted"], "people": [412], "before_people": [412]})
    assert "[Td('withdrawn'), Td(Del('412'))]" in str(changes_table(rows))


def test_an_end_that_is_taken_away_is_shown_and_what_nobody_ever_wrote_is_not():
    ends = {"end_date": [None], "before_end_date": [date(2026, 2, 10)], "note": [""], "before_note": [""]}
    told = str(changes_table(pd.DataFrame({"change": ["revised"]} | ends)))
    assert "Td([Del('10 Feb 2026'), ' ', Strong('–')])" in told
    assert "note" not in told


def test_a_problem_reads_as_a_sentence_beside_its_column():
    told = str(problems_table([TWICE, Problem("row 4", "people", "~5", "people is no plain number (~5)")]))
    assert "'place_id and days are those of row 20 as well, the rest is not'" in told
    assert "'is no plain number'" in told
    assert "2 problems in 2 rows" in told


def test_what_was_not_counted_is_a_dash_and_zero_is_zero():
    rows = pd.DataFrame(
        {
            "change": "new",
            "day": [date(2026, 3, 1)] * 2,
            "people": [0.0, None],
            "before_day": None,
            "before_people": None,
        }
    )
    told = str(changes_table(rows))
    assert "Td('0')" in told
    assert "Td('–')" in told
    assert "In every row: day 1 Mar 2026." in told


def test_what_changes_in_every_row_alike_stays_in_the_table():
    rows = pd.DataFrame({"change": "revised", "day": [1, 2], "people": 5, "before_day": [1, 2], "before_people": 4})
    told = str(changes_table(rows))
    assert "Del('4')" in told
    assert "In every row" not in told
