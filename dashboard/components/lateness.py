"""Say in words when what a chart rests on has stopped coming."""

from typing import Any

import pandas as pd
from dash import html

from dashboard.queries_late import Basis, Late, rests_on
from dashboard.words import day
from data.freshness import State

_SAID = {State.OVERDUE: "late", State.DELINQUENT: "stopped"}


def sentences(basis: Basis) -> list[str]:
    """Return what is late and since when, nothing where all is as usual.

    >>> sentences(Basis(places=3, late_places=2, state=State.DELINQUENT, newest_date=pd.Timestamp("2026-03-03")))
    ['Counts have stopped at 2 of 3 places: the newest day counted is 3 Mar 2026.']
    >>> sentences(Basis(late=(Late("Violence", State.OVERDUE, pd.Timestamp("2026-03-03", tz="UTC")),)))
    ['Violence is late: its newest content is of 3 Mar 2026.']
    >>> sentences(Basis(places=3, newest_date=pd.Timestamp("2026-03-03")))
    []
    """
    said = []
    if basis.late_places:
        where = "" if basis.places == 1 else f" at {basis.late_places} of {basis.places} places"
        how = "have stopped" if basis.state is State.DELINQUENT else "are late"
        said.append(f"Counts {how}{where}: the newest day counted is {day(basis.newest_date)}.")
    return said + [_feed(one) for one in basis.late]


def _feed(one: Late) -> str:
    """Say how late a feed is."""
    how = "has stopped" if one.state is State.DELINQUENT else "is late"
    newest = "" if one.newest_at is None else f": its newest content is of {day(one.newest_at)}"
    return f"{one.title} {how}{newest}."


def based_on(basis: Basis) -> str:
    """Say how old the data of a forecast are, nothing where they are as new as usual.

    >>> based_on(Basis(data_date=pd.Timestamp("2026-03-03"))), based_on(Basis())
    ('Based on data to 3 Mar 2026', '')
    """
    return "" if basis.data_date is None else f"Based on data to {day(basis.data_date)}"


def chart_note(basis: Basis) -> str:
    """Return the one line that a chart carries with it wherever it is copied to."""
    worst = max((one.state is State.DELINQUENT for one in basis.late), default=False)
    late = ""
    if basis.late or basis.late_places:
        late = "Input data stopped" if worst or basis.state is State.DELINQUENT else "Input data late"
    return ". ".join(part for part in (late, based_on(basis)) if part)


def late_notes(basis: Basis) -> list[Any]:
    """Return the sentences as paragraphs."""
    said = [html.P(sentence, className="late", role="note") for sentence in sentences(basis)]
    based = based_on(basis)
    return said + ([html.P(f"{based}.", className="quiet based-on")] if based else [])


def count_words(links: pd.DataFrame, places: pd.DataFrame, place_id: str) -> str:
    """Return what a table says of the counts that a point rests on: the worst state in a word, and the newest day.

    ``places`` are the rows of `dashboard.queries_late.counted`.
    """
    mine = rests_on(links, places, place_id)
    if mine.empty:
        return "never counted"
    newest = day(max(mine["newest_date"]))
    states = {State(s) for s in mine["state"]}
    word = next((_SAID[s] for s in (State.DELINQUENT, State.OVERDUE) if s in states), "")
    return f"{word}: to {newest}" if word else f"to {newest}"
