"""Every source: how fresh it is, when we looked, what came, what was rejected and why."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import dash
import dash_ag_grid as dag
import pandas as pd
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update

from dashboard import queries, queries_sources
from dashboard.chosen import offered
from dashboard.components.name_queue import name_queue
from dashboard.components.place_freshness import place_table
from dashboard.components.rejected import rejected_runs
from dashboard.components.run_table import run_table
from dashboard.components.source_state import in_use, meanings, source_table, summary
from dashboard.database import store
from dashboard.downloads import csv_text
from dashboard.live import listener
from dashboard.queries import View
from dashboard.threads import threaded
from dashboard.words import day
from data.access import OPERATIONAL
from data.settings import read_settings
from etl.archive import Archive
from etl.match import decide
from etl.registry import sources
from etl.retry import can_retry, put_retry

dash.register_page(__name__, path="/data", name="Data", order=2, title="Data · Waypost")

EDITOR = "planner"
POLL_MILLISECONDS = 2_000
TICK_MILLISECONDS = 60_000
OWN_LOADS = {"waypost-derived": "Worked out by Waypost", "standards-page": "Standards, typed in",
             "place_match": "Names of areas, matched", "names-page": "Names of areas, decided"}  # fmt: skip
"""What to call loads that are no source's."""


class Ids(StrEnum):
    """The ids of this page."""

    POLL = "data-poll"
    TICK = "data-tick"
    CHANGES = "data-changes"
    SUMMARY = "data-summary"
    SOURCES = "data-sources"
    IDLE = "data-idle"
    IDLE_COUNT = "data-idle-count"
    RUNS = "data-runs"
    SITUATION = "data-situation"
    CLOCK = "data-clock"
    PLACES = "data-places"
    REJECTED = "data-rejected"
    SAID = "data-said"
    FILE = "data-file"
    NAMES = "data-names"
    NAMES_SAID = "data-names-said"
    EVERY = "data-every"
    ALL = "data-all"
    QUARANTINE = "data-quarantine"


class Buttons(StrEnum):
    """The kinds of buttons that each run in quarantine has."""

    RETRY = "data-retry"
    SAVE = "data-save"


class Decisions(StrEnum):
    """The kinds of buttons that each name of an area has."""

    ACCEPT = "names-accept"
    REJECT = "names-reject"
    REOPEN = "names-reopen"


def layout(**_: Any) -> html.Div:
    """Return the page; callbacks fill it."""
    return html.Div(
        [
            html.H1("Data"),
            html.P(
                "Where the figures come from and how fresh they are. A failed look never removes the last good data."
            ),
            dcc.Interval(id=Ids.POLL, interval=POLL_MILLISECONDS),
            dcc.Interval(id=Ids.TICK, interval=TICK_MILLISECONDS),
            dcc.Store(id=Ids.CHANGES),
            dcc.Download(id=Ids.FILE),
            html.Ul(id=Ids.SUMMARY, className="state-summary"),
            html.Details([html.Summary("What the words mean"), meanings()], className="state-meanings"),
            html.Div(id=Ids.SOURCES, className="scroll"),
            html.Details(
                [html.Summary(id=Ids.IDLE_COUNT), html.Div(id=Ids.IDLE, className="scroll")], className="idle"
            ),
            html.H2("Border points and sites"),
            html.Label("Situation", htmlFor=Ids.SITUATION),
            dcc.Dropdown(id=Ids.SITUATION, clearable=False, persistence=True, className="data-situation"),
            html.P(id=Ids.CLOCK, className="quiet"),
            html.Div(id=Ids.PLACES, className="scroll"),
            html.H2("Last looks"),
            html.Div(id=Ids.RUNS, className="scroll"),
            html.H2("Names of areas that wait for a person"),
            html.P(
                "Figures that name an area without its P-code. Exact names are used by themselves; a likeness counts "
                "only once it is accepted here, and then for every forecast from now on."
            ),
            html.P(id=Ids.NAMES_SAID, className="said", role="status"),
            html.Div(id=Ids.NAMES, className="scroll"),
            html.H2("Quarantine: rows that could not be used"),
            html.P(id=Ids.SAID, className="said", role="status"),
            html.Div(id=Ids.REJECTED),
            html.Div(
                [html.Button("Download all rejected rows as CSV", id=Ids.ALL, className="button"), _grid()],
                id=Ids.EVERY,
                hidden=True,
            ),
        ]
    )


def _grid() -> dag.AgGrid:
    """Return the table of rejected rows."""
    return dag.AgGrid(
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
        className="ag-theme-alpine quarantine-grid",
    )


@callback(Output(Ids.CHANGES, "data"), Input(Ids.POLL, "n_intervals"), State(Ids.CHANGES, "data"))
def follow(_: int | None, held: str | None) -> Any:
    """Notice that rows have arrived."""
    number = listener().number
    return no_update if number == held else number


@callback(
    Output(Ids.SUMMARY, "children"),
    Output(Ids.SOURCES, "children"),
    Output(Ids.IDLE, "children"),
    Output(Ids.IDLE_COUNT, "children"),
    Output(Ids.RUNS, "children"),
    Input(Ids.CHANGES, "data"),
    Input(Ids.TICK, "n_intervals"),
)
@threaded
def show(_: str | None, __: int | None) -> tuple[Any, ...]:
    """Show the sources and their last runs."""
    now = datetime.now(UTC)
    states = queries_sources.source_states(store(), now, read_settings().schedule.sources)
    runs = run_table(queries_sources.last_runs(store()), _titles(), now)
    used, idle = [s for s in states if in_use(s)], [s for s in states if not in_use(s)]
    said = f"{len(idle)} more sources that Waypost can read and that have brought nothing yet"
    return summary(states), source_table(used, now), source_table(idle, now), said, runs


