"""Command line of the dashboard: ``python -m dashboard serve [--host HOST] [--port PORT]`` and ``... keys``."""

import argparse
import sys

import pandas as pd

from dashboard.api import keys
from dashboard.serve import serve
from data.errors import WaypostError
from data.migrate import require_usable
from data.postgres import database_url, engine
from data.settings import ServerSettings, read_settings
from data.store import Store


def main(arguments: list[str] | None = None) -> int:
    """Serve; return the exit code. Errors a person can act on are printed, without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="Show the dashboard.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="set up and serve")
    command.add_argument("--host")
    command.add_argument("--port", type=int)
    keyring = commands.add_parser("keys", help="keys with which organisations send data")
    keyring.add_argument("action", choices=["add", "list", "revoke"])
    keyring.add_argument("organisation", nargs="?", default="")
    keyring.add_argument("--dataset", help="the data set that what arrives with the key comes under")
    options = parser.parse_args(arguments)
    try:
        settings = read_settings()
        if options.command == "keys":
            print(_keys(Store(engine(database_url(settings))), options))
            return 0
        given = {name: getattr(options, name) for name in ("host", "port") if getattr(options, name) is not None}
        serve(settings.model_copy(update={"server": ServerSettings(**(settings.server.model_dump() | given))}))
    except WaypostError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _keys(store: Store, options: argparse.Namespace) -> str:
    """Make, list or end keys; return what to say."""
    require_usable(store.engine)
    if options.action == "add":
        key = keys.add(store, options.organisation, options.dataset)
        return f"{key}\nThis is the key of {options.organisation}. It is shown this once and kept nowhere."
    if options.action == "revoke":
        return f"{keys.revoke(store, options.organisation)} keys of {options.organisation} are no longer valid"
    lines = [
        f"{row.id:>4} {row.organisation:<30} made {row.created_at:%Y-%m-%d}"
        + (f", data set {row.dataset_id}" if isinstance(row.dataset_id, str) else ", no data set")
        + ("" if pd.isna(row.revoked_at) else f", revoked {row.revoked_at:%Y-%m-%d}")
        for row in keys.known(store).itertuples()
    ]
    return "\n".join(lines) or "there are no keys"


if __name__ == "__main__":
    sys.exit(main())
