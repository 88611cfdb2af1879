"""The database dies, hangs, fills up or refuses: nothing torn, nothing lost, no hand needed (fault list F53 to F60)."""

import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dashboard import threads
from dashboard.faults import status_and_words
from data import migrate
from data.cluster import Cluster
from data.errors import DatabaseReadOnly, DatabaseUnavailable, SchemaOutdated, WaypostError
from data.migrate import current, newest, require_usable, upgrade
from data.postgres import engine as open_engine
from data.schema.conflict_event import ConflictEvent
from data.schema.source_run import SourceRun
from data.store import Store
from etl.__main__ import main

EVENTS = 3_000
GDACS = Path(__file__).parents[1] / "payloads" / "gdacs" / "rss.xml"


def events(fatalities: int, number: int = EVENTS) -> pd.DataFrame:
    day = pd.Timestamp("2014-01-01")
    ids = [str(i) for i in range(number)]
    row = {"source_id": "ucdp", "kind": "one_sided", "start_date": day, "end_date": day, "country_iso3": "CAF"}
    row |= {"longitude": 20.0, "latitude": 5.0, "location_precision": "exact", "fatalities_best": fatalities}
    return pd.DataFrame({"event_id": ids} | row)


def load(store: Store, fatalities: int) -> None:
    with store.load("ucdp") as target:
        target.add(ConflictEvent, events(fatalities))


def state(store: Store) -> set[int]:
    """The distinct figures of all current events: one of them unless a load was torn."""
    frame = store.read(ConflictEvent)
    assert len(frame) == EVENTS
    return set(frame["fatalities_best"].astype(int))


LOADER = """
import sys
from data.postgres import engine
from data.store import Store
sys.path.insert(0, sys.argv[2])
from test_database_faults import load
print("loading", flush=True)
load(Store(engine(sys.argv[1])), int(sys.argv[3]))
"""


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.long)])
def test_f53_kill_9_of_a_loader_at_a_random_moment(store, database_url, request, rounds):
    load(store, 0)
    draw, killed = random.Random(5), 0
    for figure in range(1, rounds + 1):
        before = state(store)
        command = [sys.executable, "-c", LOADER, database_url, str(request.path.parent), str(figure)]
        loader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        loader.stdout.readline()
        time.sleep(draw.uniform(0, 0.6))
        loader.kill()
        killed += loader.wait() == -signal.SIGKILL
        loader.stdout.close()
        assert state(store) in (before, {figure})
    assert killed > 0, "no loader was still at work when it was killed: the test says nothing"
    load(store, 99)
    assert state(store) == {99}


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.long)])
def test_f54_a_server_process_ended_within_a_load(store, database_url, rounds):
    load(store, 0)
    admin, draw, ended = open_engine(database_url), random.Random(7), 0
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'"
    for figure in range(1, rounds + 1):
        victim = Store(open_engine(database_url + "&application_name=victim"))
        before, failed = state(store), []

        def work(victim=victim, figure=figure, failed=failed):
            try:
                load(victim, figure)
            except (DBAPIError, WaypostError) as error:
                failed.append(error)

        worker = threading.Thread(target=work)
        worker.start()
        time.sleep(draw.uniform(0.02, 0.4))
        with admin.connect() as connection:
            connection.execute(text(others))
        worker.join()
        victim.engine.dispose()
        ended += len(failed)
        assert state(store) == (before if failed else {figure})
    assert ended > 0, "no load was hit: the test says nothing"
    load(store, 99)
    assert state(store) == {99}
    admin.dispose()


@pytest.fixture
def own_cluster(tmp_path):
    cluster = Cluster(tmp_path / "pg", throwaway=True)
    yield cluster
    cluster.remove()


def test_f55_the_pool_recovers_after_the_server_was_killed(own_cluster):
    opened = open_engine(own_cluster.start())
    with opened.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.rollback()
        own_cluster.stop("immediate")
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))
    with pytest.raises(OperationalError), opened.connect():
        pass
    own_cluster.start()
    began = time.monotonic()
    with opened.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    assert time.monotonic() - began < 10
    opened.dispose()