@callback(
    Output(Ids.SITUATION, "options"),
    Output(Ids.SITUATION, "value"),
    Input(Ids.CHANGES, "data"),
    State(Ids.SITUATION, "value"),
)
@threaded
def choose_situation(_: str | None, chosen: str | None) -> tuple[list[dict[str, str]], str | None]:
    """Offer the loaded situations and keep the chosen one while it exists."""
    return offered(chosen)


@callback(
    Output(Ids.PLACES, "children"),
    Output(Ids.CLOCK, "children"),
    Input(Ids.SITUATION, "value"),
    Input(Ids.CHANGES, "data"),
    Input(Ids.TICK, "n_intervals"),
)
@threaded
def show_places(situation_id: str | None, _: str | None, __: int | None) -> tuple[Any, str]:
    """Show how fresh each place of a situation is at the situation's clock."""
    if situation_id not in set(queries.situations(store())["id"]):
        return [], ""
    view = View(store(), str(situation_id), queries.clock(store(), str(situation_id)))
    places = queries_sources.point_freshness(store(), view.situation_id, min(view.instant, datetime.now(UTC)))
    said = f"As known on {day(view.as_of_date)}, where the clock of this situation stands."
    return place_table(places, view.instant), said


@callback(
    Output(Ids.REJECTED, "children"),
    Output(Ids.QUARANTINE, "rowData"),
    Output(Ids.EVERY, "hidden"),
    Input(Ids.CHANGES, "data"),
)
@threaded
def show_rejected(_: str | None) -> tuple[Any, list[dict[str, Any]], bool]:
    """Show what is in quarantine; without any row there is nothing to list and to download."""
    groups = queries_sources.rejected_groups(store())
    kept = _archive()
    archived = {
        int(r.run_id) for r in groups.drop_duplicates("run_id").itertuples() if can_retry(kept, r.payload_sha256)
    }
    rows = queries_sources.rejected_rows(store()).drop(columns="checked_at")
    return rejected_runs(groups, _titles(), archived, Buttons), rows.to_dict("records"), rows.empty


@callback(
    Output(Ids.FILE, "data"),
    Input(Ids.ALL, "n_clicks"),
    Input({"type": Buttons.SAVE, "run": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
@threaded
def save(_: int | None, __: list[int | None]) -> Any:
    """Send the rejected rows of one run, or of all, as a file; each row says in what state its source is now."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    run_id = None if ctx.triggered_id == Ids.ALL else _run_of(ctx.triggered_id)
    rows: pd.DataFrame = queries_sources.rejected_rows(store(), run_id, most=queries_sources.ROWS_SAVED)
    states = queries_sources.source_states(store(), datetime.now(UTC), read_settings().schedule.sources)
    rows = rows.assign(source_state=rows["source_id"].map({one.spec.id: str(one.state) for one in states}))
    name = "quarantine.csv" if run_id is None else f"quarantine-run-{run_id}.csv"
    return {"content": csv_text(rows), "filename": name, "type": "text/csv"}


@callback(
    Output(Ids.SAID, "children"),
    Input({"type": Buttons.RETRY, "run": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
@threaded
def try_again(_: list[int | None]) -> Any:
    """Hand a run to the worker, which parses its payload anew and lands what fits by now."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    run_id = _run_of(ctx.triggered_id)
    put_retry(store(), _archive(), run_id)
    return f"Run {run_id} is being tried again; its outcome appears under Last looks."


@callback(Output(Ids.NAMES, "children"), Input(Ids.CHANGES, "data"))
@threaded
def show_names(_: str | None) -> list[Any]:
    """Show the names that wait, and those that were decided."""
    return _names()


@callback(
    Output(Ids.NAMES_SAID, "children"),
    Output(Ids.NAMES, "children", allow_duplicate=True),
    *[Input({"type": kind, "version": ALL}, "n_clicks") for kind in Decisions],
    prevent_initial_call=True,
)
@threaded
def decide_name(*_: list[int | None]) -> tuple[Any, Any]:
    """Keep a decision on a name, and show what still waits."""
    if not ctx.triggered or not ctx.triggered[0]["value"] or store().audience != OPERATIONAL:
        return no_update, no_update
    accepted = {Decisions.ACCEPT: True, Decisions.REJECT: False}.get(ctx.triggered_id["type"])
    name = decide(store(), int(ctx.triggered_id["version"]), accepted, EDITOR)
    if name is None:
        return "Somebody else has decided on this name meanwhile: look again.", _names()
    words = {True: "accepted", False: "rejected", None: "open again"}[accepted]
    return f"“{name}” is {words}, from now on.", _names()


def _names() -> list[Any]:
    """Return the queue of names."""
    return name_queue(queries_sources.names(store()), queries_sources.unlike_names(store()), _titles(), Decisions)


def _run_of(clicked: Any) -> int:
    """Return the run that a button belongs to."""
    return int(clicked["run"])


def _archive() -> Archive:
    """Return where payloads are kept."""
    return Archive(read_settings().paths.var / "raw")


def _titles() -> dict[str, str]:
    """Return the names of the sources by id."""
    return OWN_LOADS | {s.spec.id: s.spec.title for s in sources().values()}
