"""Read delimited text of any size in bounded memory, with every cell left as the text it is.

``NA`` is Namibia, ``0012`` and ``1E5`` are codes: nothing is guessed here. What cannot be read is named: the file as a
whole (`data.errors.PayloadRejected`) or one row (`etl.records.Broken`).
"""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from data.errors import PayloadRejected
from etl.ahead import ahead
from etl.first_bytes import kind_of
from etl.records import MOST_RECORD_BYTES, Broken, Records, records

BLOCK_BYTES = 16 << 20
_HEAD_BYTES = 1 << 18
_DELIMITERS = ",;\t"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True)
class Chunk:
    """Rows as text, indexed by row number (1 is the first after the header), and the broken rows among them.

    ``lines`` (same index) are the lines of the file on which the rows begin, ``added`` the columns that are neither
    required nor known. ``text`` gives a row as it stands in the file, at most its beginning, and ``where`` is the word
    for a row's place: "line" of a text, "row" of a spreadsheet. ``doubts`` are cells whose text is not what they show
    (row, column, what is said of it), ``notes`` what the sender is to know of the file.
    """

    frame: pd.DataFrame
    lines: "pd.Series[int]"
    broken: list[Broken]
    added: tuple[str, ...]
    text: Callable[[int], str]
    where: str = "line"
    doubts: tuple[tuple[int, str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def without(self, rows: "pd.Series[bool]") -> "Chunk":
        """Return the chunk without some of its rows."""
        return replace(self, frame=self.frame[~rows], lines=self.lines[~rows])


def read(
    stream: BinaryIO,
    name: str,
    required: Iterable[str],
    known: Iterable[str] = (),
    *,
    only: Iterable[str] | None = None,
    encodings: tuple[str, ...] = (),
) -> Iterator[Chunk]:
    """Yield chunks of a delimited file, at least one; ``only`` limits their columns to those that are needed.

    A byte order mark decides the encoding (UTF-8, UTF-16); without one it is UTF-8, or the first of ``encodings`` that
    fits where a source declares others (the stream must then be seekable). Raises PayloadRejected when the header lacks
    a ``required`` column or repeats one, when the text cannot be decoded, or when it is no delimited text at all.
    """
    required, known = tuple(required), tuple(known)
    head = stream.read(_HEAD_BYTES)
    if kind := kind_of(head):
        raise PayloadRejected(name, f"is not a table: it begins like {kind}")
    encoding, mark_bytes = _encoding(head, stream, encodings)
    blocks = _blocks(chain([head[mark_bytes:]], iter(lambda: stream.read(BLOCK_BYTES), b"")), name, encoding)
    first = next(blocks, b"")
    header, delimiter = _header(first, name, required)
    added = _check_header(header, name, required, known)
    wanted = header if only is None else [column for column in header if column in set(only)]
    parts = (_without_header(part) for part in records(chain([first], blocks), delimiter))
    chunks = (_parsed(part, header, delimiter, wanted, added) for part in parts)
    for number, chunk in enumerate(ahead(chunks)):
        if number == 0 or len(chunk.lines) or chunk.broken:
            yield chunk


def _encoding(head: bytes, stream: BinaryIO, encodings: tuple[str, ...]) -> tuple[str, int]:
    """Return the encoding of a file and how many bytes its mark has."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    if not encodings or _is_utf8(head, stream):
        return "utf-8", 0
    return encodings[0], 0


def _is_utf8(head: bytes, stream: BinaryIO) -> bool:
    """Tell whether a whole file is UTF-8, and go back to where we were."""
    here, decoder = stream.tell(), codecs.getincrementaldecoder("utf-8")()
    try:
        for block in chain([head], iter(lambda: stream.read(BLOCK_BYTES), b"")):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(here)
    return True


def _blocks(stream: Iterable[bytes], name: str, encoding: str) -> Iterator[bytes]:
    """Yield the text as UTF-8. A file without line feeds has carriage returns for line ends, and gets line feeds."""
    decoder = codecs.getincrementaldecoder(encoding)()
    position, has_no_line_feed = 0, False
    for block in chain(stream, [b""]):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            at = position - (len(error.object) - len(block)) + error.start
            hint = "; save it as UTF-8 and send it again" if encoding == "utf-8" else ""
            raise PayloadRejected(name, f"is not {encoding.upper()}: byte {at:,} cannot be read{hint}") from error
        data = block if encoding == "utf-8" else text.encode()
        has_no_line_feed = has_no_line_feed or (position == 0 and b"\r" in data and b"\n" not in data)
        position += len(block)
        yield data.replace(b"\r", b"\n") if has_no_line_feed else data


def _header(block: bytes, name: str, required: tuple[str, ...]) -> tuple[list[str], str]:
    """Return the column names, and the delimiter that finds most of the required ones."""
    first, end, _ = block.lstrip(b"\r\n").partition(b"\n")
    if not first.strip():
        raise PayloadRejected(name, "is empty")
    if not end and len(first) >= _HEAD_BYTES:
        raise PayloadRejected(name, f"has no line end in its first {_HEAD_BYTES:,} bytes: it is no table")
    if b"\x00" in first:
        raise PayloadRejected(name, "has NUL bytes in its first line: it is no text, or UTF-16 without its mark")
    text = first.decode(errors="replace")
    found = {mark: _cells(text, mark, name) for mark in _DELIMITERS}
    delimiter = max(found, key=lambda mark: (len(set(found[mark]) & set(required)), len(found[mark])))
    return found[delimiter], delimiter


def _cells(text: str, delimiter: str, name: str) -> list[str]:
    """Return the names in a header; a column without one gets its number."""
    try:
        cells = next(csv.reader([text], delimiter=delimiter))
        return [cell.strip() or f"column {number}" for number, cell in enumerate(cells, start=1)]
    except csv.Error as error:
        raise PayloadRejected(name, f"has a first line that is no header: {error}") from error


def _check_header(header: list[str], name: str, required: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns nobody knows; raise PayloadRejected with the list of what is wrong with the others."""
    repeated = sorted({column for column in header if header.count(column) > 1})
    missing = sorted(set(required) - set(header))
    added = tuple(column for column in header if column not in {*required, *known})
    faults = [f"has columns twice: {', '.join(repeated)}"] if repeated else []
    faults += [f"lacks the columns {', '.join(missing)}"] if missing else []
    if faults:
        strangers = f"; columns not known here: {', '.join(added)[:1000]}" if added and missing else ""
        raise PayloadRejected(name, "; ".join(faults) + strangers)
    return added


def _without_header(part: Records) -> Records:
    """Leave the first record of the file out, be it sound or damaged."""
    part = replace(part, broken=[item for item in part.broken if item.row > 1])
    if not len(part.rows) or part.rows[0] > 1:
        return part
    start = part.starts[1]
    return Records(part.data[start:], part.starts[1:] - start, part.rows[1:], part.lines[1:], part.broken)


def _parsed(part: Records, header: list[str], delimiter: str, wanted: list[str], added: tuple[str, ...]) -> Chunk:
    """Split sound records into cells; one with too few or too many fields is broken."""
    unfit: list[int] = []
    broken = list(part.broken)

    def note(row: Any) -> str:
        index = row.number - 1
        unfit.append(index)
        reason = f"has {row.actual_columns} fields instead of {row.expected_columns}"
        broken.append(Broken(int(part.rows[index]), int(part.lines[index]), reason, part.text(index)))
        return "skip"

    names = [str(position) for position in range(len(header))]
    positions = [names[header.index(column)] for column in wanted]
    frame = pd.DataFrame(columns=positions, dtype="str")
    if len(part.rows):
        table = pa_csv.read_csv(
            pa.BufferReader(memoryview(part.data)[: part.starts[-1]]),
            pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=2 * MOST_RECORD_BYTES),
            pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note, ignore_empty_lines=False
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=positions, strings_can_be_null=False
            ),
        )
        frame = table.to_pandas()
    rows, lines = np.delete(part.rows, unfit) - 1, np.delete(part.lines, unfit)
    index = pd.Index(rows, dtype="int64")
    told = [replace(item, row=item.row - 1) for item in sorted(broken, key=lambda item: item.row)]
    frame = frame.set_axis(wanted, axis=1).set_axis(index, axis=0)
    return Chunk(frame, pd.Series(lines, index=index), told, added, lambda row: part.text_of(row + 1))
