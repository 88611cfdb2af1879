"""What a PostgreSQL data folder says of itself: its version, the process that serves it, and where its socket is."""

import time
from dataclasses import dataclass
from pathlib import Path

from data.cluster_place import Account
from data.errors import DatabaseUnavailable

SOCKET_LINE, STATE_LINE = 4, 7  # of postmaster.pid, counted from 0; stable since PostgreSQL 10


@dataclass(frozen=True)
class DataFolder:
    """The data folder at ``path`` (resolved; it need not exist), looked at as the account that owns it."""

    path: Path
    account: Account

    @property
    def major(self) -> int | None:
        """The PostgreSQL version that wrote the folder; None when there are no data yet."""
        try:
            return int((self.path / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    @property
    def server_pid(self) -> int | None:
        """The process id of the living server of this folder, or None.

        The number in ``postmaster.pid`` counts only if that process works in this very folder: after a crash, or in a
        new container, it may belong to any other program.
        """
        pid = self._recorded_pid()
        if pid is None:
            return None
        # Asked as the account: root without CAP_SYS_PTRACE (a container) may not look at another user's process.
        works_in = self.account.run(["readlink", f"/proc/{pid}/cwd"]).stdout.strip()
        return pid if works_in == str(self.path) else None

    @property
    def names_a_stranger(self) -> bool:
        """Whether ``postmaster.pid`` holds the number of a living process that is not the server of this folder."""
        pid = self._recorded_pid()
        return pid is not None and Path("/proc", str(pid)).exists() and self.server_pid is None

    def wait_until_ready(self, seconds: float) -> Path:
        """Wait until the server accepts connections; return the folder of its socket.

        Raises DatabaseUnavailable when it dies or is not ready in time.
        """
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            lines = self._pid_file()
            if len(lines) > STATE_LINE and lines[STATE_LINE].strip() == "ready":
                return Path(lines[SOCKET_LINE])
            if self.server_pid is None:
                raise DatabaseUnavailable(str(self.path), "it ended while it was starting; its log is beside it")
            time.sleep(0.1)
        raise DatabaseUnavailable(str(self.path), f"it did not become ready within {seconds:.0f} seconds")

    def _recorded_pid(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _pid_file(self) -> list[str]:
        try:
            return (self.path / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
