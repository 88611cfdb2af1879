"""The panel of one place: arrivals, reasons, capacity, needs and gap."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import html

from dashboard import queries, queries_late
from dashboard.components import closing
from dashboard.components import gap as gaps
from dashboard.components import place_detail as detail
from dashboard.components.lateness import chart_note, late_notes, sentences
from dashboard.components.needs_table import needs_table
from dashboard.figures.fan import arrivals_fan, stock_fan
from dashboard.queries import View
from dashboard.words import GAP, NOT_ASSESSED, people
from models.planning.capacity import Gap, gap
from models.planning.needs import PLAN_DAYS, needs


def invitation() -> html.Div:
    """Return what the panel says before a place is chosen."""
    return html.Div(
        [html.H2("Choose a border point"), html.P("Click one on the map or in the table below to see its forecast.")]
    )


def summary(view: View, points: pd.DataFrame, horizon_days: int) -> list[Any]:
    """Say what is expected over all points together; the range is not a sum of the points' ranges."""
    total = queries.total_expected(view, horizon_days)
    late = [html.Span(sentence, className="late") for sentence in sentences(queries_late.basis(view))]
    if total is None:
        return [html.Span("No forecast has been issued by this date."), *late]
    said = [
        html.B(people(total["q50"]), id="total-expected", **{"data-value": f"{total['q50']:.6f}"}),
        f" people expected at all points in {horizon_days} days, ",
        f"80 % range {people(total['q10'])}–{people(total['q90'])}",
    ]
    forecast = int(points["q50"].notna().sum())
    shut = int((points["status"] == "closed").sum())
    closed = (
        f"{shut} {'are' if shut > 1 else 'is'} closed: people are diverted, not stopped" if shut else "none is closed"
    )
    counts = f"{forecast} of {len(points)} points have a forecast; {closed}"
    return [html.Span(said), html.Span(counts), html.Span(doubt(float(total["q50"]), points["q50"].max())), *late]


def doubt(together: float, largest: float) -> str:
    """Say so where one point alone expects more than all together: those who count at the sites it feeds say otherwise.

    >>> doubt(0.0, 10_000.0)
    'At one point alone 10,000 are expected. The sum follows the sites that people are registered at: check both.'
    >>> doubt(5_200.0, 2_900.0), doubt(5_200.0, float("nan"))
    ('', '')
    """
    if not largest > 2 * together + 10:  # less is the rounding of medians and shares
        return ""
    sites = "The sum follows the sites that people are registered at: check both."
    return f"At one point alone {people(largest)} are expected. {sites}"


def panel(view: View, place_id: str, horizon_days: int, ids: Any) -> list[Any]:
    """Return the panel of a border point or a site; unknown ids get the invitation."""
    points = queries.classed_points(view, horizon_days)
    for point in points[points["id"] == place_id].itertuples():
        return _point(view, point, horizon_days, ids)
    sites = queries.sites(view, horizon_days)
    for site in sites[sites["id"] == place_id].itertuples():
        return _site(view, site, horizon_days)
    return [invitation()]


def _point(view: View, point: Any, horizon_days: int, ids: Any) -> list[Any]:
    """Return the panel of a border point."""
    as_of = pd.Timestamp(view.as_of_date)
    observed, forecast = queries.arrivals(view, point.id), queries.fan(view, point.id, "arrivals")
    capacities = queries.capacities(view, point.id)
    basis = queries_late.basis(view, point.id)
    sites = queries.linked_sites(view, point.id)
    return [
        *detail.point_heading(point, horizon_days),
        *late_notes(basis),
        detail.graph(arrivals_fan(observed, forecast, as_of, chart_note(basis)), "fan"),
        detail.section("Why", detail.driver_list(queries.drivers(view, point.id))),
        detail.section("Sites it feeds", detail.sites_fed(sites)),
        closing.switch(ids, point.id),
        detail.section("Capacity", _gap_now(capacities, point), gaps.capacity_lines(capacities)),
        gaps.what_if(ids, point.id),
        detail.section(f"Needs of {PLAN_DAYS} days' arrivals", *_needs(view, point.id)),
        detail.section("How good past forecasts were", *_scorecards(view, sites)),
    ]


