"""The sources as a table that becomes cards on a narrow screen: state, both clocks, rhythm, licence, key."""

from datetime import datetime, timedelta
from typing import Any

from dash import html

from dashboard.queries_sources import SourceState
from dashboard.words import age, day
from data.freshness import WORDS, State
from etl.schedule import due_at

ORDER = (
    State.DELINQUENT, State.OVERDUE, State.FAILING, State.DUE, State.ON_TIME, State.NOT_CONFIGURED, State.NEVER,
)  # fmt: skip
"""How sources are listed: what needs attention first, what was never used last."""
_TRANSPORT = {
    ("ConnectError: [SSL",): "The publisher's certificate is not valid (or the clock of this machine is wrong)",
    ("ConnectError", "ConnectTimeout"): "The publisher cannot be reached from here",
    ("ReadTimeout", "PoolTimeout", "WriteTimeout"): "The publisher does not answer in time",
    ("RemoteProtocolError", "ReadError", "WriteError"): "The connection broke before the answer was whole",
    ("TooManyRedirects",): "The publisher's address leads in a circle",
    ("HTTPStatusError: Server error",): "The publisher's server is out of order",
    ("HTTPStatusError: Client error '401", "HTTPStatusError: Client error '403"): (
        "The publisher refuses us: check the key, if this source has one, and the publisher's page"
    ),
    ("HTTPStatusError: Client error '404", "HTTPStatusError: Client error '410"): (
        "The publisher has nothing at this address any more: the feed may have moved"
    ),
}
"""How faults of the client begin, and what they mean; the first that fits."""
REFERENCE_AGE = timedelta(days=366)
"""Content that is older and not looked for by itself is that of a past situation, replayed."""
WORKER_COMES = timedelta(minutes=15)
"""A look that is due for longer waits for a worker that is busy, or that is not there."""
IDLE = (State.NEVER, State.NOT_CONFIGURED)


def rhythm(interval: timedelta | None) -> str:
    """Return how often something comes, in words.

    >>> rhythm(timedelta(minutes=5)), rhythm(timedelta(hours=1)), rhythm(timedelta(days=7)), rhythm(None)
    ('every 5 minutes', 'every hour', 'every 7 days', 'when somebody sends it')
    """
    if interval is None:
        return "when somebody sends it"
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if interval >= length:
            number = round(interval / length)
            return f"every {unit}" if number == 1 else f"every {number} {unit}s"
    return f"every {interval.total_seconds():g} seconds"


def at(instant: datetime | None) -> str:
    """Return an instant without doubt about zone and order.

    >>> from datetime import UTC
    >>> at(datetime(2014, 3, 1, 8, 5, tzinfo=UTC)), at(None)
    ('1 Mar 2014, 08:05 UTC', 'never')
    """
    return "never" if instant is None else f"{instant.day} {instant:%b %Y, %H:%M} UTC"


def badge(state: State) -> html.Span:
    """Return a state as a word with its colour and its meaning to hover."""
    word, meaning = WORDS[state]
    return html.Span(word, className=f"state state-{state}", title=meaning)


def summary(states: list[SourceState]) -> list[html.Li]:
    """Return how many sources are in each state."""
    held = [one.state for one in states]
    return [html.Li([html.B(held.count(state)), badge(state)]) for state in ORDER if state in held]


def in_use(one: SourceState) -> bool:
    """Tell whether a source has brought anything or is to be looked at; the others are listed apart."""
    return one.state not in IDLE or one.scheduled or one.looks.good_at is not None


def meanings() -> html.Dl:
    """Return what each state means."""
    return html.Dl([part for state in ORDER for part in (html.Dt(badge(state)), html.Dd(WORDS[state][1]))])


def source_table(states: list[SourceState], now: datetime) -> html.Table:
    """Return the sources, those that need attention first."""
    titles = ("Source", "State", "We last looked", "Newest content", "Published", "Licence")
    ordered = sorted(states, key=lambda one: (ORDER.index(one.state), one.spec.title))
    head = html.Thead(html.Tr([html.Th(title, scope="col") for title in titles]))
    return html.Table([head, html.Tbody([_row(one, titles, now) for one in ordered])], className="plain cards")


