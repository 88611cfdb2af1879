"""Open a table that somebody sent, whatever form it came in: CSV, XLSX, a JSON list of records, with HXL tags or not.

Every form gives the same chunks of text cells (`etl.delimited.Chunk`), so that one parser judges them all alike.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice

from data.errors import PayloadRejected
from etl.delimited import Chunk, read
from etl.grid import HEADER_ROWS, Format, Row, chunk_of, header_in, renamed
from etl.hxl_tags import is_tag_row
from etl.json_text import read_json
from etl.personal import refuse_personal
from etl.source import Payload
from etl.spreadsheet import MOST_BYTES, hidden_sheets, sheets

DATA_SHEET = "data"
_HEAD_BYTES = 1 << 16
_ZIP = b"PK\x03\x04"


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
            yield from read(stream, payload.name, form.required, form.optional)
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
    best = max(headers, key=lambda title: len(headers[title].found(form.columns)))
    return chunk_of(dict(found)[fits[0] if fits else best], form, name, "row")


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
    """Return a JSON list of records; what is no plain value makes its record no row."""
    records = read_json(payload.name, payload.read(MOST_BYTES))
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise PayloadRejected(payload.name, 'is no list of records, like [{"place_id": "..."}]')
    names = list(dict.fromkeys(key for record in records for key in record)) or list(form.required)
    nested = [(number, key) for number, record in enumerate(records, 1) for key in record if not _is_plain(record[key])]
    if nested:
        number, key = nested[0]
        raise PayloadRejected(payload.name, f"has something in {key[:80]!r} of record {number} that is no plain value")
    rows: list[Row] = [(0, names)]
    rows += [(number, [_plain(record.get(key)) for key in names]) for number, record in enumerate(records, start=1)]
    return chunk_of(rows, Format(form.required, form.optional), payload.name, "record")


def _is_plain(value: object) -> bool:
    """Tell whether a JSON value is text, a number (read as text), true, false or null."""
    return value is None or isinstance(value, (str, bool))


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
