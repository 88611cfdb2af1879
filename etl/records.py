"""Cut delimited text into records, so that one damaged record cannot swallow or shift the others.

A record is a line, or several where a quoted field holds line ends (RFC 4180). A file is mostly sound, so each block is
cut with a few vectorised passes; only where the quotation marks do not add up is it cut record by record.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_RECORD_BYTES = 1 << 20
"""A longer record is damaged: a quotation mark that is never closed, or something that is no table."""
BROKEN_TEXT_CHARACTERS = 2_000

_QUOTE, _LINE_END, _RETURN = 34, 10, 13
_BLANK = (b"\n", b"\r\n")
_Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Broken:
    """A record that is not part of the table: its number and line (both 1 for the first), why, and how it begins."""

    row: int
    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Records:
    """Sound records: ``data[starts[i]:starts[i + 1]]``, line end included, is number ``rows[i]``, line ``lines[i]``.

    ``data`` may hold more after the last of them.
    """

    data: bytes
    starts: _Numbers
    rows: _Numbers
    lines: _Numbers
    broken: list[Broken]

    def text(self, index: int) -> str:
        """Return the text of one record, at most the beginning of it."""
        return shown(self.data[self.starts[index] : self.starts[index + 1]])

    def text_of(self, row: int) -> str:
        """Return the text of the record with a number."""
        return self.text(int(np.searchsorted(self.rows, row)))


def shown(record: bytes) -> str:
    """Return a record as text for a person, at most its beginning."""
    return record[: BROKEN_TEXT_CHARACTERS * 4].decode(errors="replace").rstrip("\r\n")[:BROKEN_TEXT_CHARACTERS]


def records(blocks: Iterator[bytes], delimiter: str) -> Iterator[Records]:
    """Cut UTF-8 blocks into records. A line ends with a line feed, with or without a carriage return before it."""
    cutter = _Cutter(delimiter.encode())
    for block in blocks:
        yield cutter.cut(block, last=False)
    yield cutter.cut(b"", last=True)


class _Cutter:
    """What is carried from block to block: the unfinished record and where we are."""

    def __init__(self, delimiter: bytes) -> None:
        self.delimiter = delimiter
        self.rest, self.row, self.line = b"", 1, 1
        self.is_skipping = False

    def cut(self, block: bytes, *, last: bool) -> Records:
        """Return the finished records of what is there; ``last`` finishes the file."""
        data, self.rest = self.rest + block, b""
        if self.is_skipping:
            data = self._skip(data)
        if last and data and not data.endswith(b"\n"):
            data += b"\n"
        starts, lines = _sound_starts(data, self.delimiter)
        end = int(starts[-1])
        sound = self._numbered(data, starts, self.line + lines[:-1])
        self.line += int(lines[-1])
        if end == len(data):
            return sound
        if last or len(data) - end > MOST_RECORD_BYTES:
            return _joined(sound, self._cut_one_by_one(data[end:], last=last))
        self.rest = data[end:]
        return sound

    def _numbered(self, data: bytes, starts: _Numbers, lines: _Numbers) -> Records:
        """Return sound records with their numbers; a blank line is none and has none."""
        sizes = np.diff(starts)
        kept = np.flatnonzero(sizes > 2)
        if len(kept) < len(sizes):
            kept = np.array([i for i in range(len(sizes)) if data[starts[i] : starts[i + 1]] not in _BLANK], dtype=int)
            data = b"".join(data[starts[i] : starts[i + 1]] for i in kept)
            starts, lines = np.concatenate([[0], np.cumsum(sizes[kept])]), lines[kept]
        rows = self.row + np.arange(len(lines))
        self.row += len(lines)
        return Records(data, starts.astype(np.int64), rows, lines, [])

    def _skip(self, data: bytes) -> bytes:
        """Drop the remainder of a line that is too long."""
        end = data.find(b"\n") + 1
        self.is_skipping = end == 0
        self.line += end > 0
        return data[end:] if end else b""

    def _cut_one_by_one(self, data: bytes, *, last: bool) -> Records:
        """Cut data whose first record may be damaged; a damaged line is set aside, and the next line begins anew."""
        pattern, at = _record_pattern(self.delimiter), 0
        spans: list[tuple[int, int]] = []
        numbers: list[tuple[int, int]] = []
        broken: list[Broken] = []
        while at < len(data):
            found = pattern.match(data, at, at + MOST_RECORD_BYTES)
            if found is None and not last and len(data) - at <= MOST_RECORD_BYTES:
                break
            end = found.end() if found else data.find(b"\n", at) + 1
            if found is None:
                self.is_skipping = end == 0
                end = end or len(data)
                broken.append(Broken(self.row, self.line, _reason(data[at:end]), shown(data[at:end])))
            elif data[at:end] not in _BLANK:
                spans.append((at, end))
                numbers.append((self.row, self.line))
            self.row += data[at:end] not in _BLANK
            self.line += data.count(b"\n", at, end)
            at = end
        self.rest = data[at:]
        starts = np.cumsum([0, *(end - start for start, end in spans)], dtype=np.int64)
        rows, lines = np.array(numbers, dtype=np.int64).reshape(-1, 2).T
        return Records(b"".join(data[start:end] for start, end in spans), starts, rows, lines, broken)


def _sound_starts(data: bytes, delimiter: bytes) -> tuple[_Numbers, _Numbers]:
    """Return where the sound records at the beginning of the data start and the last one ends, and their lines from 0.

    A line end outside quotes ends a record. A quotation mark opens a field after a delimiter or line end, and closes it
    before one; the first that does neither ends what is sound, as does a stray carriage return or a record too long.
    """
    codes = np.frombuffer(data, dtype=np.uint8)
    line_ends = np.flatnonzero(codes == _LINE_END)
    quotes = np.flatnonzero(codes == _QUOTE)
    outside = np.flatnonzero(np.searchsorted(quotes, line_ends) % 2 == 0)
    starts = np.concatenate([[0], line_ends[outside] + 1])
    stray = [*_misplaced(codes, quotes, delimiter[0]), starts[np.flatnonzero(np.diff(starts) > MOST_RECORD_BYTES)]]
    if b"\r" in data:
        returns = np.flatnonzero(codes == _RETURN)
        stray.append(returns[codes[np.minimum(returns + 1, len(codes) - 1)] != _LINE_END])
    first = min((int(found[0]) for found in stray if len(found)), default=len(data))
    count = int(np.searchsorted(starts, first, side="right"))
    return starts[:count].astype(np.int64), np.concatenate([[0], outside + 1])[:count].astype(np.int64)


def _misplaced(
    codes: npt.NDArray[np.uint8], quotes: _Numbers, delimiter: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the positions of quotation marks that neither open nor close a field nor are doubled within one."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = codes[np.maximum(opening - 1, 0)]
    opens = (before == delimiter) | (before == _QUOTE) | (before == _LINE_END) | (opening == 0)
    after = codes[np.minimum(closing + 1, len(codes) - 1)]
    closes = (after == delimiter) | (after == _QUOTE) | (after == _LINE_END) | (after == _RETURN)
    return opening[~opens], closing[~closes]


@cache
def _record_pattern(delimiter: bytes) -> "re.Pattern[bytes]":
    """Return the pattern of one sound record; a quotation mark within an unquoted field is a plain character."""
    mark = re.escape(delimiter)
    field = rb'(?:"(?:[^"]++|"")*+"|[^"\r\n' + mark + rb"][^\r\n" + mark + rb"]*+|)"
    return re.compile(field + rb"(?:" + mark + field + rb")*+\r?\n")


def _reason(record: bytes) -> str:
    """Say what is wrong with a damaged line."""
    if len(record) > MOST_RECORD_BYTES:
        return f"is longer than {MOST_RECORD_BYTES:,} bytes"
    if b'"' in record:
        return "has a quotation mark that is never closed, or closed within a field"
    return "has a carriage return that ends no line"


def _joined(first: Records, second: Records) -> Records:
    """Return two parts that follow each other as one."""
    return Records(
        first.data[: first.starts[-1]] + second.data,
        np.concatenate([first.starts, first.starts[-1] + second.starts[1:]]),
        np.concatenate([first.rows, second.rows]),
        np.concatenate([first.lines, second.lines]),
        first.broken + second.broken,
    )
