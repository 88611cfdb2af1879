"""Where the embedded cluster lives and which system account runs it.

PostgreSQL refuses to run as root, so under root it runs as the owner of its folder, or else as ``postgres``. That
account must reach the folder: where it cannot (a checkout in ``/root``, say) the folder lives elsewhere and a symbolic
link stands in its place. No directory that Waypost did not make ever has its permissions changed, and root makes or
changes nothing inside a folder that the other account can write.
"""

import hashlib
import os
import pwd
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from data.errors import ConfigurationMissing, DatabaseUnavailable

LONGEST_SOCKET_FOLDER = 90  # bytes; a socket address holds 107, "/.s.PGSQL.5432" takes 14 of them
SYSTEM_HOMES = Path("/var/lib/waypost")
SHARED_TEMPORARY = Path("/tmp")  # noqa: S108 - every name made below it is checked to be a folder of ours


@dataclass(frozen=True)
class Account:
    """A system account by number; ``changes_user`` is true when we are root and must step down to it."""

    uid: int
    gid: int
    changes_user: bool

    @property
    def name(self) -> str:
        """The login name, or the number when the system knows no name for it."""
        return _login_name(self.uid)

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command as this account from ``/`` and keep its output (text, messages in English)."""
        foreign = ("PG", "LC_", "LANG")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        return subprocess.run(  # noqa: S603 - only our own command lines, as a list without a shell
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            umask=0o077,
            user=self.uid if self.changes_user else None,
            group=self.gid if self.changes_user else None,
            extra_groups=[] if self.changes_user else None,
        )

    def reaches(self, folder: Path) -> bool:
        """Whether this account can enter and write ``folder``, whatever decides it (modes, ACLs, mounts)."""
        return self.run(["/bin/sh", "-c", 'test -x "$1" && test -w "$1"', "sh", str(folder)]).returncode == 0


def account_for(path: Path) -> Account:
    """Return the account that runs the cluster at ``path``: the caller, or under root its owner or ``postgres``.

    Raises DatabaseUnavailable when the folder belongs to somebody else, ConfigurationMissing when root finds no
    unprivileged account.
    """
    owner = path.stat().st_uid if path.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            reason = f"it belongs to the user {_login_name(owner or 0)} and you are {_login_name(os.geteuid())}"
            raise DatabaseUnavailable(str(path), reason)
        return Account(os.geteuid(), os.getegid(), changes_user=False)
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("postgres")
    except KeyError:
        reason = "root cannot run PostgreSQL and there is no such unprivileged user; start Waypost as an ordinary user"
        raise ConfigurationMissing(f"user {owner or 'postgres'}", reason) from None
    return Account(entry.pw_uid, entry.pw_gid, changes_user=True)


def settle(path: Path, *, temporary: bool) -> tuple[Path, Account]:
    """Make the home folder of a cluster (mode 0700) if need be; return where it really is and its account.

    That is ``path``, or the target of the symbolic link put there when the account cannot reach ``path``: below
    ``/var/lib/waypost``, or below ``/tmp`` for a ``temporary`` cluster.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    account = account_for(path)
    home = path.resolve()
    _make_home(home, account)
    if account.reaches(home):
        return home, account
    if any(home.iterdir()):
        raise DatabaseUnavailable(str(home), f"the user {account.name}, who runs it, cannot reach this folder")
    home.rmdir()
    home = _home_elsewhere(path, account, temporary=temporary)
    path.unlink(missing_ok=True)
    path.symlink_to(home)
    if not temporary:
        print(f"{path} is out of reach of the user {account.name}: the database lives in {home}", file=sys.stderr)
    return home, account


def socket_folder(home: Path, account: Account) -> Path:
    """Return a private folder for the unix socket of the cluster at ``home``, short enough for a socket address.

    It is inside ``home``, unless the path is too long or holds a comma (which separates hosts in a database URL).
    """
    folder = home / "run"
    if _unfit_for_socket(folder):
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or SHARED_TEMPORARY) / f"waypost-{digest(home)}"
    if (account.changes_user and folder.parent != home) or _unfit_for_socket(folder):
        folder = SHARED_TEMPORARY / folder.name
    make_private(folder, account)
    return folder


def make_private(folder: Path, account: Account) -> None:
    """Let the account make ``folder`` with mode 0700, or check that what stands there is a folder of its own.

    In a shared place such as /tmp somebody else may have put a folder or a link of that name there first.
    Raises DatabaseUnavailable then.
    """
    made = account.run(["mkdir", "-m", "0700", str(folder)])
    if not folder.is_symlink() and not folder.exists():
        raise DatabaseUnavailable(str(folder), made.stderr.strip())
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) != 0o700:
        raise DatabaseUnavailable(str(folder), f"not a private folder (mode 0700) of the user {account.name}")


def digest(path: Path) -> str:
    """Return a short name (16 hexadecimal digits) for a path, the same on every start."""
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]


def _make_home(home: Path, account: Account) -> None:
    try:
        home.mkdir(mode=0o700)
    except FileExistsError:
        if home.stat().st_uid == account.uid:
            return
        if any(home.iterdir()):
            reason = f"it is not empty and does not belong to the user {account.name}, who runs the database"
            raise DatabaseUnavailable(str(home), reason) from None
    home.chmod(0o700)
    if account.changes_user:
        os.chown(home, account.uid, account.gid, follow_symlinks=False)


def _home_elsewhere(path: Path, account: Account, *, temporary: bool) -> Path:
    if temporary:
        home = SHARED_TEMPORARY / f"waypost-home-{digest(path)}"
        make_private(home, account)
        return home
    if not SYSTEM_HOMES.exists():
        SYSTEM_HOMES.mkdir(parents=True)
        SYSTEM_HOMES.chmod(0o755)
    home = SYSTEM_HOMES / digest(path)
    _make_home(home, account)
    return home


def _unfit_for_socket(folder: Path) -> bool:
    return len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER or "," in str(folder)


def _login_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
