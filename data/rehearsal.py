"""Loads that are tried and taken back, to show what they would change."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, insert, text

from data.load import Load
from data.schema import Versioned, versioned_tables
from data.schema.source_run import SourceRun
from data.store import Store, reported

MOST_CHANGES = 500
LOCK_MILLISECONDS = 5_000
"""How long a rehearsal waits for a load of the same source that is under way."""


class Rehearsal(Store):
    """A store whose loads are rolled back; what they did is kept here.

    ``changes`` are the rows a load would bring, at most `MOST_CHANGES`: the content, ``change`` (new, revised, deleted)
    and for a revised row the content before as ``before_...``.
    """

    def __init__(self, engine: Engine, audience: str, dataset_id: str | None = None) -> None:
        super().__init__(engine, audience, dataset_id)
        self.changes: dict[str, pd.DataFrame] = {}

    @contextmanager
    def load(
        self, source_id: str, payload_name: str = "", payload_sha256: str = "", program_sha256: str = "", **values: Any
    ) -> Iterator[Load]:
        """Open a load like `Store.load`; whatever it does is looked at and taken back, and no run is recorded."""
        now = datetime.now(UTC)
        run = {"source_id": source_id, "checked_at": now, "status": "running", "dataset_id": self.dataset_id}
        named = {"payload_name": payload_name, "payload_sha256": payload_sha256, "program_sha256": program_sha256}
        named |= values
        with reported(), self.engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
            run_id = int(
                connection.execute(insert(SourceRun).values(**run, **named).returning(SourceRun.id)).scalar_one()
            )
            try:
                with closing(Load(connection, run_id, source_id, now)) as load:
                    yield load
                    load.finish()
                self._look(connection, run_id)
            finally:
                transaction.rollback()

    def _look(self, connection: Connection, run_id: int) -> None:
        """Note what the run changed."""
        for table in versioned_tables().values():
            frame = _changes(connection, table, run_id)
            if len(frame):
                self.changes[table.__tablename__] = frame


def _changes(connection: Connection, table: type[Versioned], run_id: int) -> pd.DataFrame:
    """Return the versions that a run brought, with what was known before each."""
    name, content = table.__tablename__, table.content()
    match = " AND ".join(f"o.{key} = n.{key}" for key in table.key)
    after = ", ".join(f"n.{column}" for column in content)
    before = ", ".join(f"o.{column} AS before_{column}" for column in content)
    kind = (
        "CASE WHEN n.is_deleted THEN 'deleted' WHEN o.version_id IS NULL OR o.is_deleted THEN 'new' ELSE 'revised' END"
    )
    query = text(
        f"SELECT {kind} AS change, {after}, {before} FROM {name} n LEFT JOIN {name} o ON {match}"
        f" AND o.known_to = n.known_from WHERE n.run_id = :run ORDER BY n.version_id LIMIT {MOST_CHANGES}"
    )
    rows: Any = connection.execute(query, {"run": run_id})
    return pd.DataFrame(rows.fetchall(), columns=list(rows.keys()))
