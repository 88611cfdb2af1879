"""The only module that writes rows, and the view of the world as it was known at a moment.

Facts (`data.schema.Versioned`) enter through `Store.load`: rows are copied into a staging table, compared with what is
known, and land as new versions in one transaction together with the run that brought them. Everything else (forecasts,
scores, the replay clock) enters through `append` and `put`.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Engine, Select, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import InternalError, OperationalError

from data.access import OPERATIONAL, gate
from data.errors import DatabaseReadOnly, DatabaseUnavailable, WaypostError
from data.load import Load
from data.schema import Base, Versioned
from data.schema.source_run import SourceRun


class Store:
    """Rows in, frames out, over one engine, for one audience (see `data.access`)."""

    def __init__(self, engine: Engine, audience: str = OPERATIONAL, dataset_id: str | None = None) -> None:
        """Keep the engine; nothing is opened until the first call.

        Reads show what ``audience`` may see. Loads come under the data set ``dataset_id`` (missing: an open source).
        """
        self.engine = engine
        self.audience, self.dataset_id = audience, dataset_id

    def visible(self, table: type[Base]) -> Any:
        """Return the condition under which this store's audience may read rows of a table."""
        return text(gate(table, self.audience))

    def read(self, table: type[Base], as_of: datetime | None = None, **where: Any) -> pd.DataFrame:
        """Return the rows of a table, one a fact, as known at ``as_of`` (missing: now).

        ``where`` selects by equality (a list or tuple: any of). Facts deleted by then are absent. Dates and instants
        come as pandas datetimes, whole numbers that may be missing as ``Int64``, a missing value as NA or NaN.
        """
        columns = [c for c in table.__table__.columns if c.computed is None]
        query = _matching(select(*columns), table, where).where(self.visible(table))
        if issubclass(table, Versioned):
            query = query.where(known(table, as_of), ~table.is_deleted)
        with reported(), self.engine.connect() as connection:
            rows = connection.execute(query)
            frame = pd.DataFrame(rows.fetchall(), columns=list(rows.keys()))
        return _typed(frame, table)

    def history(self, table: type[Versioned], until: datetime | None = None, **where: Any) -> pd.DataFrame:
        """Return every version of the facts that match ``where`` (as in `read`), oldest first.

        With ``until`` only versions known by then, as they looked then: a later end of a version is not shown.
        """
        columns = [c for c in table.__table__.columns if c.computed is None]
        query = _matching(select(*columns), table, where).where(self.visible(table)).order_by(table.known_from)
        if until is not None:
            query = query.where(table.known_from <= until)
        with reported(), self.engine.connect() as connection:
            rows = connection.execute(query)
            frame = _typed(pd.DataFrame(rows.fetchall(), columns=list(rows.keys())), table)
        if until is not None:
            frame["known_to"] = frame["known_to"].where(frame["known_to"] <= until)
        return frame

    @contextmanager
    def load(
        self, source_id: str, payload_name: str = "", payload_sha256: str = "", program_sha256: str = "", **values: Any
    ) -> Iterator[Load]:
        """Open a load for one source: everything it adds lands together on leaving, or nothing does.

        The run is recorded either way, with what it read and which program read it; ``values`` are further columns of
        the run. A second load of the same source waits for the first. No statement of it is ended for being long, as
        those of a page are.
        """
        now = datetime.now(UTC)
        with reported():
            read = {"payload_name": payload_name, "payload_sha256": payload_sha256, "program_sha256": program_sha256}
            run_id = self._begin_run(source_id, now, **read, **values)
            try:
                with self.engine.begin() as connection, closing(Load(connection, run_id, source_id, now)) as load:
                    load.connection.execute(text("SET LOCAL statement_timeout = 0"))
                    yield load
                    load.finish()
            except (WaypostError, OSError, ValueError, OperationalError) as error:
                self.end_run(run_id, "failed", str(error).splitlines()[0][:2000])
                raise

    def _begin_run(self, source_id: str, now: datetime, **values: Any) -> int:
        """Record that a run began, and that any unfinished run of the source was interrupted."""
        new = insert(SourceRun).values(
            source_id=source_id,
            checked_at=now,
            status="running",
            dataset_id=self.dataset_id,
            **values,
        )
        with self.engine.begin() as connection:
            lock = text("SELECT pg_try_advisory_xact_lock(hashtext('waypost.source'), hashtext(:id))")
            if connection.execute(lock, {"id": source_id}).scalar_one():
                gone = update(SourceRun).where(SourceRun.source_id == source_id, SourceRun.status == "running")
                connection.execute(gone.values(status="failed", message="interrupted before it finished"))
            return int(connection.execute(new.returning(SourceRun.id)).scalar_one())

    def end_run(self, run_id: int, status: str, message: str) -> None:
        """Close a run that landed nothing, with the reason."""
        values = {"status": status, "message": message, "finished_at": datetime.now(UTC)}
        with reported(), self.engine.begin() as connection:
            connection.execute(update(SourceRun).where(SourceRun.id == run_id).values(**values))

    def note_run(self, source_id: str, status: str, message: str, **values: Any) -> None:
        """Record a look at a source after which nothing was loaded; ``values`` are further columns of the run."""
        run_id = self._begin_run(source_id, datetime.now(UTC), **values)
        self.end_run(run_id, status, message)

    def append(self, rows: Mapping[type[Base], pd.DataFrame]) -> None:
        """Insert rows into tables that keep no versions, all together or not at all."""
        with reported(), self.engine.begin() as connection:
            for table, frame in rows.items():
                if not frame.empty:
                    connection.execute(insert(table), _records(frame))

    def add_one(self, table: type[Base], row: Mapping[str, Any], then: Mapping[type[Base], pd.DataFrame]) -> int:
        """Insert a parent row and, in the same transaction, children that get its id as ``run_id``."""
        with reported(), self.engine.begin() as connection:
            parent = int(connection.execute(insert(table).values(**row).returning(table.__table__.c.id)).scalar_one())
            for child, frame in then.items():
                if not frame.empty:
                    connection.execute(insert(child), _records(frame.assign(run_id=parent)))
            return parent

    def put(self, table: type[Base], row: Mapping[str, Any]) -> None:
        """Insert a row of an unversioned table or replace the one with the same primary key."""
        keys = [c.name for c in table.__table__.primary_key]
        statement = upsert(table).values(**row)
        changed = {name: statement.excluded[name] for name in row if name not in keys}
        with reported(), self.engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    def remove(self, table: type[Base], **where: Any) -> None:
        """Delete rows of an unversioned table by equality, to be computed again."""
        if issubclass(table, Versioned):
            raise TypeError(f"{table.__tablename__} keeps its history; deletions are versions")
        with reported(), self.engine.begin() as connection:
            connection.execute(delete(table).filter_by(**where))


