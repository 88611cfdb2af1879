"""What a table that somebody sent would change, and what is wrong with it, for a person to decide on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from dash import html

from dashboard.words import day
from etl.intake import Preview
from etl.plain_words import Problem

MOST_SHOWN = 200
MEND = (
    "Nothing is loaded while a row has problems: mend it in your file and choose the file again, or leave such rows "
    "out by the choice at the end of this page."
)
_NOTHING = "–"
_CHANGES = {"new": "new", "revised": "changed", "deleted": "withdrawn"}


def summary(preview: Preview) -> html.Div:
    """Return in a line what would happen, with the days it is about."""
    if preview.refusal:
        return html.Div(f"This file cannot be used: {preview.refusal}.", className="refused", role="alert")
    rows = len({problem.place for problem in preview.problems})
    parts = [
        f"{preview.counts['new']:,} new",
        f"{preview.counts['revised']:,} changed",
        *([f"{gone:,} withdrawn"] if (gone := preview.counts.get("deleted", 0)) else []),
        f"{preview.counts['unchanged']:,} known already",
        f"{rows:,} with problems",
    ]
    span = f" Days from {day(preview.span[0])} to {day(preview.span[1])}: is that right?" if preview.span else ""
    notes = html.Ul([html.Li(note) for note in preview.notes[:MOST_SHOWN]]) if preview.notes else None
    kind = "refused" if rows else "agreed"
    return html.Div(
        [html.Strong(" · ".join(parts)), html.Span(f".{span}"), html.P(MEND) if rows else None, notes], className=kind
    )


def problems_table(problems: Sequence[Problem]) -> html.Div | None:
    """Return the problems by row and column, None where there are none."""
    if not problems:
        return None
    body = [
        html.Tr([html.Td(p.place), html.Td(p.column), html.Td(p.value), html.Td([_reason(p), _hint(p.hint)])])
        for p in problems[:MOST_SHOWN]
    ]
    first = f", the first {MOST_SHOWN} shown" if len(problems) > MOST_SHOWN else ""
    title = f"What to mend: {_counted(problems)}{first}"
    return _table(title, ("Where", "Column", "It says", "What is wrong, and what to do"), body, "plain problems")


def changes_table(changes: pd.DataFrame) -> html.Div | None:
    """Return the rows that a load would bring, with what was known before where it changes; None for none.

    What is the same in all of several rows is said once above them, so that the figures are in view on a phone.
    """
    if changes.empty:
        return None
    named = [c for c in changes.columns if c != "change" and not c.startswith("before_")]
    content = [c for c in named if (changes[[c, f"before_{c}"]].map(_said) != _NOTHING).any(axis=None)]
    same = [c for c in content if len(changes) > 1 and _is_same(changes, c)]
    said = "; ".join(f"{c.replace('_', ' ')} {_said(changes[c].iloc[0])}" for c in same)
    content = [c for c in content if c not in same]
    body = [
        html.Tr([html.Td(_CHANGES[row["change"]]), *(html.Td(_cell(row, column)) for column in content)])
        for row in changes.head(MOST_SHOWN).to_dict("records")
    ]
    more = f" (the first {MOST_SHOWN})" if len(changes) > MOST_SHOWN else ""
    table = _table(f"What would change{more}", ("", *(c.replace("_", " ") for c in content)), body)
    return html.Div([table, html.P(f"In every row: {said}.") if said else None])


def _is_same(changes: pd.DataFrame, column: str) -> bool:
    """Tell whether a column says one thing in all rows, and changes in none."""
    now, before = changes[column].map(_said), changes[f"before_{column}"].map(_said)
    return now.nunique() == 1 and bool(((now == before) | (changes["change"] != "revised")).all())


def _reason(problem: Problem) -> str:
    """Return what is wrong without the column and the value, which stand beside it.

    >>> _reason(Problem("row 7", "people", "~5", "people is no plain number (~5)"))
    'is no plain number'
    >>> _reason(Problem("row 9", "start_date", "2026-03-02", "start_date, end_date: end_date is before start_date"))
    'end_date is before start_date'
    """
    if not problem.column:
        return problem.reason
    said = problem.reason.removesuffix(f" ({problem.value})")
    listed, colon, rest = said.partition(": ")
    if colon and set(listed.split(", ")) >= {problem.column}:
        return rest
    return said if said.startswith(f"{problem.column} and ") else said.removeprefix(f"{problem.column} ")


def _counted(problems: Sequence[Problem]) -> str:
    """Return how many cells of how many rows.

    >>> _counted([Problem("row 4", "people", "", ""), Problem("row 4", "line", "", "")])
    '2 problems in 1 row'
    """
    cells, rows = len(problems), len({problem.place for problem in problems})
    return f"{cells:,} problem{'s' * (cells != 1)} in {rows:,} row{'s' * (rows != 1)}"


def _table(title: str, headings: Sequence[str], body: list[html.Tr], kind: str = "plain") -> html.Div:
    """Return a titled table that scrolls by itself on a narrow screen."""
    head = html.Thead(html.Tr([html.Th(heading) for heading in headings]))
    table = html.Table([head, html.Tbody(body)], className=kind)
    return html.Div([html.H2(title), html.Div(table, className="scroll")])


def _hint(hint: str) -> html.Div | None:
    """Return what to do, on a line of its own."""
    return html.Div(hint[:1].upper() + hint[1:], className="hint") if hint else None


def _cell(row: dict[Any, Any], column: str) -> Any:
    """Return a value, struck out where it is withdrawn, and the one before it where that was another."""
    value = _said(row[column])
    if row["change"] == "deleted" and value != _NOTHING:
        return html.Del(value)
    if row["change"] != "revised" or _said(row[f"before_{column}"]) == value:
        return value
    return [html.Del(_said(row[f"before_{column}"])), " ", html.Strong(value)]


def _said(value: Any) -> str:
    """Return a value as it is shown; a figure that is missing was not counted."""
    if value is None or value is pd.NaT or value == "" or (isinstance(value, float) and pd.isna(value)):
        return _NOTHING
    if isinstance(value, date):
        return day(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
