"""What the expected people need, by sector, from editable standards."""

from itertools import groupby
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.words import TRUST_MARK, people

OPEN_SECTORS = {"water", "shelter", "food"}


def needs_table(needs: pd.DataFrame, middle: float, high: float, days: int) -> list[Any]:
    """Return needs at the median and at P90 of the cumulative arrivals over ``days``, folded by sector.

    ``needs`` is what `models.planning.needs.needs` returns for ``p50`` and ``p90``.
    """
    said = (
        f"For {people(middle)} (P50) and {people(high)} (P90) people arriving within {days} days, all of them staying. "
    )
    note = html.P([said, "Standards can be changed on the page ", dcc.Link("Standards", href="/standards"), "."])
    by_sector = groupby(needs.itertuples(), key=lambda row: row.sector)
    return [note, *[_sector(sector, list(rows)) for sector, rows in by_sector]]


def _sector(sector: str, rows: list[Any]) -> html.Details:
    """Return one sector's needs."""
    head = html.Tr([html.Th("Need"), html.Th("P50"), html.Th("P90"), html.Th("Unit"), html.Th("Source")])
    body = []
    for row in rows:
        mark = html.Abbr(row.trust_mark, title=TRUST_MARK[row.trust_mark], className=f"mark-{row.trust_mark}")
        source = html.Td([mark, html.Span(row.source, className="source", title=row.source)])
        title = html.Td(row.title, title=row.formula)
        numbers = [html.Td(quantity(value), className="number") for value in (row.p50, row.p90)]
        body.append(html.Tr([title, *numbers, html.Td(row.unit), source]))
    table = html.Table([html.Thead(head), html.Tbody(body)], className="plain needs")
    summary = html.Summary(f"{sector.replace('_', ' ').capitalize()} ({len(rows)})")
    return html.Details([summary, html.Div(table, className="scroll")], open=sector in OPEN_SECTORS, className="sector")


def quantity(value: float) -> str:
    """Return a quantity without false precision.

    >>> quantity(1234.4), quantity(2.25), quantity(0.01), quantity(0)
    ('1,234', '2.2', '<0.1', '0')
    """
    if 0 < value < 0.1:
        return "<0.1"
    return f"{value:,.0f}" if value >= 10 or float(value).is_integer() else f"{value:,.1f}"
