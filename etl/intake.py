"""The one way in for what border posts send, whichever door it comes through: look first, then load all or nothing.

A table with a row that has a problem loads nothing, unless the sender chooses to load its good rows: then the others
go to quarantine. The choice is never made for them.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from data.access import OPERATIONAL
from data.errors import ExpectationBroken, InputRejected, PayloadRejected, WaypostError
from data.rehearsal import Rehearsal
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from data.store import Store
from etl import datasets, pipeline
from etl.archive import Archive, sha256_of
from etl.checked import CheckedSource, RowsRefused
from etl.kinds import KINDS, Kind
from etl.plain_words import Problem, of_file
from etl.source import Payload

MOST_BYTES = 10_000_000
"""The largest table a door takes: about 100,000 rows."""
_NAME_CHARACTERS = 120
NO_SITUATION = "-"
"""Stands for the situation in names and addresses where none is chosen."""
_ANEW = pipeline.Setting()
"""With a setting a table is always read: the same bytes mean other facts in another kind or situation."""


@dataclass(frozen=True)
class Sending:
    """What somebody sent: a kind (`etl.kinds`), the file, the situation its places belong to, and the data set.

    ``situation_id`` missing: places are named by full ids. ``dataset_id`` missing: sent without an agreement.
    """

    kind: str
    payload: Payload
    situation_id: str | None = None
    dataset_id: str | None = None


@dataclass(frozen=True)
class Preview:
    """What a load would do. ``refusal`` says why the file as a whole cannot be read, empty where it can.

    ``counts`` are those of a run; ``changes`` rows as `data.rehearsal.Rehearsal` gives them; ``span`` the first and
    last day of what would change. Nothing is corrected for the sender.
    """

    sha256: str
    refusal: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    span: tuple[date, date] | None = None

    @property
    def good_rows(self) -> int:
        """Return how many rows could be loaded."""
        return sum(self.counts.get(name, 0) for name in ("new", "revised", "deleted", "unchanged"))


@dataclass(frozen=True)
class Loaded:
    """What a load did: the counts of its run, what was left out (only by choice), what was noted."""

    counts: dict[str, int]
    problems: list[Problem]
    notes: list[str]

    def told(self) -> str:
        """Return what became of the rows in words.

        >>> Loaded({"read": 3, "new": 2, "revised": 0, "deleted": 1}, [], []).told()
        '2 new, 1 withdrawn'
        """
        words = {name: name for name in self.counts if name != "read"} | {"deleted": "withdrawn"}
        told = [f"{self.counts[name]:,} {word}" for name, word in words.items() if self.counts.get(name)]
        return ", ".join(told) or "nothing new"


class Intake:
    """The doors' validator and loader over one database."""

    def __init__(self, store: Store, archive: Archive) -> None:
        """Use the store's database; what is sent is judged with all that is known, whoever the store is for."""
        self.engine, self.archive = store.engine, archive

    def preview(self, sending: Sending) -> Preview:
        """Return what a load would do; nothing is loaded, recorded or kept.

        A table that cannot be read is a preview with a refusal; only a database that fails is an error.
        """
        digest = sha256_of(sending.payload)
        checked: CheckedSource | None = None
        try:
            kind = self._kind(sending)
            rehearsal = Rehearsal(self.engine, OPERATIONAL, sending.dataset_id)
            checked = CheckedSource(kind, rehearsal, sending.situation_id, is_strict=False)
            counts = pipeline.load(rehearsal, _Nowhere(self.archive.folder), checked, [_named(sending)], _ANEW)
        except WaypostError as error:
            if error.http_status >= 500:
                raise
            problems = checked.problems if checked is not None else []
            refusal = "no row can be loaded" if problems else refusal_of(error)
            return Preview(digest, refusal, {}, problems, checked.notes if checked is not None else [])
        table = kind.source.spec.tables[0]
        changes = rehearsal.changes.get(table.__tablename__, pd.DataFrame())
        span = _span(changes[str(table.content_time)]) if len(changes) else None
        return Preview(digest, "", counts, checked.problems, checked.notes, changes, span)

    def load(self, sending: Sending, *, accept_good_rows: bool = False, is_repeatable: bool = False) -> Loaded:
        """Load a table, all of it or nothing; with ``accept_good_rows`` rows with problems go to quarantine instead.

        ``is_repeatable`` says that the payload's name names this one sending: where a run under this name and content
        has landed, it is not loaded again (which could undo a later correction), and its counts are returned.
        Raises RowsRefused (with the problems) or another WaypostError; nothing has landed then.
        """
        kind = self._kind(sending)
        if is_repeatable and (landed := self._landed(kind, sending)) is not None:
            return Loaded(landed, [], ["was loaded before"])
        dataset_id = datasets.required(Store(self.engine), sending.dataset_id)
        store = Store(self.engine, OPERATIONAL, dataset_id)
        checked = CheckedSource(kind, store, sending.situation_id, is_strict=not accept_good_rows)
        counts = pipeline.load(store, self.archive, checked, [_named(sending)], _ANEW)
        return Loaded(counts, checked.problems, checked.notes)

    def _landed(self, kind: Kind, sending: Sending) -> dict[str, int] | None:
        """Return the counts of the run that loaded exactly this sending, None where there is none."""
        payload = _named(sending)
        wanted: dict[str, Any] = {"payload_name": payload.name, "payload_sha256": sha256_of(payload)}
        wanted["status"] = ["ok", "unchanged"]
        runs = Store(self.engine).read(SourceRun, source_id=kind.source.spec.id, **wanted)
        if runs.empty:
            return None
        row = runs.sort_values("id").iloc[-1]
        return {name.removeprefix("rows_"): int(row[name]) for name in runs.columns if name.startswith("rows_")}

    def _kind(self, sending: Sending) -> Kind:
        """Return the kind after what can be refused without reading: size, kind, situation, data set."""
        if sending.kind not in KINDS:
            raise InputRejected(sending.kind[:80], f"is no kind of table; known are {', '.join(KINDS)}")
        content = sending.payload.content
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if size > MOST_BYTES:
            raise PayloadRejected(sending.payload.name, f"has {size:,} bytes, more than {MOST_BYTES:,}")
        store = Store(self.engine)
        if (told := sending.situation_id) is not None and told not in set(store.read(Situation)["id"]):
            raise InputRejected(f"the situation {told[:80]!r}", "is not known")
        if sending.dataset_id is not None:
            datasets.required(store, sending.dataset_id)
        return KINDS[sending.kind]


