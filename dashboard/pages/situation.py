"""The planner's page: the map, the points, and one point from arrivals to gap, all at the replay clock."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import dash
from dash import Input, Output, State, callback, clientside_callback, ctx, dcc, html, no_update

from dashboard import queries, queries_alerts, queries_closing, queries_late
from dashboard.chosen import follow, offered
from dashboard.components import clock as clocks
from dashboard.components import closing, gap, point_panel, point_table
from dashboard.components.alert_list import alert_list
from dashboard.components.legend import legend
from dashboard.components.strip import source_strip
from dashboard.database import store
from dashboard.figures.map_data import map_data
from dashboard.live import listener
from dashboard.queries import View
from dashboard.threads import threaded
from data.schema.link import Link
from etl.registry import sources

dash.register_page(__name__, path="/", name="Situation", order=0, title="Waypost")

HORIZONS_DAYS = (7, 14, 30, 60, 90)
EVENT_DAYS = 90
POLL_MILLISECONDS = 3000


class Ids(StrEnum):
    """The ids of this page. MAP, MAP_DATA and SELECTED are known to assets/map.js."""

    SITUATION = "situation"
    DATE = "clock-date"
    BACK = "clock-back"
    FORTH = "clock-forth"
    SLIDER = "clock-slider"
    ISSUED = "clock-issued"
    PROGRESS = "clock-progress"
    CLOCK = "clock"
    POLL = "poll"
    HORIZON = "horizon"
    STRIP = "source-strip"
    SUMMARY = "summary"
    WARNINGS = "warnings"
    MAP = "map"
    MAP_DATA = "map-data"
    MAP_DRAWN = "map-drawn"
    SELECTED = "selected-place"
    TABLE = "points"
    DETAIL = "detail"
    WHAT_IF_RESULT = "what-if-result"
    WHAT_IF_PLACE = "what-if-place"
    CLOSING = "closing"
    CLOSING_RESULT = "closing-result"


def layout(**_: Any) -> html.Div:
    """Return the page; callbacks fill it."""
    horizons = [{"label": f"{days} days", "value": days} for days in HORIZONS_DAYS]
    return html.Div(
        [
            html.H1("Expected arrivals, capacity and gaps at border points", className="spoken-only"),
            dcc.Store(id=Ids.CLOCK),
            dcc.Store(id=Ids.SELECTED),
            dcc.Store(id=Ids.MAP_DATA),
            dcc.Store(id=Ids.MAP_DRAWN),
            dcc.Interval(id=Ids.POLL, interval=POLL_MILLISECONDS),
            html.Div(
                [
                    html.Label("Situation", htmlFor=Ids.SITUATION),
                    dcc.Dropdown(id=Ids.SITUATION, clearable=False, persistence=True, className="situation"),
                    html.Label("Arrivals within", htmlFor=Ids.HORIZON),
                    dcc.RadioItems(horizons, 30, id=Ids.HORIZON, inline=True, persistence=True, className="segments"),
                ],
                className="controls",
            ),
            clocks.clock_bar(Ids),
            html.Div(id=Ids.STRIP),
            html.Div(id=Ids.SUMMARY, className="summary", role="status"),
            html.Div(
                [
                    html.Div([html.Div(id=Ids.MAP, className="map"), legend()], className="map-frame"),
                    html.Aside(id=Ids.DETAIL, className="detail", **{"aria-live": "polite"}),
                ],
                className="split",
            ),
            html.Div(id=Ids.WARNINGS),
            html.H2("All border points"),
            point_table.point_table(Ids.TABLE),
        ],
        className="situation-page",
    )


clientside_callback(
    "window.dash_clientside.waypost.draw",
    Output(Ids.MAP_DRAWN, "data"),
    Input(Ids.MAP_DATA, "data"),
    Input(Ids.SELECTED, "data"),
)


@callback(
    Output(Ids.SITUATION, "options"),
    Output(Ids.SITUATION, "value"),
    Input(Ids.SITUATION, "id"),
    State(Ids.SITUATION, "value"),
)
@threaded
def choose_situation(_: str, chosen: str | None) -> tuple[list[dict[str, str]], str | None]:
    """Offer the loaded situations and keep the chosen one while it exists."""
    return offered(chosen)


@callback(
    Output(Ids.CLOCK, "data"),
    Output(Ids.PROGRESS, "children"),
    Input(Ids.SITUATION, "value"),
    Input(Ids.POLL, "n_intervals"),
    State(Ids.CLOCK, "data"),
)
@threaded
def follow_clock(situation_id: str | None, _: int | None, shown: dict[str, Any] | None) -> tuple[Any, Any]:
    """Show where the shared clock stands, whoever moved it."""
    return follow(situation_id, shown, _clock), queries.progress(store(), situation_id) if situation_id else no_update


@callback(
    Output(Ids.CLOCK, "data", allow_duplicate=True),
    Input(Ids.BACK, "n_clicks"),
    Input(Ids.FORTH, "n_clicks"),
    Input(Ids.DATE, "date"),
    Input(Ids.SLIDER, "value"),
    State(Ids.CLOCK, "data"),
    prevent_initial_call=True,
)
@threaded
def move_clock(
    _: int | None, __: int | None, picked: str | None, slid: int | None, shown: dict[str, Any] | None
) -> Any:
    """Move the shared clock for everybody."""
    if not shown:
        return no_update
    situation_id, held = str(shown["situation"]), date.fromisoformat(shown["as_of"])
    first, _last = queries.period(store(), situation_id)
    step = timedelta(days=clocks.STEP_DAYS)
    asked = {
        Ids.BACK: held - step,
        Ids.FORTH: held + step,
        Ids.DATE: date.fromisoformat(picked[:10]) if picked else held,
        Ids.SLIDER: first + timedelta(days=int(slid or 0)),
    }
    wanted = asked[Ids(str(ctx.triggered_id))]
    return no_update if wanted == held else _clock(situation_id, queries.move_clock(store(), situation_id, wanted))


def _clock(situation_id: str, held: date) -> dict[str, Any]:
    """Return what the page keeps of the clock: situation, day, the forecast run shown then, and the number of rows."""
    run = queries.forecast_run(View(store(), situation_id, held))
    shown = {"situation": situation_id, "as_of": held.isoformat(), "run": None if run is None else int(run["id"])}
    return shown | {"changes": listener().number}


@callback(
    Output(Ids.DATE, "date"),
    Output(Ids.DATE, "min_date_allowed"),
    Output(Ids.DATE, "max_date_allowed"),
    Output(Ids.SLIDER, "value"),
    Output(Ids.SLIDER, "max"),
    Output(Ids.SLIDER, "marks"),
    Output(Ids.ISSUED, "children"),
    Input(Ids.CLOCK, "data"),
    prevent_initial_call=True,
)
@threaded
def show_clock(clock: dict[str, Any]) -> tuple[Any, ...]:
    """Set the clock's controls to where it stands and name the forecast that is shown."""
    view = _view(clock)
    first, last = queries.period(view.store, view.situation_id)
    run = queries.forecast_run(view)
    said = clocks.issued(None if run is None else run["origin_date"].date(), view.as_of_date)
    day_number = (view.as_of_date - first).days
    limits = (view.as_of_date.isoformat(), first.isoformat(), last.isoformat())
    return *limits, day_number, (last - first).days, clocks.marks(first, last), said


