"""What the commands of ``python -m etl`` do. Each prints its outcome and returns the exit code."""

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
from tqdm import tqdm

from data.errors import InputRejected, WaypostError
from data.freshness import WORDS, Looks
from data.looks import looks
from data.schema.quarantine import Quarantine
from data.store import Store
from etl import backfill as past
from etl import pipeline, schedule
from etl.archive import Archive
from etl.jobs import BACKFILL
from etl.registry import source, sources
from etl.situation import load as load_situation
from etl.source import Payload, Source, Window
from etl.worker import Bench, give_up_stalled, work, worker_application

PARENT_CHECK_SECONDS = 2.0
LONGEST_LAG_DAYS = 3660


def sources_listed() -> str:
    """List the sources."""
    return "\n".join(
        f"{s.spec.id:<16} {s.spec.title} ({s.spec.publisher}; {s.spec.licence})"
        + (f"\n{'':<16} needs {s.spec.key_setting}: {s.spec.key_help}" if s.spec.key_setting else "")
        for s in sources().values()
    )


def run(store: Store, archive: Archive, options: argparse.Namespace) -> int:
    """Look at sources now, one failing does not stop the others; or load one source from files."""
    if options.files:
        if len(options.sources) != 1:
            raise InputRejected("--from", f"needs one source, {len(options.sources)} were named")
        return _run_files(store, archive, source(options.sources[0]), options.files, _setting(options))
    chosen = {i: source(i) for i in options.sources} if options.sources else schedule.enabled(options.enabled)
    failed = 0
    for source_id, one in tqdm(chosen.items(), unit=" sources", disable=len(chosen) < 2):
        try:
            now = datetime.now(UTC)
            span = schedule.window(one.spec, looks(store, [source_id])[source_id], now)
            if options.days is not None:
                span = Window(now - timedelta(days=options.days), now)
            tqdm.write(counted(source_id, pipeline.run(store, archive, one, span)))
        except (WaypostError, httpx.HTTPError) as error:
            failed = error.exit_code if isinstance(error, WaypostError) else os.EX_UNAVAILABLE
            tqdm.write(f"{source_id}: {pipeline.said(one, error)}", file=sys.stderr)
    return failed


def _setting(options: argparse.Namespace) -> pipeline.Setting | None:
    """Return how local files are read; None when nothing was said about it."""
    if options.lag_days is None:
        return pipeline.Setting(options.situation) if options.situation else None
    if not 0 <= options.lag_days <= LONGEST_LAG_DAYS:
        raise InputRejected("--lag-days", f"is {options.lag_days}, not between 0 and {LONGEST_LAG_DAYS} days")
    return pipeline.Setting(options.situation, timedelta(days=options.lag_days))


def _run_files(store: Store, archive: Archive, one: Source, files: list[Path], setting: pipeline.Setting | None) -> int:
    """Load a source from local files."""
    if missing := [str(f) for f in files if not f.is_file()]:
        raise InputRejected(", ".join(missing), "is no file")
    situation_id = setting.situation_id if setting else None
    folder = f"{situation_id}/files/" if situation_id else ""  # by which a retry knows the situation
    payloads = [Payload(f"{folder}{f.name}", f) for f in files]
    print(counted(one.spec.id, pipeline.load(store, archive, one, payloads, setting)))
    return 0


def backfill(store: Store, archive: Archive, options: argparse.Namespace) -> int:
    """Fetch a span of the past in slices and show the progress; what is done already is not fetched again."""
    source_id = source(options.source).spec.id
    if options.slice_days < 1:
        raise InputRejected("--slice-days", f"is {options.slice_days}, a slice has at least one day")
    wanted = past.slices(options.first, options.last, options.slice_days)
    return asyncio.run(_backfill(store, archive, source_id, wanted, here=not options.later))


async def _backfill(store: Store, archive: Archive, source_id: str, wanted: list[past.Slice], *, here: bool) -> int:
    """Put the slices into the queue and, unless others shall, work them off."""
    app = await asyncio.to_thread(worker_application, store)
    async with app.open_async():
        await give_up_stalled(app)
        open_ = await past.put(app, store.engine, source_id, wanted)
        if not here:
            print(f"{source_id}: {len(open_)} of {len(wanted)} slices wait for a worker")
            return 0
        bench = {"bench": Bench(store, archive, {}, datetime.now(UTC))}
        taking = app.run_worker_async(queues=[BACKFILL], concurrency=1, wait=True, additional_context=bench)
        worker = asyncio.create_task(taking)
        with tqdm(total=len(wanted), desc=source_id, unit=" slices") as bar:
            following = past.follow(store.engine, source_id, wanted, lambda done: bar.update(done - bar.n))
            follow = asyncio.create_task(following)
            await asyncio.wait({worker, follow}, return_when=asyncio.FIRST_COMPLETED)
        interrupted = not follow.done()
        follow.cancel() if interrupted else worker.cancel()
        await asyncio.wait({worker, follow})
    if interrupted:
        return 130
    failed = follow.result()
    print(f"{source_id}: {len(wanted) - failed} of {len(wanted)} slices are in the database")
    if failed:
        print(f"{failed} slices failed; the same command tries them again", file=sys.stderr)
    return os.EX_TEMPFAIL if failed else 0


def worker(store: Store, archive: Archive, options: argparse.Namespace) -> int:
    """Take jobs until stopped."""
    if options.with_parent:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    work(store, archive, schedule.enabled(options.enabled), options.concurrency)
    return 0


def _end_with(parent: int) -> None:
    """Stop this process when its parent is gone, however that came about."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def situation(store: Store, archive: Archive, options: argparse.Namespace) -> int:
    """Load a situation folder."""
    for source_id, counts in load_situation(store, archive, options.folder).items():
        print(counted(source_id, counts))
    return 0


def status(store: Store, _: Archive, options: argparse.Namespace) -> int:
    """Print the state of every source and the newest rejected rows."""
    seen, now = looks(store, sources(), or_by_hand=True), datetime.now(UTC)
    for one in sources().values():
        print(state_line(one, seen[one.spec.id], now))
    rejected = store.read(Quarantine)
    print(f"{len(rejected)} rows in quarantine")
    for q in rejected.tail(options.quarantine).itertuples():
        print(f"  run {q.run_id}, {q.table_name}, {q.locator}: {q.reason}")
    return 0


def state_line(one: Source, seen: Looks, now: datetime) -> str:
    """Return a source's state and its two clocks as a line."""
    looked, newest = _instant(seen.looked_at), _instant(seen.newest_content_at)
    failures = f"; {seen.failures} failed in a row" if seen.failures else ""
    message = f"; {seen.message}" if seen.message else ""
    state = schedule.state_of(one.spec, seen, now)
    return f"{one.spec.id:<22} {WORDS[state][0]:<16} looked {looked}, newest content {newest}{failures}{message}"


def _instant(instant: datetime | None) -> str:
    return "never" if instant is None or pd.isna(instant) else f"{instant:%Y-%m-%d %H:%M} UTC"


def counted(source_id: str, counts: dict[str, int]) -> str:
    """Return a run's row counts as a line."""
    return f"{source_id}: " + ", ".join(f"{rows} {what}" for what, rows in counts.items())
