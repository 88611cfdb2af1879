"""Command line of the feeds: ``python -m etl sources|run|situation|status``."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from data.errors import InputRejected, WaypostError
from data.migrate import require_newest
from data.postgres import database_url, engine
from data.schema.quarantine import Quarantine
from data.schema.source_run import SourceRun
from data.settings import read_settings
from data.store import Store
from etl import pipeline
from etl.archive import Archive
from etl.registry import source, sources
from etl.situation import load as load_situation
from etl.source import Payload, Window


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code. Errors a person can act on are printed, without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "sources":
            print(_sources())
            return 0
        settings = read_settings()
        store = Store(engine(database_url(settings)))
        require_newest(store.engine)
        print(_COMMANDS[options.command](store, Archive(settings.paths.var / "raw"), options))
    except (WaypostError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, WaypostError) else 74
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser(prog="python -m etl", description="Bring feeds into the database.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sources", help="list every source and what it needs")
    run = commands.add_parser("run", help="load one source, live or from files")
    run.add_argument("source")
    run.add_argument(
        "--from", dest="files", nargs="+", type=Path, metavar="FILE", help="local files instead of the feed"
    )
    run.add_argument("--days", type=int, default=30, help="how far back a live fetch looks (default 30)")
    run.add_argument("--situation", help="the situation that local place ids in the files belong to")
    situation = commands.add_parser("situation", help="load a situation: a folder of CSV tables")
    situation.add_argument("folder", type=Path, metavar="DIR")
    status = commands.add_parser("status", help="show the last run of every source and what is in quarantine")
    status.add_argument("--quarantine", type=int, default=20, metavar="N", help="how many rejected rows to show")
    return parser


def _run(store: Store, archive: Archive, options: argparse.Namespace) -> str:
    """Load one source from files or live."""
    chosen = source(options.source)
    if options.files:
        missing = [str(f) for f in options.files if not f.is_file()]
        if missing:
            raise InputRejected(", ".join(missing), "is no file")
        payloads = [Payload(f.name, f) for f in options.files]
        setting = pipeline.Setting(options.situation) if options.situation else None
        return _counted(chosen.spec.id, pipeline.load(store, archive, chosen, payloads, setting))
    window = Window(datetime.now(UTC) - timedelta(days=options.days))
    return _counted(chosen.spec.id, pipeline.run(store, archive, chosen, window))


def _situation(store: Store, archive: Archive, options: argparse.Namespace) -> str:
    """Load a situation folder."""
    loaded = load_situation(store, archive, options.folder)
    return "\n".join(_counted(source_id, counts) for source_id, counts in loaded.items())


def _status(store: Store, _: Archive, options: argparse.Namespace) -> str:
    """Describe the last runs and the newest rejected rows."""
    runs = store.read(SourceRun).sort_values("checked_at").groupby("source_id").tail(1)
    lines = [
        f"{r.source_id:<16} {r.status:<14} looked {r.checked_at:%Y-%m-%d %H:%M} UTC, newest content "
        f"{'none' if pd.isna(r.newest_content_at) else format(r.newest_content_at, '%Y-%m-%d')}; read {r.rows_read}, "
        f"new {r.rows_new}, revised {r.rows_revised}, deleted {r.rows_deleted}, unchanged {r.rows_unchanged}, "
        f"ignored {r.rows_ignored}, quarantined {r.rows_quarantined} {r.message}"
        for r in runs.itertuples()
    ]
    rejected = store.read(Quarantine)
    lines.append(f"{len(rejected)} rows in quarantine")
    newest = rejected.tail(options.quarantine)
    lines += [f"  run {q.run_id}, {q.table_name}, {q.locator}: {q.reason}" for q in newest.itertuples()]
    return "\n".join(lines)


def _sources() -> str:
    """List the sources."""
    return "\n".join(
        f"{s.spec.id:<16} {s.spec.title} ({s.spec.publisher}; {s.spec.licence})"
        + (f"\n{'':<16} needs {s.spec.key_setting}: {s.spec.key_help}" if s.spec.key_setting else "")
        for s in sources().values()
    )


def _counted(source_id: str, counts: dict[str, int]) -> str:
    """Return a run's row counts as a line."""
    return f"{source_id}: " + ", ".join(f"{rows} {what}" for what, rows in counts.items())


_COMMANDS = {"run": _run, "situation": _situation, "status": _status}

if __name__ == "__main__":
    sys.exit(main())
