"""Try the quarantined rows of an earlier run again: parse its archived payload anew, land what fits by now.

A payload of the past must not undo what came after it: facts that a later run changed or deleted stay as they are, and
what the payload claims to be the whole of is not believed any more. What is rejected again stands in quarantine under
the new run; the rows of the old run are taken out when the new one has landed.

The payload is read as it was then: what came through a door as its kind and within its situation, what a situation
folder brought with its assumed delay of knowledge. The name under which the record of runs has it tells which.
"""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
from procrastinate.exceptions import AlreadyEnqueued

from data.errors import InputRejected
from data.schema import Versioned
from data.schema.quarantine import Quarantine
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from data.store import Store
from etl import pipeline
from etl.archive import Archive
from etl.checked import CheckedSource
from etl.intake import sent_as
from etl.jobs import RETRY, application, prepare
from etl.registry import source
from etl.situation import lag_of
from etl.source import Item, Keeps, Payload, Replaces, Rows, Source, Window
from etl.sources.situation import OTHER_TABLES


def can_retry(archive: Archive, payload_sha256: str) -> bool:
    """Tell whether everything that a run read is kept; a run that failed as a whole keeps nothing."""
    return all(sha256 and archive.path(sha256).is_file() for sha256 in payload_sha256.split(", "))


def put_retry(store: Store, archive: Archive, run_id: int) -> None:
    """Put the retry of a run into the queue, for a worker; asked twice it is there once.

    Raises `InputRejected` as `retry` does.
    """
    run = _run(store, archive, run_id)
    prepare(store.engine)
    with application(store.engine.url).open() as app:
        lock = f"retry {run_id}"
        job = app.configure_task(f"sources:{RETRY}", lock=str(run["source_id"]), queueing_lock=lock, queue=RETRY)
        with suppress(AlreadyEnqueued):
            job.defer(run_id=run_id)


def _run(store: Store, archive: Archive, run_id: int) -> "pd.Series[Any]":
    """Return a run that can be tried again."""
    runs = store.read(SourceRun, id=run_id)
    if runs.empty or store.read(Quarantine, run_id=run_id).empty:
        raise InputRejected(f"run {run_id}", "has nothing in quarantine")
    if not can_retry(archive, str(runs.iloc[0]["payload_sha256"])):
        raise InputRejected(f"run {run_id}", "has no payload in the archive; look at the source again")
    return runs.iloc[0]


def retry(store: Store, archive: Archive, run_id: int) -> dict[str, int]:
    """Load what a run rejected and fits by now; return the row counts of the new run.

    Raises `InputRejected` when there is no such run, it has nothing in quarantine or its payload is not kept (a run
    that failed as a whole keeps none: look at the source again instead), and whatever the load raises.
    """
    run = _run(store, archive, run_id)
    hashes = str(run["payload_sha256"]).split(", ")
    names = _names(str(run["payload_name"]), len(hashes))
    dataset_id = None if pd.isna(run["dataset_id"]) else str(run["dataset_id"])
    target = Store(store.engine, store.audience, dataset_id)
    source, setting = _as_then(target, str(run["source_id"]), names[0])
    again = _Again(store, source, run_id, setting.situation_id)
    with tempfile.TemporaryDirectory() as folder:
        payloads = [Payload(name, Path(folder) / sha256) for name, sha256 in zip(names, hashes, strict=True)]
        for sha256 in hashes:
            archive.restore(sha256, Path(folder) / sha256)
        counts = pipeline.load(target, archive, again, payloads, setting)  # with a setting it is parsed, never passed
    store.remove(Quarantine, run_id=run_id)
    return counts


def _names(joined: str, wanted: int) -> list[str]:
    """Take the names of payloads apart; a name may hold the comma that parts them: then only the first is sure."""
    names = joined.split(", ")
    return names if len(names) == wanted else [joined] + [f"payload {n}" for n in range(2, wanted + 1)]


def _as_then(store: Store, source_id: str, name: str) -> tuple[Source, pipeline.Setting]:
    """Return the source and the setting with which a payload was read, by its recorded name."""
    if sent := sent_as(name):
        kind, situation_id = sent
        return CheckedSource(kind, store, situation_id, is_strict=False), pipeline.Setting()
    situation_id, _, own = name.removesuffix(".zip").partition("/")
    if source_id == "situation":
        return source(source_id), pipeline.Setting(situation_id)
    known = store.read(Situation, id=situation_id)
    if known.empty:
        return source(source_id), pipeline.Setting()
    is_of_folder = OTHER_TABLES.get(own.removesuffix(".csv")) == source_id
    lag = lag_of(source_id, known.iloc[0]) if is_of_folder else None
    return source(source_id), pipeline.Setting(situation_id, lag)


class _Again:
    """A source whose payload is an old one: it adds, and changes nothing that is newer than ``run_id``."""

    def __init__(self, store: Store, source: Source, run_id: int, situation_id: str | None) -> None:
        self.spec, self.source, self.run_id, self.situation_id = source.spec, source, run_id, situation_id
        self.gone = {table: _gone(store, table, run_id) for table in source.spec.tables}

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Fetch nothing: the payload is there."""
        return self.source.fetch(client, window)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield what the source yields, without what would touch newer facts."""
        for table in self.spec.tables:
            yield Keeps(table, "t.run_id >= :retried_run", {"retried_run": self.run_id})
        for item in self.source.parse(payload):
            if isinstance(item, Replaces):
                continue
            yield self._without_gone(item) if isinstance(item, Rows) else item

    def _without_gone(self, item: Rows) -> Rows:
        """Leave out rows of facts that were deleted since."""
        gone = self.gone.get(item.table, frozenset())
        if not gone:
            return item
        frame = pipeline.qualify(item.frame, item.table, self.situation_id)
        stays = [key not in gone for key in _keys(frame, item.table)]
        locators = None if item.locators is None else item.locators[stays]
        return Rows(item.table, frame[stays], locators)


def _gone(store: Store, table: type[Versioned], run_id: int) -> frozenset[tuple[str, ...]]:
    """Return the keys of the facts that this or a later run deleted."""
    deleted = store.history(table, is_deleted=True)
    return frozenset(_keys(deleted[deleted["known_to"].isna() & (deleted["run_id"] >= run_id)], table))


def _keys(frame: pd.DataFrame, table: type[Versioned]) -> Iterator[tuple[str, ...]]:
    """Yield the key of each row as text; dates without a time of day."""
    columns = [frame[name].astype("str").str.removesuffix(" 00:00:00") for name in table.key]
    return zip(*columns, strict=True)
