"""The worker: takes jobs from the queue until it is told to stop. As many as wanted may run, on any machines.

Once a minute one of the workers plans: it puts a job into the queue for each source that is due. A job that was left
behind by a worker that died is given up, and its source is due again by the record of runs.
"""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from procrastinate import App, Blueprint, JobContext
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, JobAborted
from procrastinate.jobs import Status

from data.errors import DatabaseUnavailable, WaypostError
from data.store import Store
from etl import match, schedule
from etl.archive import Archive
from etl.backfill import fetch_slice
from etl.jobs import BACKFILL, LOOKS, RETRY, application, prepare
from etl.registry import source
from etl.retry import retry
from etl.source import Source
from etl.stops import tell_stops

CONCURRENCY = 2
KEPT_HOURS = 24
STALLED_SECONDS = 60
RECONNECT_SECONDS = 5
STOP_SECONDS = 5
log = logging.getLogger("waypost.worker")


@dataclass(frozen=True)
class Bench:
    """What the jobs work with: where to store, what is scheduled, and when this worker began."""

    store: Store
    archive: Archive
    chosen: dict[str, Source]
    started_at: datetime


async def plan(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the minute, given by the queue
    """Put every source that is due into the queue, clear away what dead workers left, and tell which feeds stopped."""
    bench: Bench = context.additional_context["bench"]
    await give_up_stalled(context.app)
    for queue in (LOOKS, RETRY):
        await context.app.job_manager.delete_old_jobs(
            KEPT_HOURS, queue=queue, include_failed=True, include_aborted=True
        )
    await put_due(context.app, bench, datetime.now(UTC))
    await asyncio.to_thread(tell_stops, bench.store, bench.chosen.values(), datetime.now(UTC))


async def give_up_stalled(app: App) -> None:
    """Take the jobs of workers that died out of the way; what was to be done is due again or can be asked for."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)


async def put_due(app: App, bench: Bench, now: datetime) -> list[str]:
    """Put a job into the queue for each source that is due and has none waiting; return their ids."""
    queued = []
    for source_id in await asyncio.to_thread(schedule.due, bench.store, bench.chosen.values(), now, bench.started_at):
        job = app.configure_task("sources:look", lock=source_id, queueing_lock=source_id, queue=LOOKS)
        try:
            await job.defer_async(source_id=source_id)
            queued.append(source_id)
        except AlreadyEnqueued:
            log.debug("%s waits already", source_id)
    return queued


async def look(context: JobContext, source_id: str) -> None:
    """Look at a source, unless another worker has done so since the job was put, and match new names of areas."""
    bench: Bench = context.additional_context["bench"]
    now, chosen = datetime.now(UTC), source(source_id)
    if await asyncio.to_thread(schedule.due, bench.store, [chosen], now, bench.started_at):
        counts = await asyncio.to_thread(schedule.look, bench.store, bench.archive, chosen, now)
        if counts and counts["new"] + counts["revised"] and set(chosen.spec.tables) & set(match.TABLES):
            await asyncio.to_thread(match.run, bench.store)


async def backfill(context: JobContext, source_id: str, start: str, end: str) -> None:
    """Fetch one slice of a source's past; a failure leaves the job as failed, to be tried again."""
    bench: Bench = context.additional_context["bench"]
    try:
        await asyncio.to_thread(fetch_slice, bench.store, bench.archive, source_id, start, end)
    except (WaypostError, httpx.HTTPError) as error:
        raise JobAborted from error  # its run says why; only a fault of our own deserves a traceback


async def try_again(context: JobContext, run_id: int) -> None:
    """Land what a run rejected and fits by now; asked twice, the second finds nothing to do."""
    bench: Bench = context.additional_context["bench"]
    with suppress(WaypostError):  # the run that failed is recorded
        await asyncio.to_thread(retry, bench.store, bench.archive, run_id)


def jobs() -> Blueprint:
    """Return the tasks that a worker knows, to be put under the name "sources"."""
    blueprint = Blueprint()
    planned: Any = blueprint.task(name="plan", queue=LOOKS, queueing_lock="plan", pass_context=True, priority=9)(plan)
    blueprint.periodic(cron="* * * * *")(planned)
    blueprint.task(name="look", queue=LOOKS, pass_context=True, priority=5)(look)
    blueprint.task(name=RETRY, queue=RETRY, pass_context=True, priority=7)(try_again)
    blueprint.task(name=BACKFILL, queue=BACKFILL, pass_context=True)(backfill)
    return blueprint


def worker_application(store: Store) -> App:
    """Return the application with the tasks on a prepared queue."""
    prepare(store.engine)
    app = application(store.engine.url)
    app.add_tasks_from(jobs(), namespace="sources")
    return app


def work(store: Store, archive: Archive, chosen: dict[str, Source], concurrency: int = CONCURRENCY) -> None:
    """Take jobs until SIGTERM or SIGINT; a database that goes away is waited for."""
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    bench = Bench(store, archive, chosen, datetime.now(UTC))
    while True:
        try:
            asyncio.run(_work(bench, concurrency))
        except (ConnectorException, DatabaseUnavailable) as error:
            log.warning("the queue does not answer (%s); next attempt in %s s", error, RECONNECT_SECONDS)
            time.sleep(RECONNECT_SECONDS)
        else:
            return


async def _work(bench: Bench, concurrency: int) -> None:
    """Open the queue, put what is due at once, and take jobs."""
    app = await asyncio.to_thread(worker_application, bench.store)
    async with app.open_async():
        await give_up_stalled(app)
        await put_due(app, bench, datetime.now(UTC))
        await app.run_worker_async(
            queues=[LOOKS, RETRY, BACKFILL],
            concurrency=concurrency,
            shutdown_graceful_timeout=STOP_SECONDS,
            delete_jobs="never",
            additional_context={"bench": bench},
        )
