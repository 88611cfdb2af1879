"""Command line of the feeds: ``python -m etl sources|run|backfill|status|worker|situation|match``."""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from data.errors import WaypostError
from data.migrate import require_usable
from data.postgres import database_url, engine
from data.settings import read_settings
from data.store import Store
from etl import commands, door_commands, match
from etl.archive import Archive
from etl.worker import CONCURRENCY


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code. Errors a person can act on are printed, without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "sources":
            print(commands.sources_listed())
            return 0
        settings = read_settings()
        store = Store(engine(database_url(settings)))
        require_usable(store.engine)
        options.enabled = settings.schedule.sources
        return _COMMANDS[options.command](store, Archive(settings.paths.var / "raw"), options)
    except (WaypostError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, WaypostError) else 74
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser(prog="python -m etl", description="Bring feeds into the database.")
    add = parser.add_subparsers(dest="command", required=True).add_parser
    add("sources", help="list every source and what it needs")
    run = add("run", help="look at sources now, or load one from files")
    run.add_argument("sources", nargs="*", metavar="ID", help="default: those of WAYPOST_SOURCES")
    run.add_argument(
        "--from", dest="files", nargs="+", type=Path, metavar="FILE", help="local files instead of the feed"
    )
    run.add_argument("--days", type=int, help="how far back to look (default: since the last good look)")
    run.add_argument("--situation", help="the situation that local place ids in the files belong to")
    past = "files of the past: each row was known so many days after its period (default: known from now on)"
    run.add_argument("--lag-days", type=int, metavar="N", help=past)
    backfill = add("backfill", help="fetch the past of a source in slices; goes on where it was interrupted")
    backfill.add_argument("source", metavar="ID")
    backfill.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    today = datetime.now(UTC).date()
    backfill.add_argument("--to", dest="last", type=date.fromisoformat, default=today, metavar="YYYY-MM-DD")
    backfill.add_argument("--slice-days", type=int, default=30, metavar="N", help="days a slice (default 30)")
    backfill.add_argument("--later", action="store_true", help="leave the slices to workers that run elsewhere")
    status = add("status", help="show the state of every source and what is in quarantine")
    status.add_argument("--quarantine", type=int, default=20, metavar="N", help="how many rejected rows to show")
    worker = add("worker", help="look at the sources of WAYPOST_SOURCES as they fall due, until stopped")
    worker.add_argument("--concurrency", type=int, default=CONCURRENCY, metavar="N", help="jobs at a time")
    worker.add_argument("--with-parent", action="store_true", help="end when the program that started this one ends")
    situation = add("situation", help="load a situation: a folder of CSV tables")
    situation.add_argument("folder", type=Path, metavar="DIR")
    add("match", help="find P-codes for names of areas; likenesses wait for a person")
    door_commands.describe(add)
    return parser


_COMMANDS: dict[str, Callable[[Store, Archive, argparse.Namespace], int]] = {
    "run": commands.run,
    "backfill": commands.backfill,
    "status": commands.status,
    "worker": commands.worker,
    "situation": commands.situation,
    "match": match.command,
    **door_commands.COMMANDS,
}

if __name__ == "__main__":
    sys.exit(main())