class _Nowhere(Archive):
    """An archive that keeps nothing: a preview leaves no copy."""

    def keep(self, payload: Payload) -> str:
        """Return the payload's hash."""
        return sha256_of(payload)


def file_name(told: str) -> str:
    r"""Return a file's name as it may be kept and shown: no folders, no control characters, of bounded length.

    >>> file_name("../../etc/pass\x00wd.csv")
    'passwd.csv'
    """
    plain = re.split(r"[\\/]", unicodedata.normalize("NFC", told))[-1]
    plain = "".join(c for c in plain if unicodedata.category(c)[0] != "C").strip()
    return plain[-_NAME_CHARACTERS:] or "unnamed"


def _named(sending: Sending) -> Payload:
    """Return the payload under a harmless name that says how it is read: its kind, its situation, then its own name."""
    own = [file_name(part) for part in sending.payload.name.split("/")[-4:]]
    told = [sending.kind, sending.situation_id or NO_SITUATION, *own]
    return Payload("/".join(told), sending.payload.content, sending.payload.content_type)


def sent_as(recorded_name: str) -> tuple[Kind, str | None] | None:
    """Return kind and situation of what came through a door, by the name its run has; None for any other name."""
    kind, _, rest = recorded_name.partition("/")
    situation_id, _, own = rest.partition("/")
    if kind not in KINDS or not own:
        return None
    return KINDS[kind], None if situation_id == NO_SITUATION else situation_id


def refusal_of(error: WaypostError) -> str:
    """Return why a table as a whole is refused, in the words of every door, and what to do about it."""
    if isinstance(error, ExpectationBroken):
        return "it has no rows below its column names" if error.value < error.bound else str(error)
    if isinstance(error, RowsRefused):
        return error.reason
    if isinstance(error, PayloadRejected):
        return of_file(error.reason)
    return f"{error.place} {error.reason}" if isinstance(error, InputRejected) else str(error)


def _span(times: "pd.Series[Any]") -> tuple[date, date]:
    """Return the first and last day that changed rows are about."""
    days: Any = pd.to_datetime(times, utc=True)
    return days.min().date(), days.max().date()