def known(table: type[Versioned], as_of: datetime | None) -> Any:
    """Return the condition "this version was the one known at ``as_of``" (missing: is known now)."""
    if as_of is None:
        return table.known_to.is_(None)
    if as_of.tzinfo is None:
        raise ValueError(f"as_of needs a time zone: {as_of!r}")
    return (table.known_from <= as_of) & (table.known_to.is_(None) | (table.known_to > as_of))


def _matching(query: "Select[Any]", table: type[Base], where: Mapping[str, Any]) -> "Select[Any]":
    """Narrow a query by equality; a list, tuple or set means any of its values."""
    for name, value in where.items():
        column = table.__table__.c[name]
        query = query.where(column.in_(value) if isinstance(value, (list, tuple, set)) else column == value)
    return query


@contextmanager
def reported() -> Iterator[None]:
    """Turn a lost, full or read-only database into our own error."""
    try:
        yield
    except InternalError as error:
        if not isinstance(error.orig, ReadOnlySqlTransaction):
            raise
        raise DatabaseReadOnly(str(error.orig)) from error
    except OperationalError as error:
        raise DatabaseUnavailable("the current address", str(error.orig).strip().splitlines()[0]) from error


def _typed(frame: pd.DataFrame, table: type[Base]) -> pd.DataFrame:
    """Give an (even empty) frame the types of the table's columns."""
    for column in table.__table__.columns:
        if column.name not in frame:
            continue
        kind = column.type.python_type if column.computed is None else object
        if kind is int:
            frame[column.name] = frame[column.name].astype("Int64" if column.nullable else "int64")
        elif kind is float:
            frame[column.name] = frame[column.name].astype("float64")
        elif kind is datetime:
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True)
        elif kind.__name__ == "date":
            frame[column.name] = pd.to_datetime(frame[column.name])
    return frame


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain Python values, missing as None."""
    records: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return records
