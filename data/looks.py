"""What the runs of each source say of when we looked and what we saw; read by the scheduler and by the pages."""

from collections.abc import Iterable

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from data.access import gate
from data.freshness import Looks
from data.schema.source_run import SourceRun
from data.store import Store, reported

GOOD_RUNS_LOOKED_AT = 50
"""The newest content is that of the last so many good runs: a file of old data loaded by hand does not turn it back."""
AHEAD = "1 minute"
"""Runs recorded later than this from now are of a clock that went wrong: a source would wait until it is that late."""

_LOOKS = f"""
    WITH told AS NOT MATERIALIZED (SELECT * FROM source_run WHERE checked_at < now() + interval '{AHEAD}')
    SELECT ids.id, last.checked_at, last.status, last.message, good.checked_at AS good_at, good.newest, bad.failures
    FROM unnest(:ids) AS ids (id)
    LEFT JOIN LATERAL (SELECT checked_at, status, message FROM told r WHERE r.source_id = ids.id AND {{gate}} AND {{of}}
        ORDER BY checked_at DESC, r.id DESC LIMIT 1) AS last ON true
    LEFT JOIN LATERAL (SELECT max(checked_at) AS checked_at, max(newest_content_at) AS newest FROM (
        SELECT checked_at, newest_content_at FROM told r WHERE r.source_id = ids.id AND {{gate}} AND {{of}}
            AND status IN ('ok', 'unchanged') ORDER BY checked_at DESC LIMIT {GOOD_RUNS_LOOKED_AT}) AS newest_runs
        ) AS good ON true
    LEFT JOIN LATERAL (SELECT count(*) AS failures FROM told r WHERE r.source_id = ids.id AND {{gate}} AND r.is_look
        AND status IN ('failed', 'not_configured') AND r.checked_at > coalesce(good.checked_at, '-infinity')
        ) AS bad ON true
"""
_NO_GOOD_LOOK = (
    "NOT EXISTS (SELECT 1 FROM told x WHERE x.source_id = ids.id AND x.is_look AND x.status IN ('ok', 'unchanged'))"
)


def looks(store: Store, source_ids: Iterable[str], *, or_by_hand: bool = False) -> dict[str, Looks]:
    """Return the looks at each source by id; a source that was never looked at has empty ones.

    With ``or_by_hand`` a source without a good look is told by what was loaded by hand or of its past instead.
    A look at what the store's audience may not read is none: its message and its days tell of the rows.
    """
    of = f"(r.is_look OR {_NO_GOOD_LOOK})" if or_by_hand else "r.is_look"
    query = text(_LOOKS.format(gate=gate(SourceRun, store.audience, "r"), of=of))
    query = query.bindparams(bindparam("ids", type_=ARRAY(Text)))
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(query, {"ids": list(source_ids)})
        return {
            row.id: Looks(row.checked_at, row.status, row.message or "", row.good_at, row.newest, row.failures)
            for row in rows
        }
