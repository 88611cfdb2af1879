"""Every source: when we looked, what came, what was rejected and why."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import dash
import dash_ag_grid as dag
import pandas as pd
from dash import Input, Output, callback, dcc, html

from dashboard import queries
from dashboard.components.strip import WORDS
from dashboard.database import store
from dashboard.threads import threaded
from dashboard.words import age, day
from etl.registry import sources

dash.register_page(__name__, path="/data", name="Data", order=2, title="Data · Waypost")

POLL_MILLISECONDS = 10_000


class Ids(StrEnum):
    """The ids of this page."""

    POLL = "data-poll"
    SOURCES = "data-sources"
    RUNS = "data-runs"
    QUARANTINE = "data-quarantine"
    SAID = "data-quarantine-said"


def layout(**_: Any) -> html.Div:
    """Return the tables of sources, runs and rejected rows."""
    return html.Div(
        [
            html.H1("Data"),
            html.P("A look that failed or found nothing never removes the last good data."),
            dcc.Interval(id=Ids.POLL, interval=POLL_MILLISECONDS),
            html.Div(id=Ids.SOURCES, className="scroll"),
            html.H2("Last runs"),
            html.Div(id=Ids.RUNS, className="scroll"),
            html.H2("Quarantine: rows that could not be used"),
            html.P(id=Ids.SAID),
            dag.AgGrid(
                id=Ids.QUARANTINE,
                columnDefs=[
                    {"field": "source_id", "headerName": "Source", "maxWidth": 130},
                    {"field": "table_name", "headerName": "Table", "maxWidth": 150},
                    {"field": "locator", "headerName": "Where", "maxWidth": 180},
                    {"field": "reason", "headerName": "Why", "wrapText": True, "autoHeight": True, "flex": 2},
                    {"field": "raw", "headerName": "What it said", "flex": 2, "tooltipField": "raw"},
                ],
                defaultColDef={"sortable": True, "filter": True, "resizable": True},
                dashGridOptions={"pagination": True, "paginationPageSize": 20},
                className="ag-theme-alpine",
            ),
        ]
    )


@callback(
    Output(Ids.SOURCES, "children"),
    Output(Ids.RUNS, "children"),
    Output(Ids.QUARANTINE, "rowData"),
    Output(Ids.SAID, "children"),
    Input(Ids.POLL, "n_intervals"),
)
@threaded
def show(_: int | None) -> tuple[Any, ...]:
    """Fill the page from the database."""
    now = datetime.now(UTC)
    runs = queries.runs(store())
    rejected = queries.quarantine(store())
    said = f"{len(rejected):,} rows, the newest first." if len(rejected) else "No row is in quarantine."
    return _sources(runs, now), _runs(runs, now), rejected.to_dict("records"), said


def _sources(runs: pd.DataFrame, now: datetime) -> html.Table:
    """Return a line for each source with its last run."""
    last = {row.source_id: row for row in runs.groupby("source_id").head(1).itertuples()}
    body = []
    for source in sources().values():
        spec, run = source.spec, last.get(source.spec.id)
        cadence = "when sent" if spec.cadence is None else f"every {spec.cadence.total_seconds() / 3600:g} h"
        looked = "never" if run is None else f"{age(run.checked_at, now)}: {WORDS[run.status]}"
        newest = "–" if run is None else day(run.newest_content_at)
        link = html.A(spec.title, href=spec.url, rel="noreferrer")
        body.append(html.Tr([html.Td(c) for c in (link, spec.publisher, spec.licence, cadence, looked, newest)]))
    titles = ("Source", "Publisher", "Licence", "Published", "Last look", "Newest content")
    return html.Table([html.Thead(html.Tr([html.Th(t) for t in titles])), html.Tbody(body)], className="plain")


def _runs(runs: pd.DataFrame, now: datetime) -> html.Table:
    """Return the last runs with their counts."""
    counts = ("read", "new", "revised", "deleted", "unchanged", "ignored", "quarantined")
    body = [
        html.Tr(
            [html.Td(cell) for cell in (row.source_id, age(row.checked_at, now), WORDS[row.status], row.message)]
            + [html.Td(f"{getattr(row, 'rows_' + name):,}", className="number") for name in counts]
        )
        for row in runs.head(20).itertuples()
    ]
    titles = ("Source", "When", "Outcome", "Message", *counts)
    return html.Table([html.Thead(html.Tr([html.Th(t) for t in titles])), html.Tbody(body)], className="plain")
