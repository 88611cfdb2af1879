"""Tell once that a feed has stopped, and once that it is back.

A feed is silent when three of its intervals have passed (`data.freshness.State.DELINQUENT`), and back when it is no
worse than due. In between nothing is said, and a source that was never loaded or lacks its key says nothing new.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from data.freshness import State
from data.looks import looks
from data.stops import begin_stop, end_stop
from data.store import Store
from etl.schedule import state_of
from etl.source import Source

_BACK = {State.ON_TIME, State.DUE, State.FAILING}
"""Failing is said of content that is not overdue: the feed itself has not stopped."""
log = logging.getLogger("waypost.stops")


def tell_stops(store: Store, chosen: Iterable[Source], now: datetime) -> list[str]:
    """Log and remember each stop among these sources that was not told yet; return the ids told now."""
    specs = [source.spec for source in chosen]
    seen = looks(store, [spec.id for spec in specs])
    told = []
    for spec in specs:
        held = seen[spec.id]
        state = state_of(spec, held, now)
        if state is State.DELINQUENT and begin_stop(store, spec.id, held.newest_content_at, now):
            newest = "none" if held.newest_content_at is None else f"{held.newest_content_at:%Y-%m-%d %H:%M} UTC"
            ours = f"; failures in a row: {held.failures} ({held.message})" if held.failures else ""
            log.warning(
                "%s has stopped: three of its intervals without news; newest content %s%s", spec.id, newest, ours
            )
            told.append(spec.id)
        elif state in _BACK and held.good_at is not None and end_stop(store, spec.id, now):
            log.warning("%s is back", spec.id)
    return told
