"""What the expected people need, by sector, from editable standards."""

from itertools import groupby
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.words import TRUST_MARK, people

OPEN_SECTORS = {"water", "shelter", "food"}
MIDDLE = html.Abbr("Middle", title="P50, the median: as likely more as fewer people arrive", className="term")
HIGH = html.Abbr("High", title="P90: in nine of ten cases no more people arrive", className="term")


def needs_table(needs: pd.DataFrame, middle: float, high: float, days: int) -> list[Any]:
    """Return needs at the median and at P90 of the cumulative arrivals over ``days``, folded by sector.

    ``needs`` is what `models.planning.needs.needs` returns for ``p50`` and ``p90``.
    """
    said = (
        f"For {people(middle)} people arriving within {days} days (middle: as likely more as fewer) and for "
        f"{people(high)} (high: one chance in ten of more), all of them staying. "
    )
    note = html.P([said, "Standards can be changed on the page ", dcc.Link("Standards", href="/standards"), "."])
    by_sector = groupby(needs.itertuples(), key=lambda row: row.sector)
    return [note, *[_sector(sector, list(rows)) for sector, rows in by_sector]]


def _sector(sector: str, rows: list[Any]) -> html.Details:
    """Return one sector's needs."""
    head = html.Tr([html.Th(title, scope="col") for title in ("Need", MIDDLE, HIGH, "Unit", "Source")])
    body = []
    for row in rows:
        mark = html.Abbr(row.trust_mark, title=TRUST_MARK[row.trust_mark], className=f"mark-{row.trust_mark}")
        cells = [html.Td(row.title, title=row.formula)]
        for value, title in ((row.p50, "Middle"), (row.p90, "High")):
            cells.append(html.Td(quantity(value), className="number", **{"data-label": title}))
        source = [mark, html.Span(row.source, className="source", title=row.source)]
        cells += [html.Td(row.unit, **{"data-label": "Unit"}), html.Td(source, **{"data-label": "Source"})]
        body.append(html.Tr(cells))
    table = html.Table([html.Thead(head), html.Tbody(body)], className="plain cards needs")
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
