"""The embedded database: a private PostgreSQL + PostGIS cluster that only its own system account can reach.

It listens on a unix socket in a folder of mode 0700 and on no network port, so it never meets another server of the
machine. It is a program of its own that outlives the one that started it. Whatever interrupts a start (a kill, a full
disk, a second starter), the next start finds either the data as they were or none at all.
"""

import errno
import fcntl
import os
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL

from data import cluster_place, programs
from data.cluster_state import DataFolder
from data.errors import DatabaseUnavailable, DiskFull

NAME = "waypost"  # of the superuser and of the database
PORT = 5432  # only the name of the socket file
SOCKET = f".s.PGSQL.{PORT}"
START_SECONDS = 120  # recovery after a crash included
NEW_CLUSTER_MB = 120  # an empty cluster with PostGIS takes 60 MB, and its log grows by 16 MB at a time
STARTING_MB = 8
PREPARING = 0x57415950  # advisory lock: "WAYP"

# For 2 cores and 4 GB upwards. jit=off: it more than halves tile rates (measured); statement_timeout is left to roles.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "datestyle": "ISO,YMD",
    "log_timezone": "UTC",
    "cluster_name": NAME,
}
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


@dataclass(frozen=True)
class ClusterStatus:
    """What is known of a cluster: ``pid`` is None when stopped, ``major`` (PostgreSQL version) when it has no data."""

    home: Path
    pid: int | None
    major: int | None


