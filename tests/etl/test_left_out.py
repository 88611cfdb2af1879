"""What is left out of the tables of others: the line of HXL tags, and columns that nobody knows."""

import io

import pytest

from etl.delimited import read
from etl.left_out import without_tags
from etl.source import Ignored


def cut(text: str):
    (chunk,) = read(io.BytesIO(text.encode()), "x.csv", ("a", "b"))
    return without_tags(chunk)


@pytest.mark.parametrize(
    "tags", ["#country+code,#date,", "#country +code,#date , ", "#country,#age_0-4,#date", "#geo,lon,#date"]
)
def test_a_line_of_tags_is_left_out_and_the_rows_keep_their_lines(tags):
    chunk, told = cut(f"a,b,c\n{tags}\n1,2,3\n")
    assert told == [Ignored(1, "a line of HXL tags")]
    assert (chunk.frame["a"].tolist(), chunk.lines.tolist()) == (["1"], [3])


@pytest.mark.parametrize("row", ["#1,2", "#REF!,#N/A", "#country+code,2", ",", "#country,"])
def test_a_row_that_holds_anything_else_stays(row):
    chunk, told = cut(f"a,b\n{row}\n")
    assert (len(chunk.frame), told) == (1, [])


def test_a_table_without_rows_has_no_line_of_tags():
    chunk, told = cut("a,b\n")
    assert (len(chunk.frame), told) == (0, [])
