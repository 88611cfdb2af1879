"""How far the forecasts can be trusted: what was forecast, what then happened, place by place, at the replay clock."""

from datetime import date
from enum import StrEnum
from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update

from dashboard import queries, queries_scores
from dashboard.chosen import follow, offered
from dashboard.components.place_detail import graph
from dashboard.components.scorecard import meanings, sentences, table, to_run
from dashboard.database import store
from dashboard.figures.judged import judged_forecasts
from dashboard.queries import View
from dashboard.threads import threaded
from dashboard.words import day
from dashboard.words_scores import MEASURES, trust
from models.card import card
from models.paths import HORIZON_DAYS

dash.register_page(__name__, path="/scorecard", name="Scorecard", order=1.5, title="Scorecard · Waypost")

POLL_MILLISECONDS = 5_000
DEFAULT_HORIZON = 30


class Ids(StrEnum):
    """The ids of this page."""

    SITUATION = "scorecard-situation"
    HORIZON = "scorecard-horizon"
    MEASURE = "scorecard-measure"
    POLL = "scorecard-poll"
    CLOCK = "scorecard-clock"
    KNOWN = "scorecard-known"
    SENTENCES = "scorecard-sentences"
    PLACE = "scorecard-place"
    CHART = "scorecard-chart"
    GRAPH = "scorecard-graph"
    TABLE = "scorecard-table"
    CARD = "scorecard-card"
    CARD_FILE = "scorecard-card-file"


def layout(**_: Any) -> html.Div:
    """Return the page; callbacks fill it."""
    horizons = [{"label": f"{days} days", "value": days} for days in HORIZON_DAYS]
    measures = [{"label": title, "value": measure} for measure, title in MEASURES.items()]
    return html.Div(
        [
            html.H1("How far can I trust the forecasts?"),
            dcc.Interval(id=Ids.POLL, interval=POLL_MILLISECONDS),
            dcc.Store(id=Ids.CLOCK),
            html.Div(
                [
                    html.Label("Situation", htmlFor=Ids.SITUATION),
                    dcc.Dropdown(id=Ids.SITUATION, clearable=False, persistence=True, className="situation"),
                    html.Label("Ahead", htmlFor=Ids.HORIZON),
                    dcc.RadioItems(horizons, DEFAULT_HORIZON, id=Ids.HORIZON, inline=True, className="segments"),
                ],
                className="controls",
            ),
            html.Div(
                [
                    html.Label("What", htmlFor=Ids.MEASURE),
                    dcc.RadioItems(measures, "stock", id=Ids.MEASURE, inline=True, className="segments"),
                ],
                className="controls",
            ),
            html.P(id=Ids.KNOWN, className="quiet", role="status"),
            html.Div(id=Ids.SENTENCES),
            html.H2("Forecast and what happened"),
            html.Label("Place", htmlFor=Ids.PLACE),
            dcc.Dropdown(id=Ids.PLACE, clearable=False, className="data-situation"),
            html.Div(id=Ids.CHART),
            html.H2("By place"),
            html.Div(id=Ids.TABLE, className="scroll"),
            meanings(),
            html.Button("Download the model card", id=Ids.CARD, n_clicks=0, className="button"),
            dcc.Download(id=Ids.CARD_FILE),
        ]
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
    Input(Ids.SITUATION, "value"),
    Input(Ids.POLL, "n_intervals"),
    State(Ids.CLOCK, "data"),
)
@threaded
def follow_clock(situation_id: str | None, _: int | None, shown: dict[str, Any] | None) -> Any:
    """Show the day of the shared replay clock, whoever moved it, and forecasts as they are computed."""
    return follow(situation_id, shown, _clock)


def _clock(situation_id: str, held: date) -> dict[str, Any]:
    """Return what the page keeps of the clock: situation, day, and how far the forecasts are computed."""
    progress = queries.progress(store(), situation_id)
    return {"situation": situation_id, "as_of": held.isoformat(), "progress": progress}


