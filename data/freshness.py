"""Two clocks: when we last looked, and how old the newest content is; and the word for where they stand.

A feed that is published every ``interval`` is expected to hold content no older than ``interval`` plus the time its
publisher needs (``publication_delay``). What is older is late by so many intervals:

============ ============================================================
state        age of the newest content, less the publication delay
============ ============================================================
on time      up to 1 interval
due          more than 1 interval: the next content should be here
overdue      more than 2 intervals
delinquent   more than 3 intervals: the feed has stopped, whatever it says
============ ============================================================

The same bounds hold for our own last successful look. A source or point is as late as the later of its two clocks,
except that one missed look (due) is not worth a word of its own. All functions are pure; the caller brings ``now``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

FEWEST_GAPS = 2
"""With fewer gaps between its reports than this a point has no rhythm of its own to be measured by."""


class State(StrEnum):
    """Where a source or a point stands. `Look.state` says which takes precedence."""

    ON_TIME = "on_time"
    DUE = "due"
    OVERDUE = "overdue"
    DELINQUENT = "delinquent"
    NEVER = "never"
    NOT_CONFIGURED = "not_configured"
    FAILING = "failing"


WORDS = {
    State.ON_TIME: ("Up to date", "the newest content is as new as this source can be"),
    State.DUE: ("New data due", "the next content should be here by now"),
    State.OVERDUE: ("Late", "more than twice the usual time has passed; use with care"),
    State.DELINQUENT: ("Stopped", "more than three times the usual time has passed; do not rely on it"),
    State.FAILING: ("Last look failed", "the last good data are shown, if any; the next attempt comes by itself"),
    State.NEVER: ("No data yet", "nothing was ever loaded from this source"),
    State.NOT_CONFIGURED: ("Not set up", "a key or a setting is missing; what to do stands beside it"),
}
"""What to call a state, and what it means."""
LATENESS = (State.ON_TIME, State.DUE, State.OVERDUE, State.DELINQUENT)
"""The states of lateness, the least first; the position is the number of whole intervals missed, at most three."""


@dataclass(frozen=True)
class Looks:
    """What the runs of one source say: instants are UTC and missing where nothing of the kind ever happened.

    ``looked_at`` and ``status`` are of the last attempt, ``good_at`` of the last that succeeded, ``newest_content_at``
    the newest content any success has seen, ``failures`` how many attempts failed in a row since.
    """

    looked_at: datetime | None = None
    status: str | None = None
    message: str = ""
    good_at: datetime | None = None
    newest_content_at: datetime | None = None
    failures: int = 0


def lateness(interval: timedelta | None, since: datetime | None, now: datetime) -> State:
    """Return how late something is that was last seen at ``since`` and is expected every ``interval``.

    Without an interval nothing is late; never seen is `State.NEVER`. An instant after ``now`` is on time.

    >>> day, now = timedelta(days=1), datetime(2026, 1, 10, tzinfo=UTC)
    >>> [str(lateness(day, now - n * day, now)) for n in (1, 1.5, 2.5, 3.5)]
    ['on_time', 'due', 'overdue', 'delinquent']
    """
    if since is None:
        return State.NEVER
    if interval is None:
        return State.ON_TIME
    missed = -(-(now - since) // interval) - 1  # rounded up: exactly one interval is still on time
    return LATENESS[min(max(missed, 0), 3)]


def content_lateness(
    interval: timedelta | None, publication_delay: timedelta, newest_content_at: datetime | None, now: datetime
) -> State:
    """Return how late the newest content is, given what its publisher needs to bring it out."""
    if newest_content_at is None:
        return State.NEVER
    return lateness(interval, newest_content_at + publication_delay, now)


def state(
    cadence: timedelta | None,
    publication_delay: timedelta,
    looks: Looks,
    now: datetime,
    *,
    configured: bool = True,
    timeless: bool = False,
) -> State:
    """Return the state of a source in one word.

    A missing key comes first, then "never" (nothing was ever tried, or it holds no content yet), then content or looks
    that are overdue or worse, then a last attempt that failed, then lateness. ``timeless`` content (places, standards)
    has only the clock of looks.
    """
    if not configured or looks.status == "not_configured":
        return State.NOT_CONFIGURED
    if looks.good_at is None:
        return State.FAILING if looks.failures else State.NEVER
    looked = lateness(cadence, looks.good_at, now)
    content = looked if timeless else content_lateness(cadence, publication_delay, looks.newest_content_at, now)
    if content is State.NEVER:
        return State.FAILING if looks.failures else State.NEVER
    late = max(content, looked if looked is not State.DUE else State.ON_TIME, key=LATENESS.index)
    if looks.failures and LATENESS.index(late) < LATENESS.index(State.OVERDUE):
        return State.FAILING
    return late


def own_interval(report_dates: Iterable[date]) -> timedelta | None:
    """Return the median gap between a point's reports, None with fewer than three different dates.

    >>> own_interval([date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 8), date(2026, 1, 15)])
    datetime.timedelta(days=7)
    """
    days = sorted(set(report_dates))
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return timedelta(days=median(gaps)) if len(gaps) >= FEWEST_GAPS else None


def point_state(report_dates: Iterable[date], now: datetime) -> State:
    """Return how late a border point or site is by its own rhythm; never late while it has none."""
    days = list(report_dates)
    newest = datetime.combine(max(days) + timedelta(days=1), time(), UTC) if days else None
    return lateness(own_interval(days), newest, now)