class Cluster:
    """One cluster whose home folder is (or is linked from) ``path``.

    ``throwaway`` is for tests: faster, and not safe against a power failure. All methods may be called at any time, in
    any order and from several processes at once. They raise DatabaseUnavailable, DiskFull or ConfigurationMissing.
    """

    def __init__(self, path: Path, *, throwaway: bool = False) -> None:
        self.path = path.absolute()
        self.throwaway = throwaway

    def start(self) -> str:
        """Make the cluster if there is none, start it if it does not run, and return its SQLAlchemy URL."""
        with _file_errors_named(self.path), self._alone():
            home, account = cluster_place.settle(self.path, temporary=self.throwaway)
            data = DataFolder(home / "data", account)
            if data.server_pid is not None and not (data.wait_until_ready(START_SECONDS) / SOCKET).exists():
                self._end(data, "fast")  # its socket was swept away: nobody can reach it any more
            if data.server_pid is None:
                tools = programs.choose(data.major)
                if data.major is None:
                    self._initialise(data, tools)
                self._launch(data, tools)
            sockets = data.wait_until_ready(START_SECONDS)
            _prepare(sockets)
        return str(URL.create("postgresql+psycopg", NAME, port=PORT, database=NAME, query={"host": str(sockets)}))

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server; return whether there was one to stop.

        ``mode`` is PostgreSQL's: "smart", "fast", or "immediate" (a crash on purpose; the next start recovers).
        """
        if not self.path.exists():
            return False
        with _file_errors_named(self.path), self._alone():
            data = self._data()
            running = data.server_pid is not None
            if running:
                self._end(data, mode)
            return running

    def status(self) -> ClusterStatus:
        """Return what is known of the cluster without changing anything."""
        with _file_errors_named(self.path):
            data = self._data()
            return ClusterStatus(data.path.parent, data.server_pid, data.major)

    @property
    def is_running(self) -> bool:
        """Whether a server for this cluster is alive."""
        return self.status().pid is not None

    def remove(self) -> None:
        """Stop the server at once and delete all of its data, wherever they are."""
        self.stop("immediate")
        with _file_errors_named(self.path):
            home = self.path.resolve()
            if home.exists():
                shutil.rmtree(cluster_place.socket_folder(home, cluster_place.account_for(home)))
                shutil.rmtree(home)
            if self.path.is_symlink():
                self.path.unlink()
            self._lock_file.unlink(missing_ok=True)

    def _data(self) -> DataFolder:
        return DataFolder(self.path.resolve() / "data", cluster_place.account_for(self.path))

    @property
    def _lock_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.lock")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this cluster: one process at a time starts or stops it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._lock_file, os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _initialise(self, data: DataFolder, tools: programs.Programs) -> None:
        """Make the data folder under another name first: an interrupted one is never taken for a whole one."""
        home, run = data.path.parent, data.account.run
        run(["rm", "-rf", *map(str, home.glob("data.partial-*"))])
        _require_space(home, NEW_CLUSTER_MB)
        partial = home / f"data.partial-{os.getpid()}"
        command = [
            *(tools.path("initdb"), "-D", str(partial), "--username", NAME, "--auth-local=trust"),
            *("--auth-host=reject", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"),
        ]
        made = run([*command, "--no-sync"] if self.throwaway else command)
        if made.returncode == 0:
            made = run(["mv", str(partial), str(data.path)])
        if made.returncode:
            run(["rm", "-rf", str(partial)])
            raise _explained(data.path, made.stderr)

    def _launch(self, data: DataFolder, tools: programs.Programs) -> None:
        """Start the server and wait until it accepts connections; only called when none is alive."""
        home, run = data.path.parent, data.account.run
        log = home / "log"
        _require_space(home, STARTING_MB)
        sockets = cluster_place.socket_folder(home, data.account)
        options = SETTINGS | (THROWAWAY if self.throwaway else {})
        options["unix_socket_directories"] = '"' + str(sockets).replace('"', '""') + '"'
        words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        command = [tools.path("pg_ctl"), "start", "-w", "-t", str(START_SECONDS), "-D", str(data.path), "-l", str(log)]
        if data.names_a_stranger:  # PostgreSQL would believe the number and refuse to start
            run(["rm", "-f", str(data.path / "postmaster.pid"), str(sockets / f"{SOCKET}.lock"), str(sockets / SOCKET)])
        give_up_at = time.monotonic() + START_SECONDS
        while True:
            run(["mv", "-f", str(log), f"{log}.previous"])
            # A starter that was killed may have left a server that shows itself only now: that one will do.
            if run([*command, "-o", shlex.join(words)]).returncode == 0 or data.server_pid is not None:
                return
            said = log.read_text(errors="replace") if log.exists() else ""
            # Sessions of a killed server leave its shared memory one by one, within seconds.
            if "pre-existing shared memory block" not in said or time.monotonic() > give_up_at:
                raise _explained(data.path, said)
            time.sleep(0.2)

    def _end(self, data: DataFolder, mode: str) -> None:
        command = [programs.choose(data.major).path("pg_ctl"), "stop", "-w", "-m", mode, "-D", str(data.path)]
        done = data.account.run(command)
        if done.returncode and data.server_pid is not None:
            raise DatabaseUnavailable(str(data.path), f"it does not stop: {done.stderr.strip()}")


def _prepare(sockets: Path) -> None:
    """Create the database and PostGIS in it, whichever is missing.

    The advisory lock waits for a session of a killed starter that may still be busy with the same.
    """
    try:
        with psycopg.connect(host=str(sockets), port=PORT, user=NAME, dbname="postgres", autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}")
        with psycopg.connect(host=str(sockets), port=PORT, user=NAME, dbname=NAME, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
            connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    except psycopg.errors.DiskFull as error:
        raise _disk_full(sockets, NEW_CLUSTER_MB) from error
    except psycopg.Error as error:
        raise DatabaseUnavailable(str(sockets), str(error).strip()) from error


@contextmanager
def _file_errors_named(path: Path) -> Iterator[None]:
    """Turn what the file system refuses (no space, no permission) into our errors."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(path.parent, STARTING_MB) from error
        raise DatabaseUnavailable(str(path), f"{error.strerror}: {error.filename}") from error


def _require_space(folder: Path, needed_mb: int) -> None:
    if shutil.disk_usage(folder).free < needed_mb * 10**6:
        raise _disk_full(folder, needed_mb)


def _disk_full(folder: Path, needed_mb: int) -> DiskFull:
    return DiskFull(folder, shutil.disk_usage(folder).free // 10**6, needed_mb)


def _explained(data: Path, said: str) -> DiskFull | DatabaseUnavailable:
    """Turn what a PostgreSQL program printed into an error: a full disk, or its last words."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return _disk_full(data.parent, STARTING_MB)
    words = [line for line in said.splitlines() if "FATAL" in line or "error:" in line] or said.splitlines()[-3:]
    return DatabaseUnavailable(str(data), " ".join(words) or "the server did not start and said nothing")
