"""Templates to fill in: a workbook with lists of places and words, an example and instructions; or the CSV of it."""

import csv
import io
from collections.abc import Sequence

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from etl.countries import names
from etl.kinds import Kind
from etl.tables import DATA_SHEET

LISTED_ROWS = 2_000
"""How many rows of the sheet of data offer the lists."""
_COUNTRY = "country_iso3"
_INSTRUCTIONS = (
    "Write your rows on the sheet 'data', one row a figure. The sheet 'example' shows how; it is not read.",
    "Figures about groups only. A column that looks like data about a person (a name, a date of birth, a document or "
    "phone number) refuses the whole file.",
    "An empty figure says that nobody counted. 0 says that somebody counted and there was none.",
    "A row that was sent in error: send it again with yes in the column withdrawn.",
    "Numbers plain: 1234, not 1,234 or ~1200. Dates as 2026-03-01. No row of totals.",
    "Send it on the page Upload. You see what would change before anything is loaded.",
)


def workbook(kind: Kind, places: pd.DataFrame) -> bytes:
    """Return the XLSX template of a kind for the places of a situation (rows of `data.schema.place.Place`)."""
    book = Workbook()
    data = book.active
    data.title = DATA_SHEET
    _header(data, kind)
    listed = places[places["kind"].isin(kind.places)].sort_values("name")
    if kind.place_column:
        rows = [(place.id, place.name, place.kind.replace("_", " ")) for place in listed.itertuples()]
        _list(book, data, kind, kind.place_column, "known places", rows)
    if _COUNTRY in [column.name for column in kind.columns]:
        _list(book, data, kind, _COUNTRY, "countries", sorted(names().items()))
    for column in kind.columns:
        if column.words:
            _offer(data, kind, column.name, f'"{",".join(column.words)}"')
    example = book.create_sheet("example")
    _header(example, kind)
    example.append(_example(kind, listed))
    _instructions(book, kind)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def csv_file(kind: Kind) -> bytes:
    """Return the CSV template of a kind: its header, in UTF-8 with the mark that spreadsheet programs look for."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow([column.name for column in kind.columns])
    return target.getvalue().encode("utf-8-sig")


def _header(sheet: Worksheet, kind: Kind) -> None:
    """Write the header: columns that are needed in bold."""
    sheet.append([column.name for column in kind.columns])
    for cell, column in zip(sheet[1], kind.columns, strict=True):
        cell.font = Font(bold=column.is_needed)
        cell.fill = PatternFill("solid", fgColor="DCE9F0")
        sheet.column_dimensions[get_column_letter(cell.column)].width = max(14, len(column.name) + 3)
    sheet.freeze_panes = "A2"


def _list(
    book: Workbook, data: Worksheet, kind: Kind, column: str, title: str, rows: Sequence[tuple[str, ...]]
) -> None:
    """Write a sheet of what a column may hold (the word itself, what it is called, ...), and offer it there."""
    sheet = book.create_sheet(title)
    sheet.append(["id", "called", "kind"][: len(rows[0])] if rows else ["id"])
    for row in rows:
        sheet.append([_text(cell) for cell in row])
    for letter, width in zip("ABC", (36, 36, 16), strict=True):
        sheet.column_dimensions[letter].width = width
    if rows:
        _offer(data, kind, column, f"'{title}'!$A$2:$A${len(rows) + 1}")


def _text(value: str) -> str:
    """Return a text that no spreadsheet program takes for a formula."""
    return f"'{value}" if value[:1] in "=+-@\t" else value


def _offer(sheet: Worksheet, kind: Kind, name: str, formula: str) -> None:
    """Let the cells of a column be chosen from a list; other words are warned of, not forbidden."""
    letter = get_column_letter([column.name for column in kind.columns].index(name) + 1)
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, errorStyle="warning", showErrorMessage=True)
    rule.error = "This is not in the list."
    sheet.add_data_validation(rule)
    rule.add(f"{letter}2:{letter}{LISTED_ROWS + 1}")


def _example(kind: Kind, places: pd.DataFrame) -> list[str]:
    """Return a row of invented figures at the first known place."""
    first = places["id"].iloc[0] if len(places) else "situation:place"
    return [first if column.name == kind.place_column else column.example for column in kind.columns]


def _instructions(book: Workbook, kind: Kind) -> None:
    """Write the sheet that explains."""
    sheet = book.create_sheet("instructions")
    sheet.column_dimensions["A"].width = 26
    sheet.column_dimensions["B"].width = 100
    sheet.append([kind.title])
    sheet["A1"].font = Font(bold=True, size=14)
    for line in _INSTRUCTIONS:
        sheet.append(["", line])
    sheet.append([])
    sheet.append(["Column", "What to write (bold: needed)"])
    for column in kind.columns:
        words = f" One of: {', '.join(column.words)}." if column.words else ""
        sheet.append([column.name, f"{column.meaning}.{words}"])
        sheet.cell(sheet.max_row, 1).font = Font(bold=column.is_needed)
    for row in sheet.iter_rows(min_col=2, max_col=2):
        row[0].alignment = Alignment(wrap_text=True, vertical="top")
