"""What if this crossing closes: where people would have to go, and how much later; never a recommendation."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html

from dashboard.words import day
from models.routing import INFORMAL_SHARE
from models.where.diversion import LEAST_PEOPLE, NOBODY_IS_STOPPED, NOWHERE
from models.where.what_if import WALK_KM_PER_DAY

MOST_SHOWN = 12
TITLES = ("Crossing", "Expected anyway", "More (middle)", "More (high)", "Later by")
CLASSES = dict.fromkeys(TITLES[1:], "number") | {TITLES[0]: ""}


def switch(ids: Any, place_id: str) -> html.Section:
    """Return the switch and the place of the answer; it stays on while the same point is open."""
    question = {"label": "What if this crossing closes?", "value": "closed"}
    return html.Section(
        [
            dcc.Checklist(
                [question], [], id=ids.CLOSING, persistence=place_id, persistence_type="memory", className="closing"
            ),
            dcc.Loading(html.Div(id=ids.CLOSING_RESULT, role="status"), delay_show=300),
        ],
        className="what-if",
    )


def result(found: pd.DataFrame, place_id: str, days: int, issued_date: date | None) -> list[Any]:
    """Say what would become of the people expected at a crossing (`dashboard.queries_closing.if_closed`).

    ``issued_date`` is the day of the forecast, from which the days count; None without any.
    """
    note = html.P(f"{NOBODY_IS_STOPPED} Nothing is saved or shown to others.", className="note")
    if found.empty:
        return []
    (mine,) = found[found["place_id"] == place_id].to_dict("records")
    if mine["status"] == "closed":
        return [note, html.P("It is closed already, and the forecast that is shown takes that into account.")]
    if not mine["q90_before"] > 0:
        return [note, html.P("Nobody is forecast to come here, so nobody would have to go elsewhere.")]
    return [note, *_answer(mine, _others(found, place_id), f"in the {days} days after {day(issued_date)}")]


def whole(values: Iterable[float]) -> list[int]:
    """Return whole numbers whose sum is the rounded sum of the values.

    >>> whole([0.4, 0.4, 0.4]), whole([149.5, 850.5])
    ([0, 1, 0], [150, 850])
    """
    until = np.floor(np.cumsum([0.0, *values]) + 0.5)
    return [int(people) for people in np.diff(until)]


def _others(found: pd.DataFrame, place_id: str) -> pd.DataFrame:
    """Return where more people would be, the most first; beyond some crossings the others together."""
    more = {f"more_{q}": (found[f"{q}_after"] - found[f"{q}_before"]).clip(lower=0) for q in ("q50", "q90")}
    rows = found.assign(**more)[found["place_id"] != place_id].sort_values("more_q90", ascending=False, kind="stable")
    nowhere = rows["place_id"].isin(list(NOWHERE))
    counts = rows["more_q90"] >= LEAST_PEOPLE
    shown = rows[~nowhere & counts].iloc[:MOST_SHOWN]
    rest = rows[~nowhere].drop(index=shown.index)
    parts = [shown, rows[nowhere & counts]]
    if rest["more_q90"].sum() >= LEAST_PEOPLE:
        together = (
            rest.sum(numeric_only=True).to_frame().T.assign(name=f"{len(rest)} other crossings", delay_days=np.nan)
        )
        parts.insert(1, together)
    return pd.concat(parts, ignore_index=True)


def _answer(mine: dict[Any, Any], others: pd.DataFrame, span: str) -> list[Any]:
    """Return the sentence, the table and the sum of one closure."""
    p50 = whole([mine["q50_after"], *others["more_q50"]])
    p90 = whole([mine["q90_after"], *others["more_q90"]])
    total = f"{sum(p50):,} people (high: {sum(p90):,})"
    exact = {"data-before": f"{mine['q50_before']:.6f}", "data-kept": f"{mine['q50_after']:.6f}"}
    said = (
        f"Of {total} expected here {span}, {p50[0]:,} (high: {p90[0]:,}) would still cross here informally and "
        "the others would have to go another way:"
    )
    body = [_row(row, *more) for row, *more in zip(others.to_dict("records"), p50[1:], p90[1:], strict=True)]
    head = html.Thead(html.Tr([html.Th(title, scope="col", className=CLASSES[title]) for title in TITLES]))
    return [
        html.P(said, id="closing-said", **exact),
        html.Table([head, html.Tbody(body)], className="plain cards", id="closing-table"),
        html.P(f"Together {total}, as without the closure: nobody is lost from the count.", id="closing-total"),
        html.P(
            f"Assumed: {INFORMAL_SHARE:.0%} of those at an open crossing still cross when it closes; people walk "
            f"{WALK_KM_PER_DAY:.0f} km a day. Middle (P50) and high (P90) are each diverted as they stand and not to "
            "be added to another crossing's own range.",
            className="quiet",
        ),
    ]


def _row(row: dict[str, Any], p50: int, p90: int) -> html.Tr:
    """Return the line of one place."""
    is_point = row["place_id"] not in NOWHERE
    later = "–"
    if is_point and not pd.isna(row["delay_days"]):
        days = round(row["delay_days"])
        later = "no later" if not days else f"{days} day{'s' if days > 1 else ''}"
    cells = [row["name"], f"{row['q50_before']:,.0f}" if is_point else "–", f"+{p50:,}", f"+{p90:,}", later]
    return html.Tr(
        [
            html.Td(cell, **{"data-label": title}, className=CLASSES[title])
            for title, cell in zip(TITLES, cells, strict=True)
        ],
        **{"data-p50": f"{row['more_q50']:.6f}", "data-p90": f"{row['more_q90']:.6f}"},
    )
