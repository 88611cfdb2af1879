"""Names of areas that need a person's eye: what is written, what it may mean, and the last word on it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import html

from dashboard.components.source_state import at

MOST_SHOWN = 50
TITLES = ("Name as written", "Source", "Country, level", "May mean", "Likeness")


def name_queue(names: pd.DataFrame, unlike: int, titles: Mapping[str, str], types: Any) -> list[Any]:
    """Return the open names with their suggestions, the most alike first, and the decided ones, which can be reopened.

    ``names`` is `dashboard.queries_sources.names`; ``unlike`` names come near no known area. ``types`` names the kinds
    of the buttons' ids: ACCEPT, REJECT and REOPEN, each with the row's version.
    """
    is_open = names["decided_pcode"].isna()
    waiting, decided = names[is_open], names[~is_open]
    parts: list[Any] = []
    if waiting.empty:
        parts.append(html.P("No name waits for a decision.", className="quiet"))
    else:
        parts.append(_table([_open(row, titles, types) for row in waiting.head(MOST_SHOWN).itertuples()]))
    if len(waiting) > MOST_SHOWN:
        parts.append(html.P(f"{len(waiting) - MOST_SHOWN:,} more follow once these are decided.", className="quiet"))
    if unlike:
        said = f"{unlike:,} more {'name comes' if unlike == 1 else 'names come'} near no area of the loaded boundaries."
        parts.append(html.P(f"{said} What is told of them has no place on the map.", className="quiet"))
    if len(decided):
        lines = [_decided(row, titles, types) for row in decided.head(MOST_SHOWN).itertuples()]
        parts.append(html.Details([html.Summary(f"{len(decided):,} decided by a person"), _table(lines)]))
    return parts


def _table(lines: list[html.Tr]) -> html.Table:
    """Return lines under the titles; the last column holds the buttons or the decision."""
    head = html.Tr([*[html.Th(title, scope="col") for title in TITLES], html.Th("Decision", scope="col")])
    return html.Table([html.Thead(head), html.Tbody(lines)], className="plain cards")


def _open(row: Any, titles: Mapping[str, str], types: Any) -> html.Tr:
    """Return a name with the buttons to decide on it."""
    buttons = [_button("Accept", types.ACCEPT, row), " ", _button("Reject", types.REJECT, row)]
    return html.Tr([*_cells(row, titles), html.Td(buttons, **{"data-label": "Decision"})])


def _decided(row: Any, titles: Mapping[str, str], types: Any) -> html.Tr:
    """Return a name with what was decided and when."""
    said = f"{'accepted' if row.decided_pcode else 'rejected'} by the {row.decided_by}, {at(row.known_from)}"
    cell = html.Td([f"{said} ", _button("Reopen", types.REOPEN, row)], **{"data-label": "Decision"})
    return html.Tr([*_cells(row, titles), cell])


def _cells(row: Any, titles: Mapping[str, str]) -> list[html.Td]:
    """Return what is known of a name."""
    cells = (
        row.name,
        titles.get(row.source_id, row.source_id),
        f"{row.country_iso3}, {row.admin_level}",
        f"{row.suggested_name} ({row.suggested_pcode})",
        f"{row.likeness:.0%}",
    )
    return [html.Td(cell, **{"data-label": title}) for title, cell in zip(TITLES, cells, strict=True)]


def _button(words: str, kind: str, row: Any) -> html.Button:
    """Return a button that decides on the version of the row that is shown."""
    about = f"{words}: {row.name} is {row.suggested_name}"
    return html.Button(words, id={"type": kind, "version": int(row.version_id)}, className="button", title=about)
