"""How fresh each border point and site is, measured by its own rhythm."""

from datetime import datetime

import pandas as pd
from dash import html

from dashboard.components.source_state import badge
from dashboard.words import age, day
from data.freshness import LATENESS, State

KINDS = {"border_point": "border point", "site": "site", "situation": "situation"}


def place_table(places: pd.DataFrame, as_of: datetime) -> html.Table | html.P:
    """Return the places of `dashboard.queries_sources.point_freshness`, the latest first."""
    if places.empty:
        return html.P("No place of this situation had reported by then.", className="quiet")
    titles = ("Place", "State", "Newest report on", "We were told", "Usually reports")
    order = places["state"].map({str(state): -number for number, state in enumerate(LATENESS)})
    body = []
    for row in places.assign(order=order).sort_values(["order", "name"]).itertuples():
        rhythm = "too few reports to tell" if pd.isna(row.interval_days) else f"every {row.interval_days} days"
        cells = (
            [row.name, html.Div(KINDS.get(row.kind, row.kind), className="quiet")],
            badge(State(row.state)),
            [day(row.newest_date), html.Div(age(pd.Timestamp(row.newest_date, tz="UTC"), as_of), className="quiet")],
            age(row.told_at, as_of),
            rhythm,
        )
        body.append(html.Tr([html.Td(c, **{"data-label": t}) for t, c in zip(titles, cells, strict=True)]))
    head = html.Thead(html.Tr([html.Th(title, scope="col") for title in titles]))
    return html.Table([head, html.Tbody(body)], className="plain cards")
