"""Fetch the past of a source slice by slice, newest first, each slice a job of the queue.

The queue remembers which slices are done: an interrupted backfill goes on where it stopped, on this machine or with the
help of other workers. A slice that failed is tried again by the next call.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from procrastinate import App
from sqlalchemy import Engine, text

from data.errors import InputRejected
from data.store import Store, reported
from etl import pipeline
from etl.archive import Archive
from etl.jobs import BACKFILL, SCHEMA
from etl.registry import source
from etl.source import Window

POLL_SECONDS = 0.3
Slice = tuple[str, str]


def slices(first: date, last: date, days: int) -> list[Slice]:
    """Return the slices from ``first`` to ``last`` (both included) as ISO dates, the newest first; the end is excluded.

    Slices are counted from a fixed day, so that two calls that overlap share theirs.

    >>> slices(date(2026, 1, 1), date(2026, 1, 3), 2)
    [('2026-01-02', '2026-01-04'), ('2026-01-01', '2026-01-02')]
    """
    if last < first:
        raise InputRejected("--to", f"{last} is before {first}")
    found, start, end = [], first, last + timedelta(days=1)
    while start < end:
        until = min(date.fromordinal((start.toordinal() // days + 1) * days), end)
        found.append((start.isoformat(), until.isoformat()))
        start = until
    return found[::-1]


def fetch_slice(store: Store, archive: Archive, source_id: str, start: str, end: str) -> dict[str, int]:
    """Fetch and load one slice; errors pass through, so that its job counts as failed."""
    span = Window(_midnight(start), _midnight(end))
    return pipeline.run(store, archive, source(source_id), span, live=False)


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def states(engine: Engine, source_id: str) -> dict[Slice, str]:
    """Return the state in the queue of each slice of a source that was ever put there, the latest attempt's."""
    query = text(
        f"SELECT args ->> 'start' AS start, args ->> 'end' AS end, status::text FROM {SCHEMA}.procrastinate_jobs"
        " WHERE queue_name = :queue AND args ->> 'source_id' = :id ORDER BY id"
    )
    with reported(), engine.connect() as connection:
        rows = connection.execute(query, {"queue": BACKFILL, "id": source_id})
        return {(row.start, row.end): row.status for row in rows}


async def put(app: App, engine: Engine, source_id: str, wanted: list[Slice]) -> list[Slice]:
    """Put the slices that are neither done nor waiting into the queue; return all that are still to come."""
    held = await asyncio.to_thread(states, engine, source_id)
    for slice_ in wanted:
        if held.get(slice_) not in {"succeeded", "todo", "doing"}:
            job = app.configure_task(f"sources:{BACKFILL}", lock=source_id, queue=BACKFILL)
            await job.defer_async(source_id=source_id, start=slice_[0], end=slice_[1])
    return [slice_ for slice_ in wanted if held.get(slice_) != "succeeded"]


async def follow(engine: Engine, source_id: str, wanted: list[Slice], tell: Callable[[int], object]) -> int:
    """Tell how many slices are done until all are; return how many of them failed."""
    while True:
        held = await asyncio.to_thread(states, engine, source_id)
        ended = [held[s] for s in wanted if held.get(s) not in {None, "todo", "doing"}]
        tell(len(ended))
        if len(ended) == len(wanted):
            return sum(status != "succeeded" for status in ended)
        await asyncio.sleep(POLL_SECONDS)
