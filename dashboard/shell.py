"""What surrounds every page: name, navigation, and the footer with purpose and disclaimer."""

import dash
from dash import ALL, Input, Output, State, callback, dcc, html
from sqlalchemy import text

from dashboard.database import store
from dashboard.faults import BANNER
from dashboard.threads import threaded
from dashboard.words import DISCLAIMER, PURPOSE

DOCUMENT = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <title>{%title%}</title>
        {%favicon%}
        {%css%}
    </head>
    <body>
        {%app_entry%}
        {%config%}
        {%scripts%}
        {%renderer%}
    </body>
</html>
"""
"""The document around the application: it says its language, which a screen reader needs."""
HEARTBEAT = "app-heartbeat"
HEARTBEAT_MILLISECONDS = 15_000


def shell() -> html.Div:
    """Return the frame around the pages."""
    links = [
        dcc.Link(page["name"], href=page["relative_path"], className="nav-link", id={"nav": page["path"]})
        for page in sorted(dash.page_registry.values(), key=lambda page: page["order"] or 0)
    ]
    return html.Div(
        [
            html.A("Skip to content", href="#content", className="skip"),
            html.Header(
                [
                    html.Div([html.Span(className="mark"), html.Span("Waypost")], className="brand"),
                    html.Nav(links, className="nav", **{"aria-label": "Pages"}),
                ],
                className="top",
            ),
            html.Div(id=BANNER, className="banner", role="alert"),
            dcc.Interval(id=HEARTBEAT, interval=HEARTBEAT_MILLISECONDS),
            html.Main(dash.page_container, id="content", className="content"),
            html.Footer([html.P(PURPOSE), html.P(DISCLAIMER)], className="foot"),
        ],
        className="shell",
    )


@callback(Output({"nav": ALL}, "className"), Input("_pages_location", "pathname"), State({"nav": ALL}, "href"))
def here(pathname: str, links: list[str]) -> list[str]:
    """Mark the link of the page that is shown.

    >>> here("/data", ["/", "/data"])
    ['nav-link', 'nav-link here']
    """
    return ["nav-link here" if link == pathname else "nav-link" for link in links]


@callback(Output(BANNER, "children"), Input(HEARTBEAT, "n_intervals"))
@threaded
def heal(_: int | None) -> str:
    """Clear the banner while the database answers; if it does not, the failure itself fills it."""
    with store().engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return ""
