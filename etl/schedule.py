"""When to look at which source, and how far back: all of it follows from the record of runs, none of it from memory.

- A source is due one cadence after its last good look. A source without a cadence is never scheduled.
- After failures in a row the pause is 5 minutes, doubled with each, and at most the cadence, but no less than an hour
  and no more than a day. A missing key is asked for again once a day, or when the worker is started with the key.
- A look asks for everything since the older of the newest content and the last good look, less an overlap of one
  cadence and the publication delay: after downtime one look catches up, however long it was.
- Two looks at one source at a time never happen: the queue has one lock a source, and the load waits for the
  database's own lock.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

import httpx

from data.errors import ConfigurationMissing, WaypostError
from data.freshness import Looks, State, state
from data.looks import looks
from data.store import Store
from etl import pipeline
from etl.archive import Archive
from etl.registry import sources
from etl.source import Source, Spec, Window

FIRST_LOOK = timedelta(days=30)
"""How far back the first look at a source goes; `etl.backfill` fetches what is older."""
FIRST_PAUSE = timedelta(minutes=5)
SHORTEST_LIMIT, LONGEST_LIMIT = timedelta(hours=1), timedelta(days=1)
PLANNED_WITHIN = timedelta(seconds=30)
"""Workers plan once a minute: what falls due within half of one is due, or each look would come a minute late."""
NONE = "none"


def enabled(setting: str) -> dict[str, Source]:
    """Return the scheduled sources that ``WAYPOST_SOURCES`` names, by id; the word "none" names none.

    Raises `ConfigurationMissing` for a name that is no source or has no cadence.
    """
    known, chosen = sources(), {}
    for name in dict.fromkeys(part.strip() for part in setting.split(",")):
        if name in {"", NONE}:
            continue
        if name not in known or known[name].spec.cadence is None:
            schedulable = ", ".join(s.spec.id for s in known.values() if s.spec.cadence is not None)
            raise ConfigurationMissing("WAYPOST_SOURCES", f"{name!r} is no source with a cadence ({schedulable})")
        chosen[name] = known[name]
    return chosen


def is_configured(spec: Spec) -> bool:
    """Tell whether the source needs no key, or its key is set."""
    return spec.key_setting is None or bool(os.environ.get(spec.key_setting))


def state_of(spec: Spec, seen: Looks, now: datetime) -> State:
    """Return the state of a source in one word, see `data.freshness`."""
    timeless = all(table.content_time is None for table in spec.tables)
    configured = is_configured(spec)
    return state(spec.cadence, spec.publication_delay, seen, now, configured=configured, timeless=timeless)


def back_off(failures: int, cadence: timedelta) -> timedelta:
    """Return how long to wait after so many failures in a row.

    >>> hour = timedelta(hours=1)
    >>> [back_off(n, 24 * hour) // timedelta(minutes=1) for n in (1, 2, 3, 20)]
    [5, 10, 20, 1440]
    >>> back_off(20, timedelta(minutes=5)) == hour
    True
    """
    limit = min(max(cadence, SHORTEST_LIMIT), LONGEST_LIMIT)
    doubled: int = 2 ** min(max(failures, 1) - 1, 20)
    return min(FIRST_PAUSE * doubled, limit)


def due_at(spec: Spec, seen: Looks, started_at: datetime) -> datetime | None:
    """Return when a source is to be looked at next (None: never). ``started_at`` is when this worker began."""
    if spec.cadence is None:
        return None
    if seen.looked_at is None:
        return datetime.min.replace(tzinfo=UTC)
    if seen.status == "not_configured":
        newly_configured = is_configured(spec) and seen.looked_at < started_at
        return seen.looked_at if newly_configured else seen.looked_at + LONGEST_LIMIT
    if seen.failures or seen.good_at is None:
        return seen.looked_at + back_off(seen.failures, spec.cadence)
    return seen.good_at + spec.cadence


def window(spec: Spec, seen: Looks, now: datetime) -> Window:
    """Return the time span that a look at ``now`` asks for."""
    overlap = (spec.cadence or timedelta(0)) + spec.publication_delay
    known = [instant for instant in (seen.newest_content_at, seen.good_at) if instant is not None]
    start = min(known) - overlap if seen.good_at is not None else now - FIRST_LOOK - overlap
    if spec.first_date is not None:
        start = max(start, datetime.combine(spec.first_date, time(), UTC))
    return Window(min(start, now - timedelta(seconds=1)), now)


def due(store: Store, chosen: Iterable[Source], now: datetime, started_at: datetime) -> list[str]:
    """Return the ids of the sources that are due at ``now``, or `PLANNED_WITHIN` after it."""
    specs = [source.spec for source in chosen]
    seen = looks(store, [spec.id for spec in specs])
    times = {spec.id: due_at(spec, seen[spec.id], started_at) for spec in specs}
    return [source_id for source_id, at in times.items() if at is not None and at <= now + PLANNED_WITHIN]


def look(store: Store, archive: Archive, source: Source, now: datetime) -> dict[str, int] | None:
    """Look at a source once, as far back as needed; return the row counts, or None when it failed.

    Whatever goes wrong ends as a recorded run, also a fault of our own (then the error is raised as well): without a
    record the source would be due again at once.
    """
    source_id = source.spec.id
    recorded = False
    try:
        counts = pipeline.run(store, archive, source, window(source.spec, looks(store, [source_id])[source_id], now))
        recorded = True
    except (WaypostError, httpx.HTTPError):
        recorded = True
        return None
    finally:
        if not recorded:
            store.note_run(source_id, "failed", "the program failed on this source; its log says where")
    return counts
