"""The trust in the forecasts of a situation: a sentence for each place, and a table that becomes cards when narrow."""

from datetime import date, datetime
from typing import Any

import pandas as pd
from dash import html

from dashboard.components.source_state import badge
from dashboard.words import age, day
from dashboard.words_scores import drift_words, percent, skill_words, trust
from data.freshness import State
from models.metrics import INTERVALS

TITLES = (
    "Place", "Against the last value", *(f"In {p} % range" for p in INTERVALS), "Forecasts", "Newest count", "State",
    "Error, earlier → recent third", "Answered by",
)  # fmt: skip
NUMBERS = {"Forecasts", *(f"In {p} % range" for p in INTERVALS)}


def sentences(places: pd.DataFrame, cards: pd.DataFrame, measure: str, horizon_days: int) -> html.Ul | html.P:
    """Return a sentence for all places together and for each that could be checked; the others share one."""
    if cards.empty:
        words = f"No forecast {horizon_days} days ahead could be checked by this date."
        return html.P(words, className="note")
    held = places[places["id"].isin(cards.index)]
    said = [trust(row.name, cards.loc[row.id], measure, horizon_days) for row in held.itertuples(index=False)]
    lines = [html.Li(html.Strong(trust("All places together", cards.loc["all"], measure, horizon_days)))]
    lines += [html.Li(sentence) for sentence in said]
    rest = places.loc[~places["id"].isin(cards.index), "name"].tolist()
    if rest:
        lines.append(html.Li(trust(", ".join(rest), None, measure, horizon_days), className="quiet"))
    return html.Ul(lines)


def table(places: pd.DataFrame, cards: pd.DataFrame, as_of: datetime) -> html.Table | html.P:
    """Return the places of `dashboard.queries_scores.places` with their cards; ages are those at ``as_of``."""
    if places.empty:
        return html.P("No place of this situation had reported by then.", className="quiet")
    body = [_row(row, cards.loc[row.id] if row.id in cards.index else None, as_of) for row in places.itertuples()]
    head = html.Tr([html.Th(t, scope="col", className="number" if t in NUMBERS else "") for t in TITLES])
    return html.Table([html.Thead(head), html.Tbody(body)], className="plain cards")


def _row(place: Any, card: Any, as_of: datetime) -> html.Tr:
    """Return one place; a dash stands where nothing could be checked."""
    number = 0 if card is None else int(card["forecasts"])
    held = ["–" if card is None else percent(card[f"inside_{p}"] / number) for p in INTERVALS]
    cells = (
        place.name,
        "not checked yet" if card is None else skill_words(card["skill"]),
        *held,
        f"{number:,}",
        [day(place.newest_date), html.Div(_age(place.newest_date, as_of), className="quiet")],
        "–" if pd.isna(place.state) else badge(State(place.state)),
        "–" if card is None else drift_words(card["earlier_error"], card["recent_error"]),
        "no forecast" if pd.isna(place.model) else place.model,
    )
    return html.Tr(
        [
            html.Td(cell, className="number" if title in NUMBERS else "", **{"data-label": title})
            for cell, title in zip(cells, TITLES, strict=True)
        ]
    )


def _age(newest: date | None, as_of: datetime) -> str:
    """Say how old the newest count of a place is, nothing where it has none of its own."""
    return "" if pd.isna(newest) else age(pd.Timestamp(newest, tz="UTC"), as_of)


def to_run(situation_id: str, *, issued: bool) -> html.P:
    """Say what to run where nothing can be shown."""
    why = "No forecast made by this date could be checked by then." if issued else "No forecast is stored by this date."
    run = "The server computes what is missing beside its work; at once: "
    return html.P([f"{why} {run}", html.Code(f"python -m models backtest {situation_id}")], className="note")


def meanings() -> html.Details:
    """Say what the figures are and are not."""
    words = (
        "A forecast is checked where counts lie close on both sides of its day; between two counts the line is drawn "
        "straight. Arrivals are worked out from counts of people present where nobody counts at the border.",
        "“Closer” compares mean errors of the median with those of repeating the last value known then.",
        "Forecasts follow each other faster than their horizons end, so neighbouring ones share part of their luck: "
        "20 forecasts are worth less than 20 independent ones.",
        "A well-made 80 % range holds 8 of 10 counts: fewer means it is too narrow, all of them that it is wide.",
        "Recent third: the mean error as a share of what happened, of the newest third of the forecasts.",
    )
    return html.Details([html.Summary("What the figures mean"), html.Ul([html.Li(w) for w in words])], className="note")
