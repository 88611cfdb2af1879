"""Command line of the dashboard: ``python -m dashboard serve [--host HOST] [--port PORT]``."""

import argparse
import sys

from dashboard.serve import serve
from data.errors import WaypostError
from data.settings import ServerSettings, read_settings


def main(arguments: list[str] | None = None) -> int:
    """Serve; return the exit code. Errors a person can act on are printed, without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="Show the dashboard.")
    command = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="set up and serve")
    command.add_argument("--host")
    command.add_argument("--port", type=int)
    options = parser.parse_args(arguments)
    try:
        settings = read_settings()
        given = {name: getattr(options, name) for name in ("host", "port") if getattr(options, name) is not None}
        serve(settings.model_copy(update={"server": ServerSettings(**(settings.server.model_dump() | given))}))
    except WaypostError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
