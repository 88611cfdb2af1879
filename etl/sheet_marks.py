"""What a sheet of a workbook shows beside its values: merged, struck-through and percent cells, and hidden rows.

Read for their values alone they would be loaded wrongly without a word: a figure in merged cells may be that of several
rows, a struck-through one holds no longer, 85 % is stored as 0.85, and of a hidden row nobody sees that it is sent.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.xml.functions import iterparse

from data.errors import PayloadRejected
from etl.spreadsheet import DAMAGE, MOST_COLUMNS

STRUCK = "is struck through"
PERCENT = "is shown as a percentage"
MERGED = "is merged with"
_MOST_MERGED_ROWS = 10_000


@dataclass(frozen=True)
class Marks:
    """What is said of cells by their row and column (1 is the first), and which rows are hidden."""

    cells: Mapping[tuple[int, int], str]
    hidden_rows: frozenset[int]


def marks_of(body: bytes, title: str, name: str) -> Marks:
    """Return the marks of one sheet of a workbook that `etl.spreadsheet.sheets` has read.

    Of merged cells every one but the first is marked, where they lie over several rows. Raises PayloadRejected for a
    damaged workbook.
    """
    cells: dict[tuple[int, int], str] = {}
    hidden: set[int] = set()
    try:
        book = load_workbook(io.BytesIO(body), read_only=True, keep_links=False)
        said = _said_of_styles(book)
        path = next(sheet._worksheet_path for sheet in book.worksheets if sheet.title == title)
        with zipfile.ZipFile(io.BytesIO(body)) as bundle, bundle.open(path) as part:
            for tag, told in _elements(part):
                if tag == "row" and told.get("hidden") in {"1", "true"} and "r" in told:
                    hidden.add(int(told["r"]))
                elif tag == "c" and told.get("s") in said and "r" in told:
                    cells[coordinate_to_tuple(told["r"])] = said[told["s"]]
                elif tag == "mergeCell":
                    cells.update(_covered(told["ref"]))
    except DAMAGE as error:
        raise PayloadRejected(name, f"is no readable spreadsheet: {type(error).__name__} {error}"[:300]) from error
    return Marks(cells, frozenset(hidden))


def _elements(part: IO[bytes]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the names and attributes of a sheet's elements, keeping none; a cell only where it holds a value."""
    for _, element in iterparse(part):
        tag = element.tag.rpartition("}")[2]
        if tag != "c" or len(element):
            yield tag, dict(element.attrib)
        if tag in {"row", "mergeCell"}:
            element.clear()


def _said_of_styles(book: Any) -> dict[str, str]:
    """Return what is said of the cells of a style, by the number that cells give it."""
    said = {}
    for number, style in enumerate(book._cell_styles):
        own = style.numFmtId - BUILTIN_FORMATS_MAX_SIZE
        form = book._number_formats[own] if own >= 0 else BUILTIN_FORMATS.get(style.numFmtId, "")
        if book._fonts[style.fontId].strike:
            said[str(number)] = STRUCK
        elif "%" in form:
            said[str(number)] = PERCENT
    return said


def _covered(reference: str) -> dict[tuple[int, int], str]:
    """Return the cells that a merged range of several rows covers but for its first.

    >>> _covered("D2:D4")
    {(3, 4): 'is merged with D2', (4, 4): 'is merged with D2'}
    >>> _covered("A1:F1")
    {}
    """
    left, top, right, bottom = range_boundaries(reference)
    first = f"{get_column_letter(left)}{top}"
    rows = range(top, min(bottom, top + _MOST_MERGED_ROWS) + 1) if bottom > top else range(0)
    columns = range(left, min(right, MOST_COLUMNS) + 1)
    return {(row, column): f"{MERGED} {first}" for row in rows for column in columns if (row, column) != (top, left)}
