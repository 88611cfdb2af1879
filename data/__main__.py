"""``python -m data start|stop|status|url``: the database by hand. ``./waypost`` does this on its own."""

import argparse
import sys
from collections.abc import Callable

from data.errors import WaypostError
from data.postgres import VARIABLE, database_url, embedded
from data.settings import Settings, read_settings


def start(settings: Settings) -> str:
    """Start the embedded database, or check that the external one answers."""
    database_url(settings)
    return status(settings)


def stop(settings: Settings) -> str:
    """Stop the embedded database; an external one is not ours to stop."""
    stopped = embedded(settings.paths).stop()
    return "The embedded database has been stopped." if stopped else "The embedded database was not running."


def status(settings: Settings) -> str:
    """Say which database is in use and whether it runs."""
    if settings.database.url is not None:
        return f"An external database is in use ({VARIABLE} is set)."
    found = embedded(settings.paths).status()
    if found.major is None:
        return f"There is no embedded database yet; it will be made in {found.home}."
    state = f"runs as process {found.pid}" if found.pid else "is stopped"
    return f"The embedded PostgreSQL {found.major} in {found.home} {state}."


def url(settings: Settings) -> str:
    """Print the SQLAlchemy URL (with its password, if it has one), starting the embedded database if need be."""
    return database_url(settings)


COMMANDS: dict[str, Callable[[Settings], str]] = {"start": start, "stop": stop, "status": status, "url": url}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code (``sysexits.h``)."""
    parser = argparse.ArgumentParser(prog="python -m data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    chosen = parser.parse_args(arguments).command
    try:
        print(COMMANDS[chosen](read_settings()))
    except WaypostError as error:
        print(f"waypost: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
