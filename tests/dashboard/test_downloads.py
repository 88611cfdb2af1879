"""Files that a spreadsheet opens without running anything."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.downloads import csv_text

cells = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=30)


@pytest.mark.parametrize("said", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-1+1", "\t=1", "\r=1", "  =1", "=", "--5"])
def test_f71_what_a_spreadsheet_would_run_is_quoted(said):
    read = list(csv.reader(io.StringIO(csv_text(pd.DataFrame({"raw": [said]})), newline="")))
    assert read[1] == [f"'{said}"]


def test_f71_numbers_stay_numbers_also_as_text():
    frame = pd.DataFrame({"people": [-5, 0], "change": [-0.25, 1e9], "raw": ["-5", "+12.50"]})
    assert csv_text(frame).splitlines() == ["people,change,raw", "-5,-0.25,-5", "0,1000000000.0,+12.50"]


@given(st.lists(cells, min_size=1, max_size=5))
def test_f71_no_cell_begins_a_formula_and_nothing_is_lost(said):
    read = [row[0] for row in csv.reader(io.StringIO(csv_text(pd.DataFrame({"raw": said, "n": 1})), newline=""))][1:]
    assert [cell if cell == one else cell[1:] for cell, one in zip(read, said, strict=True)] == said
    for cell in read:
        assert not cell.lstrip().startswith(("=", "@")), cell
