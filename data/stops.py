"""Remember which feeds fell silent, so that each silence is told once, whoever runs and however often it restarts."""

from datetime import datetime

from sqlalchemy import text

from data.store import Store, reported

_BEGIN = text("""
    INSERT INTO source_stop (source_id, newest_content_at, said_at) VALUES (:id, :newest, :now)
    ON CONFLICT (source_id) WHERE ended_at IS NULL DO NOTHING RETURNING id
""")
_END = text("""
    UPDATE source_stop SET ended_at = greatest(said_at, :now) WHERE source_id = :id AND ended_at IS NULL RETURNING id
""")
_TELL = text("SELECT pg_notify('waypost_rows', :id)")


def begin_stop(store: Store, source_id: str, newest_content_at: datetime | None, now: datetime) -> bool:
    """Remember that a source has stopped; tell whether this is news, and if so, notify those who listen for rows."""
    with reported(), store.engine.begin() as connection:
        values = {"id": source_id, "newest": newest_content_at, "now": now}
        is_news = connection.execute(_BEGIN, values).first() is not None
        if is_news:
            connection.execute(_TELL, {"id": source_id})
        return is_news


def end_stop(store: Store, source_id: str, now: datetime) -> bool:
    """Remember that a source speaks again; tell whether it had been silent, and if so, notify as well."""
    with reported(), store.engine.begin() as connection:
        had_stopped = connection.execute(_END, {"id": source_id, "now": now}).first() is not None
        if had_stopped:
            connection.execute(_TELL, {"id": source_id})
        return had_stopped
