"""Capacity lines, the gap, and a what-if that is never mistaken for an assessment."""

from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.words import NOT_ASSESSED, count, day

LINES = {
    "processing": "Processing, people a day",
    "sleeping_space": "Sleeping space, people at once",
    "water": "Water, people at once",
    "toilets": "Toilets, people at once",
    "staff": "Staff, people at once",
    "stock": "Relief stock, people at once",
}


def capacity_lines(capacities: pd.DataFrame) -> html.Table:
    """Return every capacity line with its newest assessment, or "not assessed"."""
    known = {row.line: row for row in capacities.itertuples()}
    body = []
    for line, title in LINES.items():
        row = known.get(line)
        if row is None or pd.isna(row.people):
            body.append(html.Tr([html.Td(title), html.Td(NOT_ASSESSED), html.Td("–")]))
        else:
            said = f"{row.reported_by}, {day(row.assessed_date)}"
            body.append(html.Tr([html.Td(title), html.Td(count(row.people)), html.Td(said)]))
    head = html.Tr([html.Th("Line"), html.Th("Capacity"), html.Th("Assessed by")])
    return html.Table([html.Thead(head), html.Tbody(body)], className="plain")


def what_if(ids: Any, place_id: str) -> html.Details:
    """Return the form in which a viewer types capacities to see the gap they would leave."""
    fields = [
        html.Div(
            [
                html.Label(title, htmlFor=f"what-if-{line}"),
                dcc.Input(id=f"what-if-{line}", type="number", min=0, max=50_000_000, step=1, placeholder=NOT_ASSESSED,
                          debounce=0.4, className="field"),
            ],
            className="what-if-row",
        )
        for line, title in LINES.items()
    ]  # fmt: skip
    return html.Details(
        [
            html.Summary("What if? Type capacities and see the gap"),
            html.P(
                "These are your assumptions, not an assessment. Nothing is saved or shown to others.", className="note"
            ),
            *fields,
            html.Div(id=ids.WHAT_IF_RESULT, role="status", className="what-if-result"),
            dcc.Store(id=ids.WHAT_IF_PLACE, data=place_id),
        ],
        className="what-if",
    )
