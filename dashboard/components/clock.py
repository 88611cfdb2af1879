"""The replay clock: which moment of a situation everybody is shown."""

from datetime import date, timedelta
from typing import Any

from dash import dcc, html

from dashboard.words import day

STEP_DAYS = 14
FORECAST_DAYS = 90
"""How far a forecast looks ahead: an older one is about days that are over."""
MOST_MARKS = 7
"""As many months as can be written along the slider without lying over each other."""


def clock_bar(ids: Any) -> html.Section:
    """Return the clock's controls; ``ids`` is the page's enum of ids."""
    return html.Section(
        [
            html.Label("World as known on", htmlFor=ids.DATE, className="clock-label"),
            html.Button("◀ 14 days", id=ids.BACK, className="button", **{"aria-label": "14 days back"}),
            dcc.DatePickerSingle(id=ids.DATE, display_format="D MMM YYYY", className="clock-date"),
            html.Button("14 days ▶", id=ids.FORTH, className="button", **{"aria-label": "14 days on"}),
            html.Div(
                dcc.Slider(id=ids.SLIDER, min=0, max=1, step=1, value=0, marks=None, updatemode="mouseup"),
                className="clock-slider",
            ),
            html.Div(
                [html.Strong(id=ids.ISSUED, role="status"), html.Span(id=ids.PROGRESS, className="progress")],
                className="clock-issued",
            ),
        ],
        className="clock",
        **{"aria-label": "Replay clock"},
    )


def marks(first: date, last: date) -> dict[int, str]:
    """Return slider marks (days since ``first``) at each half-year, over a long time at some of them.

    >>> marks(date(2013, 12, 1), date(2014, 8, 1))
    {31: 'Jan 2014', 212: 'Jul 2014'}
    """
    found = {}
    moment = first
    while moment <= last:
        if moment.day == 1 and moment.month in {1, 7}:
            found[(moment - first).days] = f"{moment:%b %Y}"
        moment += timedelta(days=1)
    return dict(list(found.items())[:: -(-len(found) // MOST_MARKS) or 1])


def issued(origin: date | None, as_of: date) -> str:
    """Say which forecast is shown and how old it is.

    >>> issued(date(2014, 2, 23), date(2014, 3, 1)), issued(None, date(2014, 3, 1))
    ('Forecast of 23 Feb 2014, 6 days old', 'No forecast issued by then')
    >>> issued(date(2014, 2, 23), date(2014, 7, 1))
    'Forecast of 23 Feb 2014, 128 days old: the 90 days it is about are over'
    """
    if origin is None:
        return "No forecast issued by then"
    age = (as_of - origin).days
    over = f": the {FORECAST_DAYS} days it is about are over" if age > FORECAST_DAYS else ""
    return f"Forecast of {day(origin)}" + (f", {age} day{'s' if age != 1 else ''} old{over}" if age else "")
