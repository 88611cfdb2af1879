"""What the signs on the map mean."""

from dash import html

from dashboard.figures.palette import IMPACT_COLOUR, NO_FORECAST_COLOUR, SITE_COLOUR

_IMPACT = {
    1: "negligible",
    2: "minor",
    3: "moderate: up to 500 a day",
    4: "severe: up to 1,000 a day",
    5: "critical: over 1,000 a day",
}


def legend() -> html.Details:
    """Return the legend: it can be folded away on a small screen."""
    rows = [
        *(_row("dot", colour, f"{level} {_IMPACT[level]}") for level, colour in IMPACT_COLOUR.items()),
        _row("dot hollow", NO_FORECAST_COLOUR, "no forecast: nothing reported yet"),
        _row("bar", "#22333f", "closed: people are diverted"),
        _row("square", SITE_COLOUR, "site, size by people registered"),
        _row("spot", "#c65d21", "conflict in the last 90 days"),
        _row("outline", "#6a5a86", "area, wind or path of a natural hazard"),
    ]
    return html.Details(
        [
            html.Summary("Legend"),
            html.P(
                "Border points: size by expected arrivals, colour by UNHCR impact class. The table below says the same."
            ),
            html.Div(rows, className="legend-rows"),
        ],
        open=True,
        className="legend",
    )


def _row(shape: str, colour: str, text: str) -> html.Div:
    """Return one sign with its meaning."""
    return html.Div(
        [html.Span(className=f"sign {shape}", style={"--sign": colour}), html.Span(text)], className="sign-row"
    )