@callback(
    Output(Ids.MAP_DATA, "data"),
    Output(Ids.TABLE, "rowData"),
    Output(Ids.SUMMARY, "children"),
    Input(Ids.CLOCK, "data"),
    Input(Ids.HORIZON, "value"),
    prevent_initial_call=True,
)
@threaded
def show_situation(clock: dict[str, Any], horizon_days: int) -> tuple[Any, ...]:
    """Draw the map and the table."""
    view = _view(clock)
    points = queries.classed_points(view, _horizon(horizon_days))
    sites = queries.sites(view, _horizon(horizon_days))
    query = f"?as_of={view.as_of_date}&days={EVENT_DAYS}"
    tiles = {layer: f"/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt{query}" for layer in ("conflict", "hazard")}
    drawn = map_data(points, sites, queries.routes(view), tiles, None)
    rows = point_table.rows(points, view.of(Link), queries_late.counted(view))
    return drawn, rows, point_panel.summary(view, points, horizon_days)


@callback(Output(Ids.STRIP, "children"), Input(Ids.CLOCK, "data"), prevent_initial_call=True)
@threaded
def show_sources(clock: dict[str, Any]) -> Any:
    """Say how old each source is; the map does not wait for it."""
    view = _view(clock)
    titles = {s.spec.id: s.spec.title for s in sources().values() if any(t.content_time for t in s.spec.tables)}
    return source_strip(queries.source_states(view), titles, datetime.now(UTC), view.instant)


