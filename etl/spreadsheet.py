"""Read XLSX workbooks as text cells: nothing is evaluated, and nothing is unpacked before its size is known.

What a formula showed when the file was last saved is its value; a formula that never showed anything stays its text, so
that it is refused as no number instead of read as "not counted".
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import PurePosixPath
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from data.errors import PayloadRejected
from etl.grid import Row
from etl.numbers import GROUPED_OR_NOT

MOST_BYTES = 20_000_000
"""The largest spreadsheet read."""
MOST_UNPACKED_BYTES = 60_000_000
MOST_TIMES_LARGER = 200
MOST_MEMBERS = 500
MOST_CELLS = 2_000_000
MOST_COLUMNS = 500
MOST_ROWS = 1_048_576
"""What a spreadsheet program itself can hold."""
_SMALL_BYTES = 1_000_000
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_IS_ENCRYPTED = 1
_BLOCK_BYTES = 1 << 20
_DTD = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
DAMAGE = (
    zipfile.BadZipFile, zlib.error, InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError,
    EOFError, SyntaxError, NotImplementedError, RuntimeError, ArithmeticError, OSError, AssertionError,
)  # fmt: skip
"""What openpyxl and the standard library raise over a workbook that is damaged; none of it is a fault of ours."""


def sheets(body: bytes, name: str) -> list[tuple[str, list[Row]]]:
    """Return the visible sheets of a workbook with their rows, where a row without anything in it is left out.

    Raises PayloadRejected for what is no XLSX workbook, a bomb, a workbook with macros, or one that is damaged.
    """
    has_formulas = _inspect(body, name)
    try:
        shown = _read(body, name, values=True)
        return _with_formulas(shown, _read(body, name, values=False)) if has_formulas else shown
    except DAMAGE as error:
        raise PayloadRejected(name, f"is no readable spreadsheet: {type(error).__name__} {error}"[:300]) from error


def hidden_sheets(body: bytes, name: str) -> list[tuple[str, list[Row]]]:
    """Return the sheets of a workbook that its viewer does not see, as `sheets` does the others; raises the same."""
    _inspect(body, name)
    try:
        return _read(body, name, values=True, is_hidden=True)
    except DAMAGE as error:
        raise PayloadRejected(name, f"is no readable spreadsheet: {type(error).__name__} {error}"[:300]) from error


def _inspect(body: bytes, name: str) -> bool:
    """Refuse what should not be unpacked; tell whether any sheet holds formulas."""
    if not body.startswith(b"PK\x03\x04"):
        raise PayloadRejected(name, "is no spreadsheet (.xlsx): it does not begin like one")
    if len(body) > MOST_BYTES:
        raise PayloadRejected(name, f"has {len(body):,} bytes, more than {MOST_BYTES:,}")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as bundle:
            members = bundle.infolist()
            if reason := _refusal(members, len(body)):
                raise PayloadRejected(name, reason)
            scanned = [_scan(bundle, member, name) for member in members]  # every part, not up to the first
            return any(scanned)
    except (*DAMAGE, zipfile.LargeZipFile) as error:
        raise PayloadRejected(name, f"is no readable spreadsheet: {error}"[:300]) from error


def _refusal(members: list[zipfile.ZipInfo], size: int) -> str | None:
    """Say why a zip file is not unpacked, by what its directory declares; None when it may be."""
    names = [member.filename for member in members]
    lower = [member.lower() for member in names]
    unpacked = sum(m.file_size for m in members)
    refusals = (
        (len(members) > MOST_MEMBERS, f"holds {len(members):,} files, more than {MOST_MEMBERS}: it is no spreadsheet"),
        (len(set(lower)) < len(lower), "holds a file twice: it is no spreadsheet"),
        (any(_leaves(n) for n in names), "holds a file whose name leaves its folder: it is no spreadsheet"),
        (not {"xl/workbook.xml", "[content_types].xml"} <= set(lower), "is a zip file, but no spreadsheet (.xlsx)"),
        (any(n.endswith("vbaproject.bin") for n in lower), "holds macros; save it as .xlsx without them"),
        (
            any(m.flag_bits & _IS_ENCRYPTED or m.compress_type not in _METHODS for m in members),
            "is encrypted or packed in a way that is not read here",
        ),
        (sum(m.compress_size for m in members) > size, "holds files that lie over each other: it is a zip bomb"),
        (
            unpacked > MOST_UNPACKED_BYTES
            or any(m.file_size > max(_SMALL_BYTES, MOST_TIMES_LARGER * m.compress_size) for m in members),
            f"unpacks to {unpacked:,} bytes from {size:,}; refused before unpacking",
        ),
    )
    return next((reason for is_so, reason in refusals if is_so), None)


def _leaves(name: str) -> bool:
    """Tell whether a file's name in a zip could be read as one outside its folder."""
    return "\\" in name or name.startswith("/") or ".." in PurePosixPath(name).parts or "\x00" in name


