"""One atomic load: staging tables, comparison with what is known, and new versions.

When a fact became known is either *stated* by the source (a vintage: column ``known_at``) or *assumed* (column
``assumed_known_at``, or now, and never later than now). An assumed time holds for the first sight of a fact only; a
change to a known fact becomes known when it is loaded, so that the past keeps what it knew.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy import Connection, Date, text, update

from data.errors import IdentityBreak
from data.frames import check
from data.merge import columns_of, merge
from data.schema import Versioned, versioned_tables
from data.schema.source_run import SourceRun

_BAD_ROWS_HELD = 10_000


class Load:
    """What `Store.load` hands out: add rows, reject rows, name what a snapshot replaces."""

    def __init__(self, connection: Connection, run_id: int, source_id: str, now: datetime) -> None:
        """Take the source's lock within the transaction."""
        self._connection, self.run_id, self.source_id, self.now = connection, run_id, source_id, now
        self._sender, self._sending = ThreadPoolExecutor(1, "copy"), Future[None]()
        self._sending.set_result(None)
        self.counts = dict.fromkeys(("read", "new", "revised", "deleted", "unchanged", "ignored", "quarantined"), 0)
        self.newest_content_at: datetime | None = None
        self._staged: dict[type[Versioned], int] = {}
        self.believes_losses = False
        """Whether any share of what is known may vanish: the source has told the same too often to be wrong."""
        self._payload = 0
        self._told: dict[str, set[int]] = {}
        self._rejected: dict[str, set[int]] = {}
        self._scopes: dict[type[Versioned], list[tuple[int, str, dict[str, Any]]]] = {}
        self._bad: list[tuple[str, str, str, str]] = []
        self._notes: dict[str, int] = {}
        self._kept: dict[type[Versioned], list[tuple[str, dict[str, Any]]]] = {}
        self.wait_for(source_id)

    def wait_for(self, source_id: str) -> None:
        """Wait until no other load brings rows of a source, and keep others from it until this one ends."""
        lock = text("SELECT pg_advisory_xact_lock(hashtext('waypost.source'), hashtext(:id))")
        self.connection.execute(lock, {"id": source_id})

    @property
    def connection(self) -> Connection:
        """The connection, once nothing is being sent over it; raises what went wrong with what was sent."""
        self._sending.result()
        return self._connection

    def close(self) -> None:
        """Wait for what is being sent; to be called before the transaction ends."""
        self._sender.shutdown()

    def next_payload(self) -> None:
        """Begin another payload: what is rejected of one casts no doubt on what the others say is whole."""
        self._payload += 1

    def add(self, table: type[Versioned], frame: pd.DataFrame, locators: "pd.Series[str] | None" = None) -> None:
        """Stage rows; rows that do not fit the table go to quarantine under their locator (default: the index).

        Besides the table's content the frame may hold ``known_at`` (stated), ``assumed_known_at`` and ``is_deleted``.
        """
        times = frame.reindex(columns=["known_at", "assumed_known_at", "is_deleted"])
        checked = check(frame.drop(columns=times.columns, errors="ignore"), table)
        self.counts["read"] += len(frame)
        self._told.setdefault(table.__tablename__, set()).add(self._payload)
        for label, reason in checked.reasons.items():
            where = str(label) if locators is None else str(locators[label])
            self.reject(table.__tablename__, where, reason, frame.loc[label].to_json(date_format="iso"), counted=True)
        if checked.good.empty:
            return
        good = checked.good.assign(
            stated=pd.to_datetime(times["known_at"], utc=True)[checked.good.index],
            assumed=pd.to_datetime(times["assumed_known_at"], utc=True)[checked.good.index],
            is_deleted=times["is_deleted"][checked.good.index].astype("boolean").fillna(value=False),
        )
        self._copy(table, good)

    def reject(self, table_name: str, locator: str, reason: str, raw: str, *, counted: bool = False) -> None:
        """Keep a record that cannot land, with where it stood and why."""
        self._bad.append((table_name, _storable(locator), _storable(reason), _storable(raw)))
        self._rejected.setdefault(table_name, set()).add(self._payload)
        self.counts["quarantined"] += 1
        self.counts["read"] += 0 if counted else 1
        if len(self._bad) >= _BAD_ROWS_HELD:
            self._flush_bad()

    def ignore(self, rows: int, reason: str) -> None:
        """Count rows that the source ignores by name; the reason stands in the run's message."""
        self.counts["read"] += rows
        self.counts["ignored"] += rows
        self._notes[reason] = self._notes.get(reason, 0) + rows

    def replaces(self, table: type[Versioned], condition: str, max_vanished_share: float, **values: Any) -> None:
        """Declare that the load is the whole truth for the rows of this source that match an SQL condition.

        Current rows in that scope that the load does not bring are deleted (as versions). If more than
        ``max_vanished_share`` of them would vanish, the load fails with `IdentityBreak` and nothing changes, unless it
        ``believes_losses``. While any row of the table is rejected in the same payload (or in any, where that payload
        has no rows), nothing of it counts as gone: it may be the very row.
        """
        scope = (self._payload, condition, {**values, "max_share": max_vanished_share})
        self._scopes.setdefault(table, []).append(scope)

    def keeps(self, table: type[Versioned], condition: str, **values: Any) -> None:
        """Declare that known rows which match an SQL condition stay as they are, whatever this load brings."""
        self._kept.setdefault(table, []).append((condition, values))

    def seen(self, newest_content_at: datetime) -> None:
        """Note how new the newest content is."""
        self.newest_content_at = max(newest_content_at, self.newest_content_at or newest_content_at)

    def finish(self) -> None:
        """Merge every staged table, parents first, and close the run in the same transaction."""
        for table in _parents_first([*self._staged, *self._scopes]):
            if table not in self._staged:
                self._create_stage(table)
            for condition, values in self._kept.get(table, []):
                self._drop_kept(table, condition, values)
            self._drop_orphans(table)
            for payload, condition, values in self._scopes.get(table, []):
                if self._is_whole(table.__tablename__, payload):
                    self._stage_vanished(table, condition, values)
                else:
                    self.ignore(0, f"while rows of {table.__tablename__} are rejected, nothing of it counts as gone")
            for name, rows in merge(self.connection, table, self.run_id, self.now).items():
                self.counts[name] += rows
        self._flush_bad()
        if self.counts["quarantined"]:
            self._forget_repeated()
        changed = self.counts["new"] + self.counts["revised"] + self.counts["deleted"]
        values = {f"rows_{name}": count for name, count in self.counts.items()}
        done = update(SourceRun).where(SourceRun.id == self.run_id)
        status = "ok" if changed or self.counts["quarantined"] else "unchanged"
        newest = self.newest_content_at
        self.connection.execute(
            done.values(
                status=status,
                message=self._message(),
                finished_at=text("clock_timestamp()"),
                newest_content_at=newest,
                **values,
            )
        )
        if changed:
            self.connection.execute(text("SELECT pg_notify('waypost_rows', :id)"), {"id": self.source_id})

    def _message(self) -> str:
        """Say what was ignored and why, the most first; at most 2,000 characters."""
        notes = sorted(self._notes.items(), key=lambda note: -note[1])
        return "; ".join(f"{rows:,} ignored: {reason}" if rows else reason for reason, rows in notes)[:2000]

    def _flush_bad(self) -> None:
        """Write the rejected records that are held back."""
        raw = self.connection.connection.cursor()
        with raw.copy("COPY quarantine (run_id, table_name, locator, reason, raw) FROM STDIN") as stream:
            for row in self._bad:
                stream.write_row((self.run_id, *row))
        self._bad.clear()

    def _forget_repeated(self) -> None:
        """Take rejected rows of earlier runs out that this run rejected again, word for word and for the same reason.

        So a feed that repeats its bad rows at each look keeps them once, under its newest run. Runs under another data
        set keep theirs: who may read them is another matter. One pass over what the source has in quarantine, by hash,
        so that the planner cannot choose to compare each row with each.
        """
        repeated = text("""
            DELETE FROM quarantine WHERE id IN (SELECT id FROM (
                SELECT q.id, q.run_id, max(q.run_id) OVER (PARTITION BY q.table_name, md5(q.reason), md5(q.raw)) AS last
                FROM quarantine q JOIN source_run r ON r.id = q.run_id JOIN source_run this ON this.id = :run_id
                WHERE r.source_id = this.source_id AND r.dataset_id IS NOT DISTINCT FROM this.dataset_id
                ) AS held WHERE run_id < last AND last = :run_id)
        """)
        self.connection.execute(repeated, {"run_id": self.run_id})

    def _create_stage(self, table: type[Versioned]) -> None:
        """Make the staging table: the content, the times and the order of arrival."""
        name, content = table.__tablename__, ", ".join(table.content())
        self.connection.execute(
            text(
                f"CREATE TEMP TABLE stage_{name} ON COMMIT DROP AS"
                f" SELECT {content}, known_from AS stated, known_from AS assumed, is_deleted FROM {name} WITH NO DATA"
            )
        )
        self.connection.execute(text(f"ALTER TABLE stage_{name} ADD seq bigint GENERATED ALWAYS AS IDENTITY"))
        self._staged[table] = 0

    def _copy(self, table: type[Versioned], frame: pd.DataFrame) -> None:
        """Stream rows into the staging table as CSV, where an empty unquoted field is missing.

        The caller goes on meanwhile: the next rows are read and checked while the database takes these.
        """
        if table not in self._staged:
            self._create_stage(table)
        self._staged[table] += len(frame)
        buffer = BytesIO()
        pa_csv.write_csv(_plain(pa.Table.from_pandas(frame, preserve_index=False), table), buffer)
        columns = ", ".join(frame.columns)
        command = f"COPY stage_{table.__tablename__} ({columns}) FROM STDIN (FORMAT csv, HEADER)"
        self._sending = self._sender.submit(_send, self.connection, command, buffer)

    def _is_whole(self, table_name: str, payload: int) -> bool:
        """Tell whether no row was rejected of what a payload says is whole: itself, or all where it has no rows."""
        rejected = self._rejected.get(table_name, set())
        is_own = payload in self._told.get(table_name, set()) | rejected
        return payload not in rejected if is_own else not rejected

    def _stage_vanished(self, table: type[Versioned], condition: str, values: Mapping[str, Any]) -> None:
        """Stage a deletion for each current row in a replaced scope that the load did not bring."""
        name, content = table.__tablename__, ", ".join(table.content())
        match = " AND ".join(f"s.{k} = t.{k}" for k in table.key)
        scope = f"t.known_to IS NULL AND NOT t.is_deleted AND ({condition})"
        anything = text(f"SELECT EXISTS (SELECT 1 FROM {name} t WHERE {scope})")
        if not self.connection.execute(anything, values).scalar_one():
            return
        # The planner knows little of tables just filled: without an index it may compare each row with each.
        for prepare in (f"CREATE INDEX ON stage_{name} ({', '.join(table.key)})", f"ANALYZE stage_{name}"):
            self.connection.execute(text(prepare))
        gone = f"{scope} AND NOT EXISTS (SELECT 1 FROM stage_{name} s WHERE {match})"
        count = text(f"SELECT count(*), count(*) FILTER (WHERE {gone}) FROM {name} t WHERE {scope}")
        known, vanished = self.connection.execute(count, values).one()
        if known and vanished / known > values["max_share"]:
            if not self.believes_losses:
                raise IdentityBreak(name, int(vanished), int(known), float(values["max_share"]))
            self.ignore(0, f"{vanished:,} of {known:,} known rows of {name} are gone, and stayed so")
        copied = ", ".join(f"t.{c}" for c in table.content())
        stage = (
            f"INSERT INTO stage_{name} ({content}, assumed, is_deleted)"
            f" SELECT {copied}, :now, true FROM {name} t WHERE {gone}"
        )
        self.connection.execute(text(stage), {**values, "now": self.now})

    def _drop_kept(self, table: type[Versioned], condition: str, values: Mapping[str, Any]) -> None:
        """Ignore staged rows for facts that this load must not touch."""
        name, match = table.__tablename__, " AND ".join(f"t.{k} = s.{k}" for k in table.key)
        current = f"t.known_to IS NULL AND NOT t.is_deleted AND ({condition})"
        kept = f"DELETE FROM stage_{name} s USING {name} t WHERE {match} AND {current}"
        self.counts["ignored"] += self.connection.execute(text(kept), values).rowcount

    def _drop_orphans(self, table: type[Versioned]) -> None:
        """Quarantine staged rows that point to something nobody knows."""
        name, content = table.__tablename__, columns_of("s", table.content())
        for column, parent in table.references:
            orphans = text(
                f"WITH gone AS (DELETE FROM stage_{name} s WHERE s.{column} IS NOT NULL AND NOT EXISTS"
                f" (SELECT 1 FROM {parent} p WHERE p.id = s.{column} AND p.known_to IS NULL AND NOT p.is_deleted)"
                f" RETURNING s.seq, (SELECT row_to_json(c) FROM (SELECT {content}) AS c)::text AS raw)"
                " INSERT INTO quarantine (run_id, table_name, locator, reason, raw)"
                " SELECT :run_id, :name, 'row ' || seq, :reason, raw FROM gone"
            )
            values = {"run_id": self.run_id, "name": name, "reason": f"{column} names no known {parent}"}
            found = self.connection.execute(orphans, values).rowcount
            self.counts["quarantined"] += found
            if found:
                self._rejected[name] = set(range(self._payload + 1))


