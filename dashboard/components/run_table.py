"""The last looks: when, what came, what was said."""

from datetime import datetime
from typing import Any

import pandas as pd
from dash import html

from dashboard.components.source_state import at, in_words
from dashboard.queries_sources import COUNTS
from dashboard.words import age

OUTCOMES = {
    "ok": "loaded",
    "unchanged": "no change",
    "failed": "failed; the last good data were kept",
    "running": "loading",
    "not_configured": "not set up",
}
COUNT_TITLES = ("Rows read", "New", "Revised", "Deleted", "Unchanged", "Ignored", "Rejected")


def run_table(runs: pd.DataFrame, titles: dict[str, str], now: datetime) -> html.Table | html.P:
    """Return the runs with their counts, newest first; ``titles`` are the names of the sources by id."""
    if runs.empty:
        return html.P("Nothing was looked at yet.", className="quiet")
    head = html.Thead(
        html.Tr(
            [html.Th(title, scope="col") for title in ("When", "Source", "Outcome")]
            + [html.Th(title, scope="col", className="number") for title in COUNT_TITLES]
            + [html.Th("What was said", scope="col")]
        )
    )
    return html.Table(
        [head, html.Tbody([_row(row, titles, now) for row in runs.itertuples()])], className="plain cards"
    )


def _row(row: Any, titles: dict[str, str], now: datetime) -> html.Tr:
    """Return one run."""
    outcome = (
        OUTCOMES[row.status] if row.times == 1 else f"{OUTCOMES[row.status]} ({row.times} times, this is the last)"
    )
    cells = [
        html.Td([age(row.checked_at, now), html.Div(at(row.checked_at), className="quiet")], **{"data-label": "When"}),
        html.Td(titles.get(row.source_id, row.source_id), **{"data-label": "Source"}),
        html.Td(outcome, className=f"run-{row.status}", **{"data-label": "Outcome"}),
    ]
    for name, title in zip(COUNTS, COUNT_TITLES, strict=True):
        rows = int(getattr(row, f"rows_{name}"))
        kind = "number" if rows else "number zero"
        cells.append(html.Td(f"{rows:,}", className=kind, **{"data-label": title}))
    cells.append(html.Td(_said(row), className="said-cell", **{"data-label": "What was said"}))
    return html.Tr(cells)


def _said(row: Any) -> list[Any]:
    """Return the message of a run and what it read."""
    said: list[Any] = [in_words(row.message)] if row.message else []
    if row.payload_name:
        said.append(html.Div(row.payload_name[:200], className="quiet"))
    return said or ["–"]