def _row(one: SourceState, titles: tuple[str, ...], now: datetime) -> html.Tr:
    """Return one source's row."""
    spec, looks = one.spec, one.looks
    name = [html.A(spec.title, href=spec.url, rel="noreferrer"), _quiet(spec.publisher)]
    cells: tuple[Any, ...] = (
        name,
        [badge(one.state), *_why(one)],
        [f"{age(looks.looked_at, now)}", _quiet(at(looks.looked_at)) if looks.looked_at else None, *_next(one, now)],
        _newest(one, now),
        [rhythm(spec.cadence), _delay(spec.publication_delay)],
        spec.licence,
    )
    body = [html.Td(cell, **{"data-label": title}) for title, cell in zip(titles, cells, strict=True)]
    return html.Tr(body, id=f"source-row-{spec.id}")


def _why(one: SourceState) -> list[Any]:
    """Return what a person should know or do about the state."""
    spec, looks = one.spec, one.looks
    said = []
    if one.state is State.FAILING and not looks.good_at:
        said.append(html.P("Nothing was ever loaded from it. The next attempt comes by itself.", className="quiet"))
    elif one.state in {State.OVERDUE, State.DELINQUENT, State.FAILING}:
        said.append(html.P(WORDS[one.state][1].capitalize() + ".", className="quiet"))
    if not one.configured:
        said.append(html.P(["Set ", html.Code(spec.key_setting), f": {spec.key_help}"], className="quiet"))
    if looks.failures:
        times = "once" if looks.failures == 1 else f"{looks.failures} times in a row"
        good = f"; last good look {at(looks.good_at)}" if looks.good_at else ""
        said.append(html.P(f"Failed {times}{good}. {in_words(looks.message)}", className="quiet"))
    elif looks.message:
        said.append(html.P(in_words(looks.message), className="quiet"))
    return said


def in_words(message: str) -> str:
    """Return what a run said as a sentence, a fault of transport in words before its own; names of files stay.

    >>> in_words("ConnectError: [Errno -2] Name or service not known")
    'The publisher cannot be reached from here (ConnectError: [Errno -2] Name or service not known)'
    >>> in_words("holds 3 rows, fewer than 10"), in_words("rss.xml: is an HTML page, not XML")
    ('Holds 3 rows, fewer than 10', 'rss.xml: is an HTML page, not XML')
    """
    words = next((words for names, words in _TRANSPORT.items() if message.startswith(names)), None)
    if words:
        return f"{words} ({message})"
    return message[:1].upper() + message[1:] if message.partition(" ")[0].isalpha() else message


def _next(one: SourceState, now: datetime) -> list[Any]:
    """Return when the next look is, or why there is none by itself."""
    if one.spec.cadence is None:
        return []
    due = due_at(one.spec, one.looks, now) if one.scheduled else None
    if due is None:
        return [_quiet("loaded by hand; WAYPOST_SOURCES turns looking on")]
    if due > now:
        return [_quiet(f"next look {at(due)}")]
    if one.looks.looked_at is None or now - due < WORKER_COMES:
        return [_quiet("next look within a minute")]
    return [_quiet(f"was due {at(due)} and no worker has come to it: is python -m etl worker running?")]


def _newest(one: SourceState, now: datetime) -> Any:
    """Return how new the newest content is; what nobody looks for and is long over is not old but of its time."""
    newest = one.looks.newest_content_at
    if newest is None:
        return "–"
    if not one.scheduled and now - newest > REFERENCE_AGE:
        return [day(newest), _quiet("reference data, not live")]
    return [age(newest, now), _quiet(at(newest))]


def _delay(delay: timedelta) -> Any:
    return _quiet(f"content is {delay.days} days old when it comes out") if delay.days else None


def _quiet(words: str) -> html.Div:
    return html.Div(words, className="quiet")