def _scan(bundle: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bool:
    """Refuse a part that declares a document type (entities grow without end); tell whether it holds formulas."""
    found, tail = False, b""
    if not member.filename.lower().endswith((".xml", ".rels")):
        return False
    with bundle.open(member) as part:
        while block := part.read(_BLOCK_BYTES):
            text = tail + block
            if any(mark in text for mark in _DTD):
                raise PayloadRejected(name, f"declares a document type in {member.filename[:80]}; no spreadsheet does")
            found = found or b"<f>" in text or b"<f " in text or b":f>" in text
            tail = text[-32:]
    return found and "worksheets/" in member.filename


def _read(body: bytes, name: str, *, values: bool, is_hidden: bool = False) -> list[tuple[str, list[Row]]]:
    """Return the rows of every visible (or hidden) sheet: what formulas showed (``values``), or the formulas."""
    book = load_workbook(io.BytesIO(body), read_only=True, data_only=values, keep_links=False)
    try:
        found, cells = [], 0
        for sheet in book.worksheets:
            if (sheet.sheet_state != "visible") != is_hidden:
                continue
            rows = []
            for row in _rows(sheet):
                cells += len(row[1])
                if cells > MOST_CELLS:
                    raise PayloadRejected(name, f"has more than {MOST_CELLS:,} cells")
                rows.append(row)
            found.append((str(sheet.title), rows))
        return found
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[Row]:
    """Yield the rows that hold anything, cells without those empty at the end."""
    sheet.reset_dimensions()
    read = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    blank: tuple[Any, ...] | None = None
    for number, values in enumerate(read, start=1):
        if values is blank:  # rows that are not there come as one and the same tuple, up to a million times
            continue
        if values.count(None) == len(values):
            blank = values
            continue
        last = max(place for place, value in enumerate(values, start=1) if value is not None)
        yield number, [_text(value) for value in values[:last]]


def _text(value: Any) -> str:
    """Return a cell as a person would write it into our CSV: dates as 2026-03-01, whole numbers without a point.

    A number with three decimals gets a fourth: in a cell it is no thousand (`etl.numbers.GROUPED_OR_NOT`). Hours are
    those of the day, the last 24:00.

    >>> [_text(v) for v in (None, 12.0, 12.5, 1.234, datetime(2026, 3, 1), date(2026, 3, 1), True)]
    ['', '12', '12.5', '1.2340', '2026-03-01', '2026-03-01', 'TRUE']
    >>> _text(time(6)), _text(timedelta(days=1))
    ('06:00', '24:00')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        told = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return f"{told}0" if re.fullmatch(GROUPED_OR_NOT, told) else told
    return _moment(value) if isinstance(value, (date, time, timedelta)) else str(value)


def _moment(value: date | time | timedelta) -> str:
    """Return a day, a moment of it, or the hours since its beginning as hours and minutes."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    whole = value if isinstance(value, timedelta) else timedelta(hours=value.hour, minutes=value.minute)
    minutes = round(whole.total_seconds() / 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _with_formulas(
    shown: list[tuple[str, list[Row]]], written: list[tuple[str, list[Row]]]
) -> list[tuple[str, list[Row]]]:
    """Put the text of each formula that showed nothing back into its cell."""
    found = []
    for (title, rows), (_, formulas) in zip(shown, written, strict=True):
        values = dict(rows)
        merged = []
        for number, cells in formulas:
            seen = values.get(number, [])
            seen = [*seen, *[""] * (len(cells) - len(seen))]
            both = zip(seen, [*cells, *[""] * (len(seen) - len(cells))], strict=True)
            merged.append(
                (number, [old or (new if new.startswith("=") or "Formula" in new else old) for old, new in both])
            )
        found.append((title, merged))
    return found
