"""The commands of ``python -m etl`` for what border posts send: the watched folder and the data sets."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from data.access import AUDIENCES
from data.errors import DatabaseUnavailable, InputRejected
from data.store import Store
from etl import datasets
from etl.archive import Archive
from etl.intake import Intake
from etl.watch import SETTLE_SECONDS, Watch

EVERY_SECONDS = 5.0


def describe(add: Any) -> None:
    """Describe the commands; ``add`` is argparse's ``add_parser``."""
    watching = add("watch", help="load the files that land in a folder, until stopped (docs/sending-data.md)")
    watching.add_argument("folder", type=Path, metavar="FOLDER")
    watching.add_argument("--once", action="store_true", help="take what is there and end")
    watching.add_argument("--every", type=float, default=EVERY_SECONDS, metavar="SECONDS", help="how often to look")
    watching.add_argument(
        "--settle", type=float, default=SETTLE_SECONDS, metavar="SECONDS", help="how long a file rests"
    )
    watching.add_argument("--accept-good-rows", action="store_true", help="load the good rows of files with problems")
    sets = add("datasets", help="list the shared data sets, or add one")
    sets.add_argument("action", choices=["list", "add"])
    sets.add_argument("id", nargs="?", metavar="ID")
    for name in ("title", "owner", "agreement", "note"):
        sets.add_argument(f"--{name}", default="")
    sets.add_argument("--audience", choices=list(AUDIENCES), default="operational")
    sets.add_argument("--expires", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the last day; default: no end")


def watch(store: Store, archive: Archive, options: argparse.Namespace) -> int:
    """Watch a folder; a database or disk that fails is waited for, the files stay where they are."""
    if not options.folder.is_dir():
        raise InputRejected(str(options.folder), "is no folder")
    taken = Watch(
        Intake(store, archive),
        options.folder,
        accept_good_rows=options.accept_good_rows,
        settle_seconds=options.settle,
    )
    looks = 0
    while True:
        looks += 1
        is_last = options.once and looks > 1
        try:
            for outcome in taken.look():
                print(f"{outcome.path}: {'loaded' if outcome.is_loaded else 'refused'}: {outcome.report}", flush=True)
        except (DatabaseUnavailable, OSError) as error:
            if is_last:
                raise
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        if is_last:
            return 0
        time.sleep(options.settle if options.once else options.every)


def sets(store: Store, _: Archive, options: argparse.Namespace) -> int:
    """List the data sets, or add or revise one."""
    if options.action == "add":
        about = {name: getattr(options, name) or None for name in ("id", "title", "owner", "agreement", "audience")}
        datasets.add(store, {**about, "expires_date": options.expires, "note": options.note})
    for row in datasets.known(store).itertuples():
        ends = "no end" if pd.isna(row.expires_date) else f"until {row.expires_date:%Y-%m-%d}"
        print(
            f"{row.id:<20} {row.audience:<12} {ends}{' EXPIRED' if row.is_expired else ''}; "
            f"{row.title} ({row.owner}; {row.agreement})"
        )
    return 0


COMMANDS = {"watch": watch, "datasets": sets}