@callback(Output(Ids.WARNINGS, "children"), Input(Ids.CLOCK, "data"), prevent_initial_call=True)
@threaded
def show_warnings(clock: dict[str, Any]) -> Any:
    """Say which public warnings were in force."""
    view = _view(clock)
    return alert_list(queries_alerts.alerts(view), view.as_of_date)


@callback(Output(Ids.SELECTED, "data"), Input(Ids.TABLE, "selectedRows"), prevent_initial_call=True)
def select_row(selected: list[dict[str, Any]] | None) -> Any:
    """Select on the map what was selected in the table."""
    return selected[0]["id"] if selected else no_update


@callback(
    Output(Ids.DETAIL, "children"),
    Input(Ids.SELECTED, "data"),
    Input(Ids.CLOCK, "data"),
    Input(Ids.HORIZON, "value"),
    prevent_initial_call=True,
)
@threaded
def show_place(place_id: str | None, clock: dict[str, Any] | None, horizon_days: int) -> Any:
    """Open a border point or a site."""
    if not clock:
        return no_update
    view = _view(clock)
    if not place_id or not place_id.startswith(f"{view.situation_id}:"):
        return point_panel.invitation()
    return point_panel.panel(view, place_id, _horizon(horizon_days), Ids)


@callback(
    Output(Ids.WHAT_IF_RESULT, "children"),
    *[Input(f"what-if-{line}", "value") for line in gap.LINES],
    State(Ids.WHAT_IF_PLACE, "data"),
    State(Ids.CLOCK, "data"),
    prevent_initial_call=True,
)
@threaded
def show_what_if(*arguments: Any) -> list[Any]:
    """Show the gap that the typed capacities would leave."""
    typed = dict(zip(gap.LINES, arguments, strict=False))
    place_id, clock = arguments[-2:]
    return point_panel.what_if_result(_view(clock), str(place_id), typed)


@callback(
    Output(Ids.CLOSING_RESULT, "children"),
    Input(Ids.CLOSING, "value"),
    State(Ids.WHAT_IF_PLACE, "data"),
    State(Ids.HORIZON, "value"),
    State(Ids.CLOCK, "data"),
)
@threaded
def show_closing(asked: list[str] | None, place_id: str, horizon_days: int, clock: dict[str, Any] | None) -> list[Any]:
    """Show where people would have to go if a crossing closed; a new horizon or day draws the panel anew."""
    if not asked or not clock:
        return []
    days, view = _horizon(horizon_days), _view(clock)
    run = queries.forecast_run(view)
    found = queries_closing.if_closed(view, place_id, days)
    return closing.result(found, place_id, days, None if run is None else run["origin_date"].date())


def _view(clock: dict[str, Any]) -> View:
    """Return the view that a clock names."""
    return View(store(), str(clock["situation"]), date.fromisoformat(clock["as_of"]))


def _horizon(asked: Any) -> int:
    """Return a horizon we offer, whatever the browser sent."""
    return asked if asked in HORIZONS_DAYS else 30
