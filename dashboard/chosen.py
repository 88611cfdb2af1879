"""What pages ask first: which situation is looked at, and where its shared clock stands."""

from collections.abc import Callable
from datetime import date
from typing import Any

from dash import no_update

from dashboard import queries
from dashboard.database import store


def offered(chosen: str | None) -> tuple[list[dict[str, str]], str | None]:
    """Return the loaded situations as options, and the chosen one while it exists, else the first, None without any."""
    options = [{"label": row.title, "value": row.id} for row in queries.situations(store()).itertuples()]
    ids = [option["value"] for option in options]
    return options, chosen if chosen in ids else next(iter(ids), None)


def follow(situation_id: str | None, shown: dict[str, Any] | None, now: Callable[[str, date], dict[str, Any]]) -> Any:
    """Return what a page keeps of the shared clock, whoever moved it; no update while nothing has changed.

    ``now`` says what the page keeps, from the situation and the day its clock stands at.
    """
    if not situation_id:
        return no_update
    kept = now(situation_id, queries.clock(store(), situation_id))
    return no_update if kept == shown else kept
