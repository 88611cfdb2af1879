"""What the runs of each source say of when we looked and what we saw; read by the scheduler and by the pages."""

from collections.abc import Iterable

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from data.freshness import Looks
from data.store import Store, reported

GOOD_RUNS_LOOKED_AT = 50
"""The newest content is that of the last so many good runs: a file of old data loaded by hand does not turn it back."""

_LOOKS = text(f"""
    SELECT ids.id, last.checked_at, last.status, last.message, good.checked_at AS good_at, good.newest, bad.failures
    FROM unnest(:ids) AS ids (id)
    LEFT JOIN LATERAL (SELECT checked_at, status, message FROM source_run r WHERE r.source_id = ids.id
        ORDER BY checked_at DESC, r.id DESC LIMIT 1) AS last ON true
    LEFT JOIN LATERAL (SELECT max(checked_at) AS checked_at, max(newest_content_at) AS newest FROM (
        SELECT checked_at, newest_content_at FROM source_run r WHERE r.source_id = ids.id
            AND status IN ('ok', 'unchanged') ORDER BY checked_at DESC LIMIT {GOOD_RUNS_LOOKED_AT}) AS newest_runs
        ) AS good ON true
    LEFT JOIN LATERAL (SELECT count(*) AS failures FROM source_run r WHERE r.source_id = ids.id
        AND status IN ('failed', 'not_configured') AND r.checked_at > coalesce(good.checked_at, '-infinity')
        ) AS bad ON true
""").bindparams(bindparam("ids", type_=ARRAY(Text)))


def looks(store: Store, source_ids: Iterable[str]) -> dict[str, Looks]:
    """Return the looks at each source by id; a source that was never looked at has empty ones."""
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(_LOOKS, {"ids": list(source_ids)})
        return {
            row.id: Looks(row.checked_at, row.status, row.message or "", row.good_at, row.newest, row.failures)
            for row in rows
        }