@callback(
    Output(Ids.KNOWN, "children"),
    Output(Ids.SENTENCES, "children"),
    Output(Ids.TABLE, "children"),
    Output(Ids.PLACE, "options"),
    Output(Ids.PLACE, "value"),
    Input(Ids.CLOCK, "data"),
    Input(Ids.HORIZON, "value"),
    Input(Ids.MEASURE, "value"),
    State(Ids.PLACE, "value"),
    prevent_initial_call=True,
)
@threaded
def show_cards(clock: dict[str, Any] | None, horizon: Any, measure: Any, chosen: str | None) -> tuple[Any, ...]:
    """Say for each place how its past forecasts did, and offer those that can be drawn."""
    if not clock:
        return (no_update,) * 5
    view = _view(clock)
    horizon_days, of = _asked(horizon, measure)
    forecasts, places = queries_scores.judged(view), queries_scores.places(view)
    cards = queries_scores.cards(forecasts, of, horizon_days)
    drawn = places[places["id"].isin(cards.index)]
    options = [{"label": row.name, "value": row.id} for row in drawn.itertuples(index=False)]
    most = cards.loc[drawn["id"], "forecasts"].idxmax() if len(drawn) else None
    said: Any = sentences(places, cards, of, horizon_days)
    if forecasts.empty:
        said = to_run(view.situation_id, issued=queries.forecast_run(view) is not None)
    return (
        _known(view, clock["progress"]),
        said,
        table(places, cards, view.instant),
        options,
        chosen if chosen in cards.index else most,
    )


def _known(view: View, progress: str) -> str:
    """Say which day's knowledge is shown, and what is still missing."""
    until = queries_scores.stored_until(view)
    scored = f"Back-test stored with counts until {day(until)}" if until else "No back-test is stored up to this date"
    parts = [f"As known on {day(view.as_of_date)}, the day of the replay clock", scored, progress]
    return ". ".join(part for part in parts if part) + "."


@callback(
    Output(Ids.CHART, "children"),
    Input(Ids.PLACE, "value"),
    Input(Ids.CLOCK, "data"),
    Input(Ids.HORIZON, "value"),
    Input(Ids.MEASURE, "value"),
    prevent_initial_call=True,
)
@threaded
def show_chart(place_id: str | None, clock: dict[str, Any] | None, horizon: Any, measure: Any) -> Any:
    """Draw the checked forecasts of a place."""
    if not clock:
        return no_update
    horizon_days, of = _asked(horizon, measure)
    every = queries_scores.judged(_view(clock))
    rows = every[(every["place_id"] == place_id) & (every["measure"] == of) & (every["horizon_days"] == horizon_days)]
    if rows.empty:
        return html.P("No forecast of a place could be checked at this horizon by this date.", className="quiet")
    unit = {"stock": "people present", "arrivals": f"people arriving in {horizon_days} days"}[of]
    said = trust("Shown", queries_scores.cards(rows, of, horizon_days).loc["all"], of, horizon_days)
    return [graph(judged_forecasts(rows, unit), Ids.GRAPH), html.P(said, className="quiet")]


@callback(
    Output(Ids.CARD_FILE, "data"),
    Input(Ids.CARD, "n_clicks"),
    State(Ids.CLOCK, "data"),
    prevent_initial_call=True,
)
@threaded
def download_card(clicks: int | None, clock: dict[str, Any] | None) -> Any:
    """Hand out the model card of the situation as Markdown, as known on the clock's day."""
    if not clicks or not clock:
        return no_update
    view = _view(clock)
    name = f"model-card-{view.situation_id}-{view.as_of_date}.md"
    return {"content": card(view.store, view.situation_id, view.as_of_date), "filename": name, "type": "text/markdown"}


def _view(clock: dict[str, Any]) -> View:
    """Return the view that a clock names."""
    return View(store(), str(clock["situation"]), date.fromisoformat(clock["as_of"]))


def _asked(horizon: Any, measure: Any) -> tuple[int, str]:
    """Return a horizon and a measure we offer, whatever the browser sent."""
    return horizon if horizon in HORIZON_DAYS else DEFAULT_HORIZON, measure if measure in MEASURES else "stock"
