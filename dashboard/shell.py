"""What surrounds every page: name, navigation, and the footer with purpose and disclaimer."""

import dash
from dash import dcc, html

from dashboard.words import DISCLAIMER, PURPOSE


def shell() -> html.Div:
    """Return the frame around the pages."""
    pages = sorted(dash.page_registry.values(), key=lambda page: page["order"] or 0)
    links = [dcc.Link(page["name"], href=page["relative_path"], className="nav-link") for page in pages]
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
            html.Main(dash.page_container, id="content", className="content"),
            html.Footer([html.P(PURPOSE), html.P(DISCLAIMER)], className="foot"),
        ],
        className="shell",
    )
