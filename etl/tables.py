"""Open a table that somebody sent, whatever form it came in: CSV, XLSX, a JSON list of records, with HXL tags or not.

Every form gives the same chunks of text cells (`etl.delimited.Chunk`), so that one parser judges them all alike.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from data.errors import PayloadRejected
from etl.delimited import Chunk, read
from etl.grid import HEADER_ROWS, Format, Row, chunk_of, header_in, renamed
from etl.hxl_tags import is_tag_row
from etl.json_text import read_json, whole
from etl.personal import refuse_personal
from etl.sheet_marks import Marks, marks_of
from etl.source import Payload
from etl.spreadsheet import MOST_BYTES, hidden_sheets, sheets

DATA_SHEET = "data"
_OF_TEMPLATE = {"known places", "countries", "example", "instructions"}
"""The other sheets of our templates (`etl.template`), which nobody takes for data."""
_HEAD_BYTES = 1 << 16
_ZIP = b"PK\x03\x04"
_MOST_CELLS = 5_000_000
"""Of a list of records, which becomes a table of all their names: ten bytes may ask for a gigabyte."""


def read_table(payload: Payload, form: Format) -> Iterator[Chunk]:
    """Yield chunks of a table, at least one.

    CSV without hashtags is read in bounded memory at any size, the other forms up to `etl.spreadsheet.MOST_BYTES`.
    Raises PayloadRejected when it is no table, or one without the format's columns, or holds data about people.
    """
    with payload.open() as stream:
        head = stream.read(_HEAD_BYTES)
    if head.startswith(_ZIP):
        yield _of_workbook(payload, form)
    elif head.lstrip().startswith(b"["):
        yield _of_json(payload, form)
    elif form.tags is not None and _has_tags(head):
        yield chunk_of(_csv_rows(payload), form, payload.name, "line")
    else:
        yield from _of_text(payload, form)


def _of_text(payload: Payload, form: Format) -> Iterator[Chunk]:
    """Yield the chunks of plain CSV; a header that lacks a column is told which one may be meant.

    Where the columns stand below a title, as in a sheet saved as CSV, the text is read like a sheet.
    """
    with payload.open() as stream:
        if delimiter := _titled(stream.read(_HEAD_BYTES), form):
            yield chunk_of(_csv_rows(payload, delimiter), form, payload.name, "line")
            return
    with payload.open() as stream:
        try:
            yield from read(stream, payload.name, form.required, form.columns)
        except PayloadRejected as error:
            _, found, strangers = error.reason.partition("; columns not known here: ")
            missing = [column for column in form.required if column in error.reason.partition(";")[0]]
            if not found:
                raise
            hint = renamed(missing, strangers.split(", "))
            raise PayloadRejected(error.place, error.reason + hint) from error


def _of_workbook(payload: Payload, form: Format) -> Chunk:
    """Return the rows of a workbook's sheet of data; every sheet is looked at for data about people."""
    name = payload.name
    found = [(title, rows) for title, rows in sheets(payload.read(MOST_BYTES), name) if rows]
    if not found:
        raise PayloadRejected(name, "is empty")
    headers = {title: header_in(rows, form, name) for title, rows in found}
    for header in headers.values():
        refuse_personal([column for column in header.names if column not in form.columns], name)
    _refuse_hidden(payload, form)
    named = [title for title, _ in found if title.strip().casefold() == DATA_SHEET]
    fits = named or [title for title in headers if headers[title].found(form.required) >= set(form.required)]
    if len(fits) > 1:
        raise PayloadRejected(
            name, f"has several sheets with these columns ({', '.join(fits)[:200]}); call yours {DATA_SHEET}"
        )
    best = fits[0] if fits else max(headers, key=lambda title: len(headers[title].found(form.columns)))
    chunk = chunk_of(dict(found)[best], form, name, "row")
    others = [title for title, _ in found if title != best and title.strip().casefold() not in _OF_TEMPLATE]
    said = f"of this workbook only the sheet {best[:80]!r} is read, not {', '.join(others)[:300]}" if others else ""
    return _marked(chunk, marks_of(payload.read(MOST_BYTES), best, name), form, said)


