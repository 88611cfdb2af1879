"""Two clocks for each source: when we last looked, and how new what we saw is."""

from datetime import datetime
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.words import age, day

HAZARDS = "gdacs"
WORDS = {
    "ok": "loaded",
    "unchanged": "no change",
    "failed": "last look failed, the last good data are shown",
    "running": "loading",
    "not_configured": "not configured",
}


def source_strip(states: pd.DataFrame, titles: dict[str, str], now: datetime, as_of: datetime) -> html.Ul:
    """Return a chip for each source that was looked at: run age (real time) and content age (at the replay clock).

    The others of ``titles`` share one chip, except the hazards of the map (`HAZARDS`), which are named: an empty layer
    must say why it is empty.
    """
    by_id = {row.source_id: row for row in states.itertuples()}
    named = [i for i in titles if i in by_id or i == HAZARDS]
    chips = [_chip(titles[i], by_id.get(i), now, as_of) for i in named]
    others = len(titles) - len(named)
    if others:
        text = f"{others} other sources: never looked at, no data"
        chips.append(html.Li(dcc.Link(text, href="/data"), className="chip chip-none"))
    return html.Ul(chips, className="strip")


def _chip(title: str, state: Any, now: datetime, as_of: datetime) -> html.Li:
    """Return one source's chip."""
    if state is None:
        return html.Li([html.Strong(title), html.Span("never looked at: no data")], className="chip chip-none")
    newest = state.newest_content_at
    if pd.isna(newest):
        content = "nothing known by this date"
    else:
        content = f"newest content {day(newest)}, {age(newest, as_of)} on this clock"
    said = "last look failed" if state.status == "failed" and pd.isna(newest) else WORDS[state.status]
    looked = f"looked {age(state.checked_at, now)}: {said}"
    kind = "chip-failed" if state.status == "failed" else "chip-none" if pd.isna(newest) else ""
    return html.Li([html.Strong(title), html.Span(content), html.Span(looked)], className=f"chip {kind}")
