"""From text to values column by column."""

from io import BytesIO

import pandas as pd

from etl.columns import Columns
from etl.delimited import read


def columns(body: bytes) -> Columns:
    return Columns(
        next(chunk for chunk in read(BytesIO(body), "f.csv", ("a", "b")) if len(chunk.frame) or chunk.broken)
    )


def test_several_faults_of_a_row_are_told_together_and_its_line_and_text_kept():
    found = columns(b'a,b\n1,2\n"~5",x\n3\n')
    assert found.whole_number("a").tolist() == [1, pd.NA]
    assert found.code("b", {"2": "two"}).tolist()[0] == "two"
    assert found.good(found.chunk.frame).index.tolist() == [1]
    assert [(item.locator, item.reason, item.raw) for item in found.rejects("place")] == [
        ("line 4", "has 1 fields instead of 2", "3"),
        ("line 3", "a is no plain whole number of 0 or more (~5); b is none of 2 (x)", '"~5",x'),
    ]
    assert found.locators().tolist() == ["line 2", "line 3"]


def test_a_column_that_is_absent_is_missing_everywhere():
    found = columns(b"a,b\n1,2\n")
    assert found.number("c").isna().all()
    assert found.date("c").isna().all()
    assert found.text("c").isna().all()
    assert found.text("c", "x").tolist() == ["x"]
    assert not found.faults
    found.whole_number("c", needed=True)
    assert found.faults == {1: ["c is missing"]}


def test_spaces_around_a_text_are_none_of_it():
    found = columns(b"a,b\n x , 1.0 \n")
    assert found.text("a").tolist() == ["x"]
    assert found.meaning("b", {"1": "one"}, is_number=True).tolist() == ["one"]
    assert found.meaning("b", {"1": "one"}).isna().all()


def test_a_code_of_many_is_not_told_with_the_whole_list():
    found = columns(b"a,b\nx,2\n")
    found.code("a", {str(number): "" for number in range(50)})
    assert found.faults == {1: ["a is none of the 50 codes known here (x)"]}