@pytest.fixture
def small_disk(tmp_path):
    """A tablespace folder on a file system of 12 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("NOT CHECKED: a small file system needs root")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], check=False)
    if made.returncode:
        pytest.skip("NOT CHECKED: this machine mounts no tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_f56_a_full_disk_fails_the_load_and_nothing_else(small_disk, own_cluster, tmp_path):
    url = own_cluster.start()
    opened = open_engine(url)
    with opened.connect() as connection:
        owner = connection.execute(text("SHOW data_directory")).scalar_one()
    place = small_disk / "space"
    place.mkdir()
    shutil.chown(place, Path(owner).stat().st_uid)
    for folder in (small_disk, tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o005)
    admin = opened.execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE TABLESPACE small LOCATION '{place}'"))
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    upgrade(opened)
    store = Store(opened)
    load(store, 1)
    with admin.connect() as connection:
        connection.execute(text("ALTER TABLE conflict_event SET TABLESPACE small"))
    before = store.history(ConflictEvent)
    with pytest.raises(DatabaseUnavailable, match="No space left on device"), store.load("ucdp") as target:
        target.add(ConflictEvent, events(2, 120_000))
    assert store.history(ConflictEvent).equals(before)
    runs = store.read(SourceRun).sort_values("id")
    assert runs["status"].tolist() == ["ok", "failed"]
    assert "No space left" in runs["message"].iloc[-1]
    with opened.begin() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    opened.dispose()


def test_f57_a_slow_statement_a_held_lock_and_a_drained_pool_end(database_url):
    opened = open_engine(database_url, statement_seconds=1)
    with pytest.raises(DBAPIError) as slow, opened.connect() as connection:
        connection.execute(text("SELECT pg_sleep(30)"))
    assert isinstance(slow.value.orig, QueryCanceled)
    with Store(opened).load("ucdp") as target:  # as long as it takes: 100,000 rows on a busy machine
        target.connection.execute(text("SELECT pg_sleep(1.2)"))
    holder = open_engine(database_url)
    with holder.begin() as held:
        held.execute(text("LOCK TABLE conflict_event"))
        with pytest.raises(DBAPIError) as waited, opened.connect() as connection:
            connection.execute(text("SELECT count(*) FROM conflict_event"))
    assert isinstance(waited.value.orig, (QueryCanceled, LockNotAvailable))
    with holder.connect() as connection:
        for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
            assert connection.execute(text(f"SHOW {name}")).scalar_one() != "0"
    drained = open_engine(database_url)
    drained.pool._timeout = 0.2
    taken = [drained.connect() for _ in range(drained.pool.size() + drained.pool._max_overflow)]
    with pytest.raises(PoolTimeout):
        drained.connect()
    for connection in taken:
        connection.close()
    for one in (opened, holder, drained):
        one.dispose()


class BlackHole:
    """A TCP proxy in front of a server that, once told, swallows everything and answers nothing."""

    def __init__(self, path: str) -> None:
        self.path, self.silent = path, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.ends = self.listener.getsockname()[1], []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.path)
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while block := one.recv(65536):
                if not self.silent.is_set():
                    other.sendall(block)

    def close(self) -> None:
        self.listener.close()
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_f58_a_dead_network_does_not_hold_a_page_for_ever(database_url, monkeypatch):
    monkeypatch.setattr(threads, "DEADLINE_SECONDS", 1)
    made = make_url(database_url)
    hole = BlackHole(f"{made.query['host']}/.s.PGSQL.{made.port or 5432}")
    query = {key: value for key, value in made.query.items() if key != "host"}
    through = made.set(host="127.0.0.1", port=hole.port, query=query).render_as_string(hide_password=False)
    opened = open_engine(through)

    def ask() -> int:
        with opened.connect() as connection:
            return connection.execute(text("SELECT 1")).scalar_one()

    async def page() -> float:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await threads.threaded(ask)()
        waited = time.monotonic() - began
        hole.close()
        return waited

    assert ask() == 1
    hole.silent.set()
    assert asyncio.run(page()) < 5


def test_f59_a_migration_that_fails_leaves_the_old_schema(engine, tmp_path, monkeypatch):
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate._SCRIPTS, scripts)
    (scripts / "versions" / "9999_broken.py").write_text(
        "from alembic import op\n"
        f"revision = '9999_broken'\ndown_revision = '{newest()}'\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (x int)')\n    op.execute('SELECT no_such_function()')\n"
        "def downgrade():\n    pass\n"
    )
    before = newest()
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)
    with pytest.raises(DBAPIError, match="no_such_function"):
        upgrade(engine)
    assert current(engine) == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('half')")).scalar_one() is None


def added(folder: Path, number: int, after: str) -> str:
    """Write a migration that adds a column, as a newer program would bring it; return its revision."""
    revision = f"{number}_later"
    (folder / "versions" / f"{revision}.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '{revision}'\ndown_revision = '{after}'\n"
        f"def upgrade():\n    op.add_column('conflict_event', sa.Column('later_{number}', sa.Text()))\n"
        "def downgrade():\n    pass\n"
    )
    return revision


def test_f59_a_program_one_migration_behind_works_and_one_farther_behind_says_so(store, tmp_path, monkeypatch):
    mine, ours = migrate._SCRIPTS, newest()
    scripts = tmp_path / "migrations"
    shutil.copytree(mine, scripts)
    one = added(scripts, 9998, ours)
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)
    upgrade(store.engine)
    monkeypatch.setattr(migrate, "_SCRIPTS", mine)
    require_usable(store.engine)
    upgrade(store.engine)
    load(store, 5)
    load(store, 7)
    assert state(store) == {7}
    assert current(store.engine) == one
    added(scripts, 9999, one)
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)
    upgrade(store.engine)
    monkeypatch.setattr(migrate, "_SCRIPTS", mine)
    for refused in (require_usable, upgrade):
        with pytest.raises(SchemaOutdated, match="update this program"):
            refused(store.engine)


def test_f59_the_newest_migration_only_adds(own_cluster):
    """What a program of the revision before reads and writes is still there, and nothing new is asked of it."""
    engine = open_engine(own_cluster.start())
    with engine.connect() as connection:
        script = ScriptDirectory(str(migrate._SCRIPTS))
        command.upgrade(migrate._config(connection), script.get_revision(newest()).down_revision)
        connection.commit()
    columns = "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    checks = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('c', 'f')"
    with engine.connect() as connection:
        before = {row[:2]: row[2:] for row in connection.execute(text(f"{columns} WHERE table_schema = 'public'"))}
        asked = {tuple(row) for row in connection.execute(text(checks))}
    upgrade(engine)
    with engine.connect() as connection:
        after = {row[:2]: row[2:] for row in connection.execute(text(f"{columns} WHERE table_schema = 'public'"))}
        asks = {tuple(row) for row in connection.execute(text(checks))}
    tables = {table for table, _ in before}
    assert before.items() <= after.items()
    new = {name: is_like for name, is_like in after.items() - before.items() if name[0] in tables}
    assert all(nullable == "YES" or default for _, nullable, default in new.values())
    assert not {table for table, _ in asks - asked} & tables
    engine.dispose()


def test_f59_a_dump_restores_to_the_same_rows_and_shapes(store, own_cluster, database_url, tmp_path):
    load(store, 5)
    dump = tmp_path / "dump"
    plain = make_url(database_url)
    where = ["-h", str(plain.query["host"]), "-p", str(plain.port or 5432), "-U", plain.username]
    subprocess.run(["pg_dump", "-Fc", "-f", str(dump), *where, plain.database], check=True)
    target = make_url(own_cluster.start())
    there = ["-h", str(target.query["host"]), "-p", str(target.port or 5432), "-U", target.username]
    subprocess.run(["pg_restore", "--clean", "--if-exists", "-d", target.database, *there, str(dump)], check=True)
    restored = Store(open_engine(target.render_as_string(hide_password=False)))
    shapes = "string_agg(encode(ST_AsBinary(geometry), 'hex'), '' ORDER BY event_id)"
    sums = f"SELECT count(*), md5({shapes}) FROM conflict_event"
    with store.engine.connect() as one, restored.engine.connect() as other:
        assert one.execute(text(sums)).one() == other.execute(text(sums)).one()
    assert current(restored.engine) == newest()
    restored.engine.dispose()


def test_f60_a_read_only_database_serves_reads_and_refuses_writes_with_a_reason(
    store, database_url, monkeypatch, capsys, tmp_path
):
    load(store, 5)
    address = database_url + "&options=-c%20default_transaction_read_only%3Don"
    read_only = Store(open_engine(address))
    assert state(read_only) == {5}
    upgrade(read_only.engine)
    with pytest.raises(DatabaseReadOnly) as refused:
        load(read_only, 6)
    assert status_and_words(refused.value) == (
        503,
        "This database is read-only at the moment: nothing can be changed, everything can be read.",
    )
    monkeypatch.setenv("WAYPOST_DATABASE_URL", address)
    monkeypatch.setenv("WAYPOST_VAR", str(tmp_path))
    assert main(["run", "gdacs", "--from", str(GDACS)]) == os.EX_UNAVAILABLE
    assert capsys.readouterr().err == f"DatabaseReadOnly: {refused.value}\n"
    assert state(store) == {5}
    assert store.read(SourceRun, as_of=datetime.now(UTC)).shape[0] == 1
    read_only.engine.dispose()
