"""A source whose rows are checked against what is known before any of them lands: places, standards, repetitions.

It has the contract of a source, so that a trial and the real load run the same pipeline over the same rows.
"""

from collections.abc import Hashable, Iterator, Mapping
from functools import cached_property
from typing import Any

import httpx
import pandas as pd

from data.errors import InputRejected, PayloadRejected
from data.frames import check
from data.schema import Versioned
from data.schema.place import Place
from data.schema.standard import Standard
from data.store import Store
from etl.first_bytes import kind_of
from etl.kinds import Kind
from etl.owners import of_others
from etl.places import Places, folded
from etl.plain_words import Problem, problems_of
from etl.source import Ignored, Item, Payload, Reject, Rows, Window, Withdrawn
from etl.withdrawals import deletions, nothing

_BLANK = ',;\t" \r\n'
MOST_ROWS = 250_000
"""Rows that a door takes at once: each bad one is explained, cell by cell, in memory."""
_PLACE_NAMES = frozenset((
    "place", "placename", "point", "pointname", "site", "sitename", "borderpoint", "borderpointname", "crossing",
    "crossingname", "location", "locationname", "post", "postname", "lieu", "poste", "nomdulieu", "nomduposte", "lugar",
    "пункт", "назвапункту", "место", "المعبر", "اسمالمعبر", "الموقع",
))  # fmt: skip
"""How columns are called that say a place once more."""
_MOST_KEY_CHARACTERS = 200
"""Of a text that tells facts apart: those of a fact together fit into a row of the index (2,704 bytes)."""


class RowsRefused(InputRejected):
    """Some rows have problems and the sender did not choose to load the others; nothing landed."""

    def __init__(self, place: str, problems: list[Problem]) -> None:
        rows = len({problem.place for problem in problems})
        super().__init__(place, f"{rows} row{'s have' if rows != 1 else ' has'} problems; nothing was loaded")
        self.problems = problems