def _marked(chunk: Chunk, marks: Marks, form: Format, said: str) -> Chunk:
    """Return a chunk with its cells in doubt, and with notes on rows that nobody sees."""
    numbers = {int(line): int(row) for row, line in chunk.lines.items()}
    names = dict(enumerate(chunk.frame.columns, start=1))
    doubts = tuple(
        (numbers[row], names[column], what)
        for (row, column), what in sorted(marks.cells.items())
        if row in numbers and names.get(column) in form.columns
    )
    hidden = [str(row) for row in sorted(marks.hidden_rows) if row in numbers]
    unseen = f"rows that are hidden in the workbook are read like the others: {', '.join(hidden)[:200]}"
    return replace(chunk, doubts=doubts, notes=tuple(note for note in (said, unseen if hidden else "") if note))


def _refuse_hidden(payload: Payload, form: Format) -> None:
    """Refuse a workbook with data about people on a hidden sheet: it is not read, but it would be kept."""
    for title, rows in hidden_sheets(payload.read(MOST_BYTES), payload.name):
        if rows:
            names = [column for column in header_in(rows, form, payload.name).names if column not in form.columns]
            try:
                refuse_personal(names, payload.name)
            except PayloadRejected as error:
                raise PayloadRejected(payload.name, f"on the hidden sheet {title[:80]!r} {error.reason}") from error


def _of_json(payload: Payload, form: Format) -> Chunk:
    """Return the rows of a JSON list of records; a value that is none of a cell refuses the list."""
    records = read_json(payload.name, payload.read(MOST_BYTES))
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise PayloadRejected(payload.name, 'is no list of records, like [{"place_id": "..."}]')
    names = list(dict.fromkeys(key for record in records for key in record)) or list(form.required)
    if len(names) * len(records) > _MOST_CELLS:
        reason = f"has {len(records):,} records with {len(names):,} names, more than {_MOST_CELLS:,} cells"
        raise PayloadRejected(payload.name, reason)
    if broken := next((name for name in names if not _is_plain(name)), None):
        raise PayloadRejected(payload.name, f"has half a character in the name {broken[:80]!r}")
    odd = ((number, key) for number, record in enumerate(records, 1) for key in record if not _is_plain(record[key]))
    if first := next(odd, None):
        reason = f"has something in {first[1][:80]!r} of record {first[0]} that is no plain value"
        raise PayloadRejected(payload.name, reason)
    rows: list[Row] = [(0, names)]
    rows += [(number, [_plain(record.get(key)) for key in names]) for number, record in enumerate(records, start=1)]
    return chunk_of(rows, replace(form, tags=None), payload.name, "record")


def _is_plain(value: object) -> bool:
    """Tell whether a JSON value is whole text, a number (read as text), true, false or null."""
    return value is None or isinstance(value, bool) or (isinstance(value, str) and whole(value) == value)


def _plain(value: object) -> str:
    """Return a plain JSON value as a cell."""
    return "" if value is None else str(value)


def _encoding(head: bytes) -> str:
    """Return the encoding by the byte order mark, UTF-8 without one."""
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _delimiter(text: str) -> str:
    """Return the mark that the first lines have most of."""
    return max(",;\t", key=text.count)


def _has_tags(head: bytes) -> bool:
    """Tell whether one of the first rows of a text is a row of hashtags."""
    text = head.decode(_encoding(head), errors="replace")
    try:
        first = islice(csv.reader(io.StringIO(text), delimiter=_delimiter(text)), HEADER_ROWS)
        return any(is_tag_row(cells) for cells in first)
    except csv.Error:
        return False


def _titled(head: bytes, form: Format) -> str:
    """Return the delimiter of a text whose header stands below its first line, empty where it does not."""
    try:
        text = head.decode(_encoding(head), errors="replace")
        for delimiter in ",;\t":
            first = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), HEADER_ROWS))
            named = [{cell.strip() for cell in cells} >= set(form.required) for cells in first]
            if any(named):
                return "" if named[0] else delimiter
    except csv.Error:
        return ""
    return ""


def _csv_rows(payload: Payload, delimiter: str = "") -> list[Row]:
    """Return the rows of a CSV with their lines; without a ``delimiter`` it is the mark the beginning has most of."""
    body = payload.read(MOST_BYTES)
    try:
        text = body.decode(_encoding(body))
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text[:_HEAD_BYTES]), strict=True
        )
        rows, line = [], 1
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        reason = f"is not {_encoding(body).removesuffix('-sig').upper()}: byte {error.start:,} cannot be read"
        raise PayloadRejected(payload.name, reason) from error
    except csv.Error as error:
        raise PayloadRejected(payload.name, f"cannot be read: {error}"[:200]) from error
    return rows
