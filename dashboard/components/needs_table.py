"""What the expected people need, by sector, from editable standards."""

from itertools import groupby
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.words import TRUST_MARK, people


def needs_table(needs: pd.DataFrame, middle: float, high: float, days: int) -> list[Any]:
    """Return needs at the median and at P90 of the cumulative arrivals over ``days``.

    ``needs`` has sector, title, unit, p50, p90, source, trust_mark, in order.
    """
    head = html.Tr([html.Th("Need"), html.Th("P50"), html.Th("P90"), html.Th("Unit"), html.Th("Source")])
    body = []
    for sector, rows in groupby(needs.itertuples(), key=lambda row: row.sector):
        body.append(html.Tr(html.Th(sector.replace("_", " "), colSpan=5, scope="rowgroup"), className="sector"))
        for row in rows:
            mark = html.Abbr(row.trust_mark, title=TRUST_MARK[row.trust_mark], className=f"mark-{row.trust_mark}")
            source = html.Td([mark, html.Span(row.source, className="source", title=row.source)])
            numbers = [html.Td(_quantity(row.p50), className="number"), html.Td(_quantity(row.p90), className="number")]
            body.append(html.Tr([html.Td(row.title), *numbers, html.Td(row.unit), source]))
    said = f"For {people(middle)} (P50) and {people(high)} (P90) people arriving within {days} days."
    return [
        html.P([said, " Standards can be changed on the page ", dcc.Link("Standards", href="/standards"), "."]),
        html.Div(html.Table([html.Thead(head), html.Tbody(body)], className="plain needs"), className="scroll"),
    ]


def _quantity(value: float) -> str:
    """Return a quantity without false precision."""
    return f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"