class CheckedSource:
    """One kind's source for one sending. After `parse` its ``problems`` and ``notes`` tell what was found."""

    def __init__(self, kind: Kind, store: Store, situation_id: str | None, *, is_strict: bool) -> None:
        """``is_strict`` raises `RowsRefused` before anything is handed on where any row has a problem."""
        self.kind, self.store, self.situation_id, self.is_strict = kind, store, situation_id, is_strict
        self.spec = kind.source.spec
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Refuse as the kind's source does."""
        return self.kind.source.fetch(client, window)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the rows that may land and, unless strict, the rejected ones; raises as the kind's source does."""
        _expect_form(payload)
        rejects, rows = self._read(payload)
        items: list[Item] = []
        others = self._other_names(payload)
        for table, frame, where in rows:
            good, faults = self._check(table, frame, where, others)
            for label, reason in faults.items():
                raw = frame.loc[label].drop("is_deleted").to_json(date_format="iso", force_ascii=False)
                rejects.append(Reject(table.__tablename__, str(where[label]), reason, raw))
            if len(good):
                items.append(Rows(table, good, where[good.index]))
        self._explain(payload, rejects)
        if self.is_strict and rejects:
            raise RowsRefused(payload.name, self.problems)
        yield from rejects
        yield from items

    def _read(self, payload: Payload) -> tuple[list[Reject], list[tuple[type[Versioned], pd.DataFrame, Any]]]:
        """Read the payload whole; rows of nothing but separators, as templates have them, are none."""
        rejects: list[Reject] = []
        parts: dict[type[Versioned], list[Rows | Withdrawn]] = {}
        rows = 0
        for item in self.kind.source.parse(payload):
            rows += len(item.frame) if isinstance(item, (Rows, Withdrawn)) else isinstance(item, Reject)
            if rows > MOST_ROWS:
                raise PayloadRejected(payload.name, f"has more than {MOST_ROWS:,} rows; send it in parts")
            if isinstance(item, Reject):
                if item.raw.strip(_BLANK):
                    rejects.append(item)
            elif isinstance(item, (Rows, Withdrawn)):
                parts.setdefault(item.table, []).append(item)
            elif isinstance(item, Ignored):
                self.notes.append(item.reason)
        whole = []
        for table, found in parts.items():
            frames = [part.frame.assign(is_deleted=isinstance(part, Withdrawn)) for part in found]
            frame = pd.concat(frames, ignore_index=True)
            where = pd.concat([pd.Series(part.locators) for part in found], ignore_index=True)
            whole.append((table, frame, where))
        return rejects, whole

    def _check(
        self, table: type[Versioned], frame: pd.DataFrame, where: Any, others: Mapping[str, str]
    ) -> tuple[pd.DataFrame, dict[Hashable, str]]:
        """Return the rows that may land, places by their ids, and why the others may not (``others`` by locator)."""
        faults: dict[Hashable, list[str]] = {
            label: [others[where[label]]] for label in frame.index if where[label] in others
        }
        if column := self.kind.place_column:
            frame = frame.assign(**{column: self._placed(column, frame[column], faults)})
        for label, told in self._unknown_standards(frame).items():
            faults.setdefault(label, []).append(f"standard_id names no planning standard ({told[:80]})")
        given, withdrawn = frame[~frame["is_deleted"]], frame[frame["is_deleted"]]
        self._both_ways(table, frame, where, faults)
        checked = check(given.drop(columns=["known_at", "is_deleted"], errors="ignore"), table)
        for label, reason in checked.reasons.items():
            faults.setdefault(label, []).append(reason)
        gone = deletions(self.store, table, withdrawn[~withdrawn.index.isin(list(faults))])
        faults |= {label: [nothing(self.kind.key)] for label in withdrawn.index.difference([*gone.index, *faults])}
        for label, whose in (of_others(self.store, table, checked.good) | of_others(self.store, table, gone)).items():
            faults.setdefault(label, []).append(self._kept_from(whose))
        for name in frame.columns.intersection(list(table.key)):
            for label in frame.index[frame[name].astype("str").str.len() > _MOST_KEY_CHARACTERS]:
                faults.setdefault(label, []).append(f"{name} is longer than {_MOST_KEY_CHARACTERS} characters")
        sound = pd.concat([part for part in (given, gone) if len(part)] or [given])
        sound = sound[~sound.index.isin(list(faults))]
        kept = self._once(table, sound, where, faults)
        return kept, {label: "; ".join(told) for label, told in faults.items()}

    def _unknown_standards(self, frame: pd.DataFrame) -> dict[Hashable, str]:
        """Return by label the planning standards that rows name and nobody knows."""
        if "standard_id" not in frame:
            return {}
        named = frame["standard_id"].dropna()
        return dict(named[~named.isin(self.store.read(Standard)["id"])].items())

    def _kept_from(self, whose: str) -> str:
        """Return why a row may not change the figure that it is about."""
        own = self.kind.own_column
        column = own or self.kind.place_column
        told = f"{column} is of a figure that others sent, and only they can change it: {whose}"
        return f"{told}; send yours under your own {own}" if own else told

    def _other_names(self, payload: Payload) -> dict[str, str]:
        """Return by locator the rows in which a column that is not read names another place than the one that is.

        Of lists sorted by one column alone, code and name no longer belong together.
        """
        found: dict[str, str] = {}
        column = self.kind.place_column
        if column is None or not self.notes:  # a table with such a column has a note on it
            return found
        for chunk in self.kind.chunks(payload, self.kind.form):
            if isinstance(chunk, Ignored):
                continue
            for name in (name for name in chunk.added if folded(name) in _PLACE_NAMES):
                for line, told, other in zip(chunk.lines, chunk.frame[column], chunk.frame[name], strict=True):
                    meant = self._places.find(other.strip())[0]
                    if meant and self._places.find(told.strip())[0] not in {meant, None}:
                        reason = f"{column} names another place than {name} ({other.strip()[:80]})"
                        found[f"{chunk.where} {line}"] = reason
        return found

    @cached_property
    def _places(self) -> Places:
        """Return the places that the table may name, as known when the first row asked."""
        return Places(self.store.read(Place), self.situation_id, self.kind.places)

    def _placed(self, column: str, told: "pd.Series[Any]", faults: dict[Hashable, list[str]]) -> "pd.Series[Any]":
        """Return the ids of the places that a column means; what means none stays, with its fault."""
        found = {text: self._places.find(text) for text in told.dropna().unique()}
        for label, text in told.dropna().items():
            if found[text][0] is None:
                faults.setdefault(label, []).append(f"{column} {found[text][1]} ({text[:80]})")
        return told.map({text: place or text for text, (place, _) in found.items()})

    def _once(
        self, table: type[Versioned], frame: pd.DataFrame, where: Any, faults: dict[Hashable, list[str]]
    ) -> pd.DataFrame:
        """Return each fact once: what is repeated word for word is dropped, what contradicts itself is a fault."""
        if frame.empty:
            return frame
        key = [*table.key, *frame.columns.intersection(["known_at"])]  # another publication is another fact
        repeated = frame.duplicated()
        first = frame.index.to_series().groupby([frame[column] for column in key], dropna=False).transform("first")
        for label in frame.index[repeated]:
            self.notes.append(f"{where[label]} repeats {where[first[label]]}: taken once")
        kept = frame[~repeated]
        twice = kept.duplicated(key, keep=False)
        self._tell_apart(kept[twice], key, where, faults, "the rest is not")
        return kept[~twice]

    def _both_ways(
        self, table: type[Versioned], frame: pd.DataFrame, where: Any, faults: dict[Hashable, list[str]]
    ) -> None:
        """Note the rows that are given and withdrawn in one table."""
        if frame["is_deleted"].any():
            key = list(table.key)
            told = frame.dropna(subset=key)
            mixed = told.groupby(key)["is_deleted"].transform("nunique") > 1
            self._tell_apart(told[mixed], key, where, faults, "and one of them is withdrawn")

    def _tell_apart(
        self, frame: pd.DataFrame, key: list[str], where: Any, faults: dict[Hashable, list[str]], what: str
    ) -> None:
        """Note of each of the rows that agree in ``key`` which the others are, and ``what`` is wrong with that."""
        for labels in frame.groupby(key, dropna=False).groups.values():
            rows = [str(where[label]) for label in labels]
            for label in labels:
                others = ", ".join(row for row in rows[:4] if row != str(where[label]))
                faults.setdefault(label, []).append(f"{self.kind.same} are those of {others} as well, {what}")

    def _explain(self, payload: Payload, rejects: list[Reject]) -> None:
        """Turn the rejects into problems by cell; the table is read again for what its cells said."""
        if not rejects:
            return
        said: dict[str, dict[str, str]] = {}
        for chunk in self.kind.chunks(payload, self.kind.form):
            if not isinstance(chunk, Ignored):
                records: list[dict[Any, str]] = chunk.frame.to_dict("records")
                said |= {f"{chunk.where} {line}": row for line, row in zip(chunk.lines, records, strict=True)}
        column = self.kind.place_column
        for reject in rejects:
            row, reason = said.get(reject.locator, {}), reject.reason
            if column and row and column not in reason:  # all there is to mend, at once
                told = row.get(column, "").strip()
                wrong = f"{self._places.find(told)[1]} ({told[:80]})" if told else "is missing"
                if not told or self._places.find(told)[0] is None:
                    reason = f"{column} {wrong}; {reason}"
            self.problems += problems_of(reject.locator, reason, row)
        self.problems.sort(key=lambda problem: _number(problem.place))


def _number(place: str) -> int:
    """Return the number in "row 12"."""
    digits = place.rpartition(" ")[2]
    return int(digits) if digits.isdigit() else 0


def _expect_form(payload: Payload) -> None:
    """Raise PayloadRejected when a file is another thing than its name says, as a file made to deceive is."""
    with payload.open() as stream:
        head = stream.read(512)
    suffix = payload.name.lower().rpartition(".")[2]
    is_zip = head.startswith(b"PK")
    if suffix == "xlsx" and not is_zip:
        raise PayloadRejected(payload.name, f"is called .xlsx but is {kind_of(head) or 'no spreadsheet'}")
    if suffix == "csv" and (is_zip or head.lstrip().startswith((b"[", b"{"))):
        raise PayloadRejected(payload.name, "is called .csv but is no text table")
    if suffix == "json" and not head.lstrip().startswith(b"["):
        raise PayloadRejected(payload.name, "is no JSON list of records")
    if suffix not in {"xlsx", "csv", "json"}:
        raise PayloadRejected(payload.name, "is neither .csv nor .xlsx")
