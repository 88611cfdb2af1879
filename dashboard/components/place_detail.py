"""What is known, expected and missing at one border point or site."""

from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.words import IMPACT, STATUS, count, day, people, spread
from etl.countries import names

_GRAPH = {"displayModeBar": False, "responsive": True}


def point_heading(point: Any, horizon_days: int) -> list[Any]:
    """Return name, countries, status and the expected arrivals of a point."""
    since = "" if pd.isna(point.status_since_date) else f" since {day(point.status_since_date)}"
    facts = [
        " – ".join(names().get(iso3, iso3) for iso3 in (point.origin_iso3, point.host_iso3)),
        STATUS[point.status] + since,
    ]
    if point.coordinate_quality == "derived_approximate":
        facts.append("position derived, approximate")
    return [
        html.H2(point.name, id="place-name"),
        html.P(" · ".join(facts), className="facts"),
        _headline(point, horizon_days),
    ]


def _headline(point: Any, horizon_days: int) -> html.Div:
    """Say how many people are expected."""
    if pd.isna(point.q50):
        return html.Div("No forecast: no arrivals are known for this point by this date.", className="headline none")
    return html.Div(
        [
            html.Span(
                people(point.q50), className="figure", id="expected-arrivals", **{"data-value": f"{point.q50:.6f}"}
            ),
            html.Span(f"people expected in {horizon_days} days (forecast, median)"),
            html.Span(f"80 % range {people(point.q10)} to {people(point.q90)}", className="range"),
            html.Span(f"impact class {IMPACT[int(point.impact)]}", className="impact"),
        ],
        className="headline",
    )


def site_heading(site: Any, horizon_days: int) -> list[Any]:
    """Return name, last report and expected stock of a site."""
    reported = "not reported by this date" if pd.isna(site.people) else f"reported on {day(site.report_date)}"
    kind = site.site_kind.replace("_", " ") if isinstance(site.site_kind, str) else "site"
    parts = [
        html.H2(site.name, id="place-name"),
        html.P(f"{kind} · {site.country_iso3}" + (f" · {site.note}" if site.note else ""), className="facts"),
        html.Div(
            [
                html.Span(count(site.people), className="figure", id="registered", **{"data-value": str(site.people)}),
                html.Span(f"people registered, {reported}"),
            ],
            className="headline",
        ),
    ]
    if not pd.isna(site.q50):
        expected = spread(site.q10, site.q50, site.q90)
        parts.append(html.P(f"Forecast in {horizon_days} days: {expected} people present, 80 % range in brackets."))
    return parts


def section(title: str, *children: Any) -> html.Section:
    """Return a titled part of the panel."""
    return html.Section([html.H3(title), *children], className="part")


def graph(figure: Any, graph_id: str) -> dcc.Graph:
    """Return a quiet chart."""
    return dcc.Graph(figure=figure, id=graph_id, config=_GRAPH, className="fan")


def driver_list(drivers: pd.DataFrame) -> Any:
    """Return the computed reasons, or say that there are none."""
    if drivers.empty:
        return html.P("No forecast, so no reasons.", className="quiet")
    return html.Ul([html.Li(d.sentence) for d in drivers.itertuples()], className="drivers")


def sites_fed(links: pd.DataFrame) -> Any:
    """Name the sites that a point feeds."""
    if links.empty:
        return html.P("No site is known to be fed by this point.", className="quiet")
    return html.Ul([html.Li(f"{row.name} ({row.distance_km:,.0f} km by road)") for row in links.itertuples()])


SHOWN_MODELS = {"chosen": "shown here", "last_value": "last value", "damped_trend": "damped trend",
                "gradient_boosting": "gradient boosting"}  # fmt: skip


def scorecard(scores: pd.DataFrame) -> Any:
    """Show how the models did at a place: error, error against repeating the last value, and the range's hit rate."""
    some = scores[(scores["measure"] == "stock") & scores["model_name"].isin(list(SHOWN_MODELS))]
    if some.empty:
        words = "Not scored yet: no forecast made for this place could be checked by this date."
        return html.P(words, className="quiet")
    table = some.pivot_table(index=["horizon_days", "model_name"], columns="metric", values="value").reset_index()
    wanted = (("horizon_days", "Days ahead", "{:.0f}"), ("mae", "Mean error, people", "{:,.0f}"),
              ("rmae", "Against last value", "{:.2f}"), ("coverage_80", "80 % range held", "{:.0%}"))  # fmt: skip
    columns = [(name, title, form) for name, title, form in wanted if name in table]
    body = []
    for _, row in table.iterrows():
        cells = ["–" if pd.isna(row[name]) else form.format(row[name]) for name, _, form in columns]
        body.append(html.Tr([html.Td(SHOWN_MODELS[row["model_name"]]), *[html.Td(cell) for cell in cells]]))
    head = html.Tr([html.Th("Model"), *[html.Th(title) for _, title, _ in columns]])
    note = f"People registered, over {int(some['forecasts'].max())} forecasts at most. Below 1 beats the last value."
    return html.Div(
        [html.Table([html.Thead(head), html.Tbody(body)], className="plain"), html.P(note, className="quiet")]
    )