def _send(connection: Connection, command: str, buffer: BytesIO) -> None:
    """Stream a buffer to a COPY command."""
    with connection.connection.cursor().copy(command) as stream:
        stream.write(buffer.getbuffer())


def _plain(rows: pa.Table, table: type[Versioned]) -> pa.Table:
    """Return rows with days as days, and instants in UTC without a zone, as every session has it (`data.postgres`).

    Written as CSV, an instant with its zone costs as much as all other columns together.
    """
    days = {column.name for column in table.__table__.columns if isinstance(column.type, Date)}
    for position, field in enumerate(rows.schema):
        kind = pa.date32() if field.name in days else pa.timestamp("us")
        if pa.types.is_timestamp(field.type):
            rows = rows.set_column(position, field.name, rows.column(position).cast(kind, safe=False))
    return rows


def _storable(said: str) -> str:
    r"""Return text that the database can hold: NUL and halves of surrogate pairs are written out.

    >>> _storable("a\x00b\ud800")
    'a\\x00b\\ud800'
    """
    return said.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def _parents_first(tables: list[type[Versioned]]) -> list[type[Versioned]]:
    """Order tables so that what is pointed to lands before what points."""
    names = versioned_tables()
    ordered: list[type[Versioned]] = []

    def visit(table: type[Versioned]) -> None:
        for _, parent in table.references:
            if names[parent] in tables and names[parent] is not table:
                visit(names[parent])
        if table not in ordered:
            ordered.append(table)

    for table in tables:
        visit(table)
    return ordered
