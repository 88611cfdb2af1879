"""Workbooks: cells as text, nothing evaluated, no bomb unpacked. Fault numbers are those of the fault list."""

import io
import time
import zipfile
from contextlib import suppress
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given

from data.errors import PayloadRejected
from etl.spreadsheet import MOST_CELLS, MOST_UNPACKED_BYTES, sheets
from tests.doors import book_of
from tests.strategies import damaged

BOOK = book_of({"data": [["place_id", "people"], ["gate", 412], ["ford", None]], "more": [["x"]]})


def repacked(body: bytes, **changed: bytes) -> bytes:
    """The workbook with some of its parts replaced or added (dots of the name as __)."""
    parts = {name.replace("__", "."): content for name, content in changed.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.pop(name, None) or old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return target.getvalue()


def test_cells_are_text_as_a_person_would_write_them():
    cells = [
        "0012",
        12.0,
        12.5,
        1e20,
        datetime(2026, 3, 1),  # noqa: DTZ001 - a workbook knows no time zone
        date(2026, 3, 2),
        datetime(2026, 3, 1, 6, 30),  # noqa: DTZ001
        True,
        None,
        "1E5",
    ]
    ((_, rows),) = sheets(book_of({"data": [cells]}), "x.xlsx")
    assert rows[0][1][:8] == ["0012", "12", "12.5", "1e+20", "2026-03-01", "2026-03-02",
                              "2026-03-01 06:30", "TRUE"]  # fmt: skip
    assert rows[0][1][8:] == ["", "1E5"]


def test_rows_keep_their_numbers_and_empty_ones_are_none():
    ((_, rows),) = sheets(book_of({"data": [["a"], [], [None, None], ["b"]]}), "x.xlsx")
    assert rows == [(1, ["a"]), (4, ["b"])]


def test_a_formula_is_its_last_result_and_without_one_it_stays_a_formula():
    book = book_of({"data": [["people"], ["=1+2"]]})
    assert sheets(book, "x.xlsx")[0][1][1] == (2, ["=1+2"])
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")
    shown = repacked(
        book, **{"xl/worksheets/sheet1__xml": sheet.replace(b"<v></v>", b"<v>3</v>").replace(b"<v />", b"<v>3</v>")}
    )
    assert sheets(shown, "x.xlsx")[0][1][1] == (2, ["3"])


def test_hidden_sheets_are_left_aside():
    book = openpyxl.load_workbook(io.BytesIO(BOOK))
    book["more"].sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    assert [title for title, _ in sheets(target.getvalue(), "x.xlsx")] == ["data"]


def test_f70_a_bomb_is_refused_before_it_is_unpacked():
    bomb = repacked(BOOK, **{"xl/worksheets/sheet2__xml": b"0" * (MOST_UNPACKED_BYTES + 1)})
    began = time.monotonic()
    with pytest.raises(PayloadRejected, match="refused before unpacking"):
        sheets(bomb, "x.xlsx")
    assert time.monotonic() - began < 1


def test_f70_files_that_lie_over_each_other_are_a_bomb():
    with zipfile.ZipFile(io.BytesIO(BOOK)) as bundle:
        infos = bundle.infolist()
    body = bytearray(BOOK)
    # every entry of the directory declares the packed size of the whole file
    for info in infos:
        at = body.rindex(b"PK\x01\x02", 0, body.rindex(info.filename.encode()))
        body[at + 20 : at + 24] = len(BOOK).to_bytes(4, "little")
    with pytest.raises(PayloadRejected, match="zip bomb"):
        sheets(bytes(body), "x.xlsx")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({f"x{number}": b"" for number in range(501)}, "holds 5.. files"),
        ({"../../evil": b"x"}, "leaves its folder"),
        ({"a\\b": b"x"}, "leaves its folder"),
        ({"/etc/x": b"x"}, "leaves its folder"),
        ({"xl/vbaProject__bin": b"x"}, "holds macros"),
        ({"XL/workbook__xml": b"x"}, "holds a file twice"),
    ],
)
def test_f70_what_no_spreadsheet_holds_refuses_it(changed, why):
    with pytest.raises(PayloadRejected, match=why):
        sheets(repacked(BOOK, **changed), "x.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_f15_f16_a_document_type_is_refused(encoding):
    evil = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><sst>&b;</sst>'.encode(encoding)
    with pytest.raises(PayloadRejected, match="declares a document type"):
        sheets(repacked(BOOK, **{"xl/sharedStrings__xml": evil}), "x.xlsx")


def test_a_cell_far_away_costs_no_time():
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/>'
    )
    sheet += b'<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    body = repacked(BOOK, **{"xl/worksheets/sheet1__xml": sheet + b"</sheetData></worksheet>"})
    began = time.monotonic()
    assert sheets(body, "x.xlsx")[0][1] == [(1, ["1"])]
    assert time.monotonic() - began < 5
    assert MOST_CELLS < 16_384 * 1_048_576


@pytest.mark.parametrize(
    "body", [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 18, b"%PDF-1.7", BOOK[:-40], b"x" + BOOK]
)
def test_f70_what_is_no_workbook_is_refused(body):
    with pytest.raises(PayloadRejected):
        sheets(body, "x.xlsx")


def test_an_empty_zip_file_is_no_workbook():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as bundle:
        bundle.writestr("data.csv", "a,b\n")
    with pytest.raises(PayloadRejected, match="no spreadsheet"):
        sheets(target.getvalue(), "x.xlsx")


@given(damaged(BOOK))
def test_a_damaged_workbook_is_read_or_refused(body):
    with suppress(PayloadRejected):
        sheets(body, "x.xlsx")
