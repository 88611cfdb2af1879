"""Read delimited text of any size in bounded memory, with every cell left as the text it is.

``NA`` is Namibia, ``0012`` and ``1E5`` are codes: nothing is guessed here. What cannot be read is named: the file as a
whole (`data.errors.PayloadRejected`) or one row (`Broken`).
"""

import csv
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import RawIOBase
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from data.errors import PayloadRejected

BLOCK_BYTES = 8 << 20
_HEAD_BYTES = 1 << 18
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Broken:
    """A row with too few or too many fields: its number (1 is the first after the header) and its text."""

    row: int
    expected: int
    found: int
    text: str


@dataclass(frozen=True)
class Chunk:
    """Rows as text, indexed by row number (1 is the first after the header), and the broken rows among them."""

    frame: pd.DataFrame
    broken: list[Broken]


def read(
    stream: BinaryIO, name: str, required: Iterable[str], known: Iterable[str], encodings: tuple[str, ...] = ()
) -> Iterator[Chunk]:
    """Yield chunks of a delimited file.

    A byte order mark decides the encoding (UTF-8, UTF-16); without one it is UTF-8, or the first of ``encodings`` that
    fits where a source declares others. Raises PayloadRejected when the header lacks a ``required`` column or repeats
    one, when columns are neither required nor ``known``, or when the text cannot be decoded.
    """
    head = stream.read(_HEAD_BYTES)
    encoding = _encoding(head, name, encodings)
    header, delimiter = _header(head.decode(encoding, errors="replace"), name)
    _check_header(header, name, set(required), set(known))
    stream.seek(0)
    yield from _chunks(stream, name, header, delimiter, encoding)


class _QuoteCount(RawIOBase):
    """Pass a stream on and count its quotation marks: an odd number means that one was never closed."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.stream, self.found = stream, 0

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        block = self.stream.read(size)
        self.found += block.count(b'"')
        return block


def _encoding(head: bytes, name: str, encodings: tuple[str, ...]) -> str:
    """Return the encoding of a file from its first bytes."""
    if head.startswith(BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head:
        raise PayloadRejected(name, "holds NUL bytes: not a text file")
    for candidate in ("utf-8", *encodings):
        try:
            head[: -4 if len(head) == _HEAD_BYTES else None].decode(candidate)
        except UnicodeDecodeError:
            continue
        return candidate
    raise PayloadRejected(name, "is not UTF-8; save it as UTF-8 and send it again")


def _header(text: str, name: str) -> tuple[list[str], str]:
    """Return the column names and the delimiter that splits the first line into most of them."""
    first = text.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
    if not first.strip():
        raise PayloadRejected(name, "is empty")
    if first.lstrip().startswith(("<", "{", "[", "PK")):
        raise PayloadRejected(name, f"is not a table: it begins with {first.strip()[:20]!r}")
    delimiter = max(_DELIMITERS, key=first.count)
    return [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))], delimiter


def _check_header(header: list[str], name: str, required: set[str], known: set[str]) -> None:
    """Raise PayloadRejected with the list of what is wrong with the columns."""
    repeated = sorted({column for column in header if header.count(column) > 1})
    missing = sorted(required - set(header))
    unknown = sorted(set(header) - required - known)
    if repeated:
        raise PayloadRejected(name, f"has columns twice: {', '.join(repeated)}")
    if missing:
        there = f"; columns not known here: {', '.join(unknown)}" if unknown else ""
        raise PayloadRejected(name, f"lacks the columns {', '.join(missing)}{there}")


def _chunks(stream: BinaryIO, name: str, header: list[str], delimiter: str, encoding: str) -> Iterator[Chunk]:
    """Stream the rows; pyarrow numbers physical rows from 1 for the header."""
    broken: list[Broken] = []

    def note(row: Any) -> str:
        broken.append(Broken((row.number or 1) - 1, row.expected_columns, row.actual_columns, row.text))
        return "skip"

    options = {
        "read_options": pa_csv.ReadOptions(
            use_threads=False, block_size=BLOCK_BYTES, column_names=header, skip_rows=1, encoding=encoding
        ),
        "parse_options": pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note, ignore_empty_lines=True
        ),
        "convert_options": pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    }
    number, taken = 1, 0
    try:
        quotes = _QuoteCount(stream)
        for batch in pa_csv.open_csv(quotes, **options):
            skipped = {item.row for item in broken[taken:]}
            numbers: list[int] = []
            while len(numbers) < batch.num_rows:
                if number not in skipped:
                    numbers.append(number)
                number += 1
            frame = batch.to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=float("nan"))}.get)
            yield Chunk(frame.set_axis(pd.Index(numbers, dtype="int64"), axis=0), broken[taken:])
            taken = len(broken)
    except (pa.ArrowInvalid, UnicodeError) as error:
        if "Empty CSV" not in str(error):
            raise PayloadRejected(name, f"cannot be read as a table: {str(error).splitlines()[0]}") from error
    if quotes.found % 2:
        raise PayloadRejected(name, "has a quotation mark that is never closed")
    if len(broken) > taken:
        yield Chunk(pd.DataFrame(columns=header, dtype="str"), broken[taken:])