def _site(view: View, site: Any, horizon_days: int) -> list[Any]:
    """Return the panel of a site."""
    as_of = pd.Timestamp(view.as_of_date)
    stocks = queries.stocks(view)
    basis, forecast = queries_late.basis(view, site.id), queries.fan(view, site.id, "stock")
    figure = stock_fan(stocks[stocks["place_id"] == site.id], forecast, as_of, chart_note(basis))
    capacities = gaps.capacity_lines(queries.capacities(view, site.id))
    return [
        *detail.site_heading(site, horizon_days),
        *late_notes(basis),
        detail.graph(figure, "fan"),
        detail.section("Why", detail.driver_list(queries.drivers(view, site.id))),
        detail.section("Capacity", capacities),
        detail.section("How good past forecasts were", detail.scorecard(queries.scores(view, site.id))),
    ]


def _scorecards(view: View, sites: pd.DataFrame) -> list[Any]:
    """Return the scores of the sites that a point feeds: there people are counted, so there forecasts are judged."""
    if sites.empty:
        return [html.P("Nobody counts at a site of this point, so its forecasts cannot be judged.", className="quiet")]
    parts: list[Any] = []
    for site in sites.head(2).itertuples():
        parts += [html.H4(site.name), detail.scorecard(queries.scores(view, site.site_id))]
    return parts


def _needs(view: View, point_id: str) -> list[Any]:
    """Return the needs table, or say why there is none."""
    expected = queries.fan(view, point_id, "arrivals", "cumulative")
    last = expected[expected["horizon_days"] == PLAN_DAYS]
    if last.empty:
        return [html.P("No forecast, so no needs are computed.", className="quiet")]
    middle, high = float(last["q50"].iloc[0]), float(last["q90"].iloc[0])
    return needs_table(needs(queries.standards(view.store), p50=middle, p90=high), middle, high, PLAN_DAYS)


def _gap_now(capacities: pd.DataFrame, point: Any) -> html.P:
    """Say the gap against assessed capacity."""
    known = dict.fromkeys(gaps.LINES) | dict(zip(capacities["line"], capacities["people"], strict=True))
    if pd.isna(point.q50):
        return html.P("Gap: no forecast to compare with.", id="gap-now")
    return html.P(said_gap(gap(known, point.people_per_day, point.q50)), id="gap-now")


def said_gap(found: Gap) -> str:
    """Say a gap in words.

    >>> said_gap(gap({"processing": None}, 10, 10))
    'Gap: not assessed. No capacity line of this place was ever assessed.'
    >>> said_gap(gap({"processing": 100, "water": None}, 150, 10))
    'Gap: overwhelmed. Limiting line: processing, 150 needed, 100 there, 50 short. Lines not assessed may be worse.'
    """
    if found.limiting is None:
        return f"Gap: {NOT_ASSESSED}. No capacity line of this place was ever assessed."
    line = found.limiting
    numbers = f"{people(line.needed)} needed, {people(line.capacity)} there, {people(line.short)} short"
    rest = " Lines not assessed may be worse." if found.partial else ""
    return f"Gap: {GAP[found.level]}. Limiting line: {line.line.replace('_', ' ')}, {numbers}.{rest}"


def what_if_result(view: View, place_id: str, typed: Mapping[str, Any]) -> list[Any]:
    """Return the gap that typed capacities would leave at P50 and P90 of the cumulative arrivals over 90 days."""
    capacities = {line: _number(value) for line, value in typed.items()}
    expected = queries.fan(view, place_id, "arrivals", "cumulative")
    last = expected[expected["horizon_days"] == PLAN_DAYS]
    if last.empty or all(value is None for value in capacities.values()):
        return []
    lines = []
    for name, column in (("Middle (P50)", "q50"), ("High (P90)", "q90")):
        total = float(last[column].iloc[0])
        found = gap(capacities, total / PLAN_DAYS, total)
        lines.append(html.P(f"{name} of {PLAN_DAYS} days' arrivals, all staying: {said_gap(found)}"))
    return lines


def _number(value: Any) -> float | None:
    """Return a typed capacity, None where the browser sent nothing usable."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 50_000_000
    return float(value) if usable else None
