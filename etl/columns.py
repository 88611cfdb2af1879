"""Turn the text of a chunk into values column by column, and keep what is wrong with each row."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from data.schema import Versioned
from etl.delimited import Chunk
from etl.grid import WITHDRAWN
from etl.numbers import GROUPED_OR_NOT, Read, to_date, to_number, to_whole_number
from etl.source import Reject, Rows

_SHOWN_CHARACTERS = 80
_MOST_CODES_SHOWN = 10
_YES, _NO = ("yes", "true"), ("no", "false", "")
"""What people write, and what JSON and spreadsheet programs have for it."""


class Columns:
    """Values of one chunk, each a Series on the chunk's index; a row with any fault is rejected whole."""

    def __init__(self, chunk: Chunk, where: str = "line") -> None:
        """Take a chunk; ``where`` is the word for a row's place in its payload. Cells in doubt are faults at once."""
        self.chunk, self.where = chunk, where
        self.faults: dict[Any, list[str]] = {}
        for row, name, what in chunk.doubts:
            self._note(row, name, what)

    def text(self, name: str, default: str | None = None) -> "pd.Series[str]":
        """Return a column without spaces around its texts, ``default`` where it is empty or absent."""
        plain: pd.Series[str] = self._raw(name).str.strip()
        return plain.where(plain != "", default)

    def number(self, name: str, *, needed: bool = False, is_typed: bool = False) -> "pd.Series[float]":
        """Return a column of numbers; missing where empty or absent, which is a fault where it is ``needed``.

        ``is_typed`` says that people write them: then 1.234 may be 1234, and is a fault. A JSON number is never that.
        """
        raw = self._raw(name)
        if is_typed and self.where != "record":
            self.fault(raw.str.strip().str.fullmatch(GROUPED_OR_NOT), name, "is a number that can be read in two ways")
        return self._noted(name, to_number(raw), "is no plain number", needed=needed)

    def whole_number(self, name: str, *, least: int = 0, needed: bool = False) -> "pd.Series[int]":
        """Return a column of counts; missing where empty or absent."""
        read = to_whole_number(self._raw(name), least=least)
        return self._noted(name, read, f"is no plain whole number of {least} or more", needed=needed)

    def date(
        self, name: str, *forms: str, now: datetime | None = None, needed: bool = False
    ) -> "pd.Series[pd.Timestamp]":
        """Return a column of dates in the declared forms; missing where empty or absent."""
        read = to_date(self._raw(name), *forms, now=now)
        form = min(forms or ("%Y-%m-%d",), key=len).replace("%Y", "YYYY").replace("%m", "MM").replace("%d", "DD")
        return self._noted(name, read, f"is no date like {form}, or an impossible one", needed=needed)

    def code(self, name: str, codes: Mapping[str, str], *, is_number: bool = False) -> "pd.Series[str]":
        """Return what the codes of a column stand for; an unknown or empty one is a fault.

        ``is_number`` says that codes are numbers, which some exports write as 1.0 for 1.
        """
        found = self.meaning(name, codes, is_number=is_number)
        known = ", ".join(codes) if len(codes) <= _MOST_CODES_SHOWN else f"the {len(codes)} codes known here"
        self.fault(found.isna(), name, f"is none of {known}")
        return found

    def meaning(self, name: str, codes: Mapping[str, str], *, is_number: bool = False) -> "pd.Series[str]":
        """Return what the codes of a column stand for, missing for any other text."""
        places, distinct = pd.factorize(self._raw(name))
        plain = [text.strip().removesuffix(".0") if is_number else text.strip() for text in distinct]
        meanings = pd.array([codes.get(text) for text in plain], dtype="str")
        return pd.Series(meanings.take(places, allow_fill=True), index=self.chunk.frame.index)

    @cached_property
    def withdrawn(self) -> "pd.Series[bool]":
        """Tell which rows take back what was sent; any other word than yes and no is a fault."""
        told = self._raw(WITHDRAWN).str.strip().str.casefold()
        self.fault(~told.isin([*_YES, *_NO]), WITHDRAWN, "breaks the rule withdrawn in ('yes', 'no')")
        return told.isin(_YES)

    def forgive(self, rows: "pd.Series[bool]", but: Collection[str]) -> None:
        """Forget what is wrong with cells of some rows, except in some columns: the others are not read."""
        for row in rows.index[rows].intersection(list(self.faults)):
            told = [fault for fault in self.faults.pop(row) if fault.split(" ", 1)[0] in but]
            if told:
                self.faults[row] = told

    def _raw(self, name: str) -> "pd.Series[str]":
        """Return a column as it stands, empty where it is absent."""
        frame = self.chunk.frame
        return frame[name] if name in frame else pd.Series("", index=frame.index, dtype="str")

    def _noted(self, name: str, read: Read, what: str, *, needed: bool) -> "pd.Series[Any]":
        """Return the values read, after noting the rows without one."""
        values, unread = read
        self.fault(unread, name, what)
        if needed:
            self.fault(values.isna() & ~unread, name, "is missing")
        return values

    def fault(self, bad: "pd.Series[bool]", name: str, what: str) -> None:
        """Note what is wrong with the bad rows."""
        if not bad.any():
            return
        for row in bad.index[bad]:
            self._note(row, name, what)

    def _note(self, row: Any, name: str, what: str) -> None:
        """Note what is wrong with a cell, with what it says."""
        told = str(self._raw(name)[row]).strip()
        shown = f" ({told[:_SHOWN_CHARACTERS]})" if told else ""
        self.faults.setdefault(row, []).append(f"{name} {what}{shown}")

    def good(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows without a fault."""
        return frame if not self.faults else frame[~frame.index.isin(list(self.faults))]

    def locators(self) -> "pd.Series[str]":
        """Return where each row stands."""
        return f"{self.where} " + self.chunk.lines.astype("str")

    def items(self, table: type[Versioned], frame: pd.DataFrame) -> Iterator[Reject | Rows]:
        """Yield what is wrong with the chunk, and then the sound rows of ``frame`` as rows of a table, if any."""
        yield from self.rejects(table.__tablename__)
        sound = self.good(frame)
        if len(sound):
            yield Rows(table, sound, self.locators()[sound.index])

    def rejects(self, table_name: str) -> Iterator[Reject]:
        """Yield the broken rows and those with a fault."""
        for item in self.chunk.broken:
            yield Reject(table_name, f"{self.where} {item.line}", item.reason, item.text)
        for row, told in sorted(self.faults.items()):
            yield Reject(
                table_name, f"{self.where} {self.chunk.lines[row]}", "; ".join(told), self.chunk.text(int(row))
            )
