"""Turn what a load has staged into versions of facts.

A staging table ``stage_<table>`` holds the content, ``stated`` and ``assumed`` (when the fact became known;
neither: now), ``is_deleted`` and ``seq``, the order of arrival.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import AddConstraint, DropConstraint

from data.schema import Versioned

MANY_ROWS = 50_000
"""From here on an empty table gets its indexes after its rows."""


def merge(connection: Connection, table: type[Versioned], run_id: int, now: datetime) -> dict[str, int]:
    """Turn a staging table into versions; return how many rows were new, revised, deleted, unchanged, ignored."""
    name = table.__tablename__
    with_nothing_before = text(f"""
        SELECT NOT EXISTS (SELECT 1 FROM {name}) AND NOT EXISTS (SELECT 1 FROM stage_{name} WHERE is_deleted)
    """)
    is_first = connection.execute(with_nothing_before).scalar_one()
    return (_first if is_first else _compared)(connection, table, run_id, now)


def _first(connection: Connection, table: type[Versioned], run_id: int, now: datetime) -> dict[str, int]:
    """Make every staged fact a version: what `_compared` does when nothing was known before and nothing is deleted."""
    name, keys, content = table.__tablename__, ", ".join(table.key), ", ".join(table.content())
    looked = text(f"SELECT count(*), count(stated) FROM stage_{name}")
    staged, vintages = connection.execute(looked).one()
    until = f"lead(at) OVER (PARTITION BY {keys} ORDER BY at)" if vintages else "CAST(NULL AS timestamptz)"
    land = text(f"""
        INSERT INTO {name} ({content}, known_from, known_to, is_deleted, run_id)
        SELECT {content}, at, {until}, false, :run_id FROM (
            SELECT DISTINCT ON ({keys}, stated) *, coalesce(stated, least(assumed, :now)) AS at FROM stage_{name}
            ORDER BY {keys}, stated, seq DESC) AS single
    """)
    with _indexed_afterwards(connection, table) if staged >= MANY_ROWS else nullcontext():
        landed = connection.execute(land, {"run_id": run_id, "now": now}).rowcount
    return {"new": landed, "revised": 0, "deleted": 0, "unchanged": 0, "ignored": staged - landed}


@contextmanager
def _indexed_afterwards(connection: Connection, table: type[Versioned]) -> Iterator[None]:
    """Take the indexes and foreign keys of an empty table away until it is filled: building them is far cheaper.

    Nobody can read the table meanwhile; when somebody does right now, nothing is taken away.
    """
    rows = cast(Table, table.__table__)
    try:
        with connection.begin_nested():
            connection.execute(text(f"LOCK TABLE {rows.name} IN ACCESS EXCLUSIVE MODE NOWAIT"))
    except OperationalError:
        yield
        return
    for constraint in rows.foreign_key_constraints:
        connection.execute(DropConstraint(constraint))
    for index in rows.indexes:
        index.drop(connection)
    yield
    for index in rows.indexes:
        index.create(connection)
    for constraint in rows.foreign_key_constraints:
        connection.execute(AddConstraint(constraint, isolate_from_table=False))
    connection.execute(text(f"ANALYZE {rows.name}"))


def _compared(connection: Connection, table: type[Versioned], run_id: int, now: datetime) -> dict[str, int]:
    """Compare what is staged with what was known at the time, and land what differs."""
    name, key, content = table.__tablename__, table.key, table.content()
    keys, match = ", ".join(key), " AND ".join(f"t.{k} = s.{k}" for k in key)
    same = f"({columns_of('t', content)}, t.is_deleted) IS NOT DISTINCT FROM ({columns_of('s', content)}, s.is_deleted)"
    run = {"run_id": run_id, "now": now}
    steps = f"""
    CREATE TEMP TABLE single_{name} ON COMMIT DROP AS
        SELECT DISTINCT ON ({keys}, stated) s.*, coalesce(s.stated,
            CASE WHEN t.version_id IS NULL THEN least(s.assumed, :now)
            ELSE greatest(CAST(:now AS timestamptz), t.known_from + interval '1 microsecond') END) AS at,
            t.version_id IS NOT NULL AS seen
        FROM stage_{name} s LEFT JOIN {name} t ON {match} AND t.known_to IS NULL
        ORDER BY {keys}, stated, seq DESC;
    CREATE TEMP TABLE incoming_{name} ON COMMIT DROP AS
        SELECT s.*, (t.known_from = s.at) AS corrects FROM single_{name} s LEFT JOIN {name} t
            ON {match} AND t.known_from <= s.at AND (t.known_to IS NULL OR t.known_to > s.at)
        WHERE NOT (CASE WHEN t.version_id IS NULL THEN s.is_deleted ELSE {same} END);
    UPDATE incoming_{name} s SET at = greatest(CAST(:now AS timestamptz),
            (SELECT max(t.known_from) + interval '1 microsecond' FROM {name} t WHERE {match})) WHERE corrects;
    CREATE TEMP TABLE timeline_{name} ON COMMIT DROP AS
        SELECT version_id, seq, lead(at) OVER (PARTITION BY {keys} ORDER BY at) AS until FROM (
            SELECT CAST(NULL AS bigint) AS version_id, seq, {keys}, at FROM incoming_{name}
            UNION ALL
            SELECT t.version_id, NULL, {columns_of("t", key)}, t.known_from FROM {name} t
            WHERE EXISTS (SELECT 1 FROM incoming_{name} s WHERE s.seen AND {match})) AS versions;
    UPDATE {name} t SET known_to = x.until FROM timeline_{name} x
        WHERE t.version_id = x.version_id AND t.known_to IS DISTINCT FROM x.until;
    INSERT INTO {name} ({", ".join(content)}, known_from, known_to, is_deleted, run_id)
        SELECT {columns_of("s", content)}, s.at, x.until, s.is_deleted, :run_id
        FROM incoming_{name} s JOIN timeline_{name} x ON x.seq = s.seq"""
    for step in steps.split(";"):
        connection.execute(text(step), {k: v for k, v in run.items() if f":{k}" in step})
    counts = text(f"""
        SELECT (SELECT count(*) FROM stage_{name}), (SELECT count(*) FROM single_{name}), count(*),
            count(*) FILTER (WHERE is_deleted), count(*) FILTER (WHERE seen AND NOT is_deleted) FROM incoming_{name}
    """)
    staged, single, landed, deleted, revised = connection.execute(counts).one()
    new = landed - deleted - revised
    return {
        "new": new, "revised": revised, "deleted": deleted, "unchanged": single - landed, "ignored": staged - single,
    }  # fmt: skip


def columns_of(alias: str, columns: "tuple[str, ...] | list[str]") -> str:
    """Return a list of columns of one alias."""
    return ", ".join(f"{alias}.{c}" for c in columns)
