"""Is this the feed we know? A live payload is compared with the source's own last good looks.

A feed that was emptied or frozen answers with status 200 and valid content. What a good look brought before is the
only thing that tells. A broken expectation fails the run and keeps the last good data; a doubt is said in the message
of the run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from data.errors import ExpectationBroken
from data.freshness import LATENESS, State, content_lateness
from data.looks import looks
from data.store import Store, reported
from etl.source import Spec

RUNS_COMPARED = 5
BACKWARD_INTERVALS = 3
SHORTEST_BACKWARD = timedelta(days=1)
BELIEVED_AFTER_REFUSALS = 5
"""A feed that goes back in time, shrinks or loses rows, and stays so, is believed in the end: it may have withdrawn."""


@dataclass(frozen=True)
class Usual:
    """The last good looks at a source: median rows read, newest content, tables filled; and ``refused``.

    ``refused`` is how many payloads since were not taken: a server that is down brings none and does not count.
    ``rows`` and ``newest_content_at`` are missing for a source that never had a good look.
    """

    rows: float | None = None
    newest_content_at: datetime | None = None
    refused: int = 0
    filled: frozenset[str] = frozenset()

    @property
    def is_believed(self) -> bool:
        """Tell whether so many payloads were not taken that what they say must be true."""
        return self.refused >= BELIEVED_AFTER_REFUSALS


def usual(store: Store, spec: Spec) -> Usual:
    """Read what is usual for a source."""
    seen = looks(store, [spec.id])[spec.id]
    last = (
        "SELECT id, rows_read FROM source_run WHERE source_id = :id AND is_look AND rows_read > 0"
        f" AND status IN ('ok', 'unchanged') ORDER BY checked_at DESC LIMIT {RUNS_COMPARED}"
    )
    median = f"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY rows_read) FROM ({last}) AS good"
    refused = (
        "SELECT count(*) FROM source_run WHERE source_id = :id AND is_look AND status = 'failed'"
        " AND payload_sha256 != '' AND checked_at > coalesce(CAST(:good_at AS timestamptz), '-infinity')"
    )
    parts = [
        f"SELECT '{t.__tablename__}' WHERE EXISTS (SELECT 1 FROM {t.__tablename__} t JOIN source_run r"
        " ON r.id = t.run_id WHERE r.source_id = :id AND r.is_look AND t.known_to IS NULL AND NOT t.is_deleted)"
        for t in spec.tables
    ]
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(text(median), {"id": spec.id}).scalar_one()
        filled = connection.execute(text(" UNION ALL ".join(parts)), {"id": spec.id}).scalars()
        count = connection.execute(text(refused), {"id": spec.id, "good_at": seen.good_at}).scalar_one()
        return Usual(rows, seen.newest_content_at, count, frozenset(filled))


def doubts(
    spec: Spec, known: Usual, rows: int, filled: frozenset[str], newest: datetime | None, now: datetime
) -> list[str]:
    """Return what looks wrong with a live payload of so many rows, in words for the run's message.

    Raises `ExpectationBroken` when it holds far fewer rows than usual (for a source that declares a share), or when
    its newest content lies far before what was seen before, until `BELIEVED_AFTER_REFUSALS` payloads were not taken.
    """
    found = []
    share = spec.least_share_of_usual
    if share is not None and known.rows is not None and rows < share * known.rows:
        if not known.is_believed:
            raise ExpectationBroken(f"the number of rows (usually {known.rows:g})", rows, share * known.rows)
        found.append(f"holds {rows:,} rows; before it held {known.rows:,.0f}")
    if missing := sorted(known.filled - filled):
        found.append(f"holds nothing for {', '.join(missing)}, which earlier runs filled")
    if spec.cadence is None or newest is None or known.newest_content_at is None:
        return found
    seen = known.newest_content_at
    back = seen - newest
    tolerated = max(BACKWARD_INTERVALS * spec.cadence + spec.publication_delay, SHORTEST_BACKWARD)
    if back > tolerated:
        if not known.is_believed:
            metric = f"the step back in days (newest content of {newest:%Y-%m-%d}, before of {seen:%Y-%m-%d})"
            raise ExpectationBroken(metric, round(back / timedelta(days=1), 1), tolerated / timedelta(days=1))
        found.append(f"the newest content is of {newest:%Y-%m-%d}; before it was of {seen:%Y-%m-%d}")
    late = content_lateness(spec.cadence, spec.publication_delay, newest, now)
    if LATENESS.index(late) >= LATENESS.index(State.OVERDUE):
        found.append(f"the newest content is still of {newest:%Y-%m-%d %H:%M} UTC: the feed may be frozen")
    return found
