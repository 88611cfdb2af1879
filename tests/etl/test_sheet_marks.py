"""What a sheet shows beside its values is told before anything is loaded."""

import io

import openpyxl
import pytest
from openpyxl.styles import Font

from data.errors import PayloadRejected
from etl.sheet_marks import marks_of

ROWS = [["place_id", "people"], ["gate", 0.85], ["ford", 7], ["camp", None], ["town", 9]]


def book(change) -> bytes:
    """A workbook with one sheet, changed."""
    full = openpyxl.Workbook()
    sheet = full.active
    sheet.title = "May"
    for row in ROWS:
        sheet.append(row)
    change(sheet)
    full.save(body := io.BytesIO())
    return body.getvalue()


def test_merged_struck_and_percent_cells_and_hidden_rows_are_found():
    def change(sheet):
        sheet["B2"].number_format = "0.0%"
        sheet["B5"].font = Font(strike=True)
        sheet.merge_cells("B3:B4")
        sheet.merge_cells("A1:B1")
        sheet.row_dimensions[5].hidden = True

    marks = marks_of(book(change), "May", "x.xlsx")
    assert marks.cells == {
        (2, 2): "is shown as a percentage",
        (4, 2): "is merged with B3",
        (5, 2): "is struck through",
    }
    assert marks.hidden_rows == {5}


def test_a_plain_sheet_has_none_and_a_damaged_one_is_refused():
    plain = book(lambda sheet: None)
    assert marks_of(plain, "May", "x.xlsx").cells == {}
    with pytest.raises(PayloadRejected, match="no readable spreadsheet"):
        marks_of(plain[:-60], "May", "x.xlsx")
