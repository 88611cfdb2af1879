"""A folder where files land (an SFTP account, a shared drive): each is loaded, moved aside, and answered beside it.

    <folder>/<situation>/<kind>/counts of today.xlsx             under no agreement: operational use only
    <folder>/<situation>/<data set>/<kind>/counts of today.xlsx

A loaded file goes to ``done/``, a refused one to ``refused/``, both with a report of the same name and ``.txt``. The
order is load, report, move: a process that dies in between finds the file again, and the record of runs knows its
content, so that nothing is lost and nothing is loaded twice. The folder must be on one disk.
"""

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from data.errors import WaypostError
from etl.checked import RowsRefused
from etl.intake import MOST_BYTES, Intake, Loaded, Sending, refusal_of
from etl.kinds import KINDS
from etl.plain_words import Problem
from etl.source import Payload

DONE, REFUSED = "done", "refused"
SETTLE_SECONDS = 10.0
"""How long a file must have stayed as it is: an upload that is under way grows."""
_NAME = re.compile(r"^\w[\w .,()+-]{0,110}\.(csv|xlsx)$", re.IGNORECASE)
_MOST_NAME_BYTES = 200
"""A name keeps room for a time and .txt behind it: a file system takes 255 bytes, and a letter may have four."""
_FOLDER = re.compile(r"^\w[\w-]{0,79}$")
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".swp")


@dataclass(frozen=True)
class _Seen:
    """What a file looked like: as long as it stays the same, nobody writes to it."""

    inode: int
    size: int
    changed_ns: int


@dataclass(frozen=True)
class Outcome:
    """What became of a file: its path within the folder, whether it was loaded, and the report."""

    path: str
    is_loaded: bool
    report: str


class Watch:
    """One folder, looked at again and again by one process."""

    def __init__(
        self,
        intake: Intake,
        folder: Path,
        *,
        accept_good_rows: bool = False,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch ``folder``; ``accept_good_rows`` loads the good rows of bad files, ``clock`` gives seconds."""
        self.intake, self.folder, self.accept_good_rows = intake, folder, accept_good_rows
        self.settle_seconds, self.clock = settle_seconds, clock
        self._seen: dict[Path, tuple[_Seen, float]] = {}
        self._failure: WaypostError | SQLAlchemyError | OSError | None = None

    def look(self) -> Iterator[Outcome]:
        """Take every file that has settled; yield what became of each.

        Where the database or the disk fails a file stays where it is, for the next look, and the others are taken all
        the same: no file holds up those behind it. What failed last is raised at the end.
        """
        self._failure = None
        waiting = dict(self._waiting())
        self._seen = {path: seen for path, seen in self._seen.items() if path in waiting}
        for path, seen in sorted(waiting.items()):
            if self._is_settled(path, seen):
                try:
                    yield self._take(path)
                except (WaypostError, SQLAlchemyError, OSError) as error:
                    self._failure = error
        if self._failure is not None:
            raise self._failure

    def _waiting(self) -> Iterator[tuple[Path, _Seen]]:
        """Yield what lies in the folders of kinds, whatever it is; links to folders are not followed."""
        for situation in self._folders(self.folder):
            for first in self._folders(situation):
                nested = [first] if first.name in KINDS else [f for f in self._folders(first) if f.name in KINDS]
                for entry in (entry for folder in nested for entry in self._entries(folder)):
                    if entry.name in {DONE, REFUSED} or _is_unfinished(entry.name):
                        continue
                    with suppress(FileNotFoundError):  # renamed or taken back since the folder was read
                        state = entry.stat(follow_symlinks=False)
                        yield Path(entry.path), _Seen(state.st_ino, state.st_size, state.st_mtime_ns)

    def _folders(self, parent: Path) -> list[Path]:
        """Return the folders in a folder, without links and names that no situation, data set or kind has."""
        found = (entry for entry in self._entries(parent) if entry.is_dir(follow_symlinks=False))
        return [Path(entry.path) for entry in found if _FOLDER.match(entry.name) and entry.name not in {DONE, REFUSED}]

    def _entries(self, folder: Path) -> list["os.DirEntry[str]"]:
        """Return what lies in a folder; one that cannot be read is told at the end of the look."""
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._failure = error
            return []

    def _is_settled(self, path: Path, seen: _Seen) -> bool:
        """Tell whether a file has stayed the same long enough."""
        before = self._seen.get(path)
        if before is None or before[0] != seen:
            self._seen[path] = (seen, self.clock())
            return self.settle_seconds <= 0
        return self.clock() - before[1] >= self.settle_seconds

    def _take(self, path: Path) -> Outcome:
        """Load one file, write the report, and move the file beside it."""
        where = path.relative_to(self.folder)
        body, reason = _content(path)
        if body is None:
            return self._close(path, where, REFUSED, reason)
        situation, *between, kind = where.parent.parts
        name = "/".join(["watch", *between, path.name])
        sending = Sending(kind, Payload(name, body), situation, between[0] if between else None)
        try:
            loaded = self.intake.load(sending, accept_good_rows=self.accept_good_rows, is_repeatable=True)
        except WaypostError as error:
            if error.http_status >= 500:
                raise
            listed = f"\n\n{_listed(error.problems)}" if isinstance(error, RowsRefused) else ""
            return self._close(path, where, REFUSED, refusal_of(error) + listed)
        return self._close(path, where, DONE, _told(loaded))

    def _close(self, path: Path, where: Path, folder: str, report: str) -> Outcome:
        """Write the report and move the file; the report comes first, so that no file is moved without one."""
        target = path.parent / folder
        target.mkdir(exist_ok=True)
        if target.is_symlink():
            raise NotADirectoryError(f"{target} is a link, and no link is followed: put a folder in its place")
        own = os.fsencode(path.name)
        name = path.name if _is_plain_name(path.name) else f"unnamed-{sha256(own).hexdigest()[:12]}"
        if (target / name).exists() or (target / name).is_symlink():
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
            name = f"{Path(name).stem} {stamp}{Path(name).suffix}"
        said = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n{'Loaded' if folder == DONE else 'Not loaded'}: {report}\n"
        draft = target / f".{name}.txt"
        draft.unlink(missing_ok=True)
        draft.write_text(said, encoding="utf-8")
        draft.replace(target / f"{name}.txt")
        path.rename(target / name)
        self._seen.pop(path, None)
        return Outcome(os.fsencode(where.as_posix()).decode(errors="replace"), folder == DONE, report)


def _is_unfinished(name: str) -> bool:
    """Tell whether a name says that the file is being written, or hidden."""
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED)


def _is_plain_name(name: str) -> bool:
    """Tell whether a file may keep its name."""
    return _NAME.match(name) is not None and len(os.fsencode(name)) <= _MOST_NAME_BYTES


def _content(path: Path) -> tuple[bytes | None, str]:
    """Return the content of a plain file, or None and why it is refused; no link is followed, not even at the last.

    Raises OSError where the disk fails: that is no fault of the file.
    """
    if not _is_plain_name(path.name):
        return None, "the name of a file is short: letters, digits, spaces and .,()+-, and it ends in .csv or .xlsx"
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None, "this is no plain file (a link, a folder or a device)"
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            body = file.read(MOST_BYTES + 1)
    except PermissionError:
        return None, "the file may not be read: its permissions keep others out"
    if len(body) > MOST_BYTES:
        return None, f"the file has more than {MOST_BYTES:,} bytes; send it in parts"
    return body, ""


def _told(loaded: Loaded) -> str:
    """Return a report of a load."""
    counted = f"{loaded.counts['read']:,} read, {loaded.told()}"
    left = f"\n\nLeft out:\n{_listed(loaded.problems)}" if loaded.problems else ""
    return "\n".join([counted, *loaded.notes]) + left


def _listed(problems: list[Problem]) -> str:
    """Return problems as lines."""
    return "\n".join(f"{p.place}: {p.reason}" + (f" -> {p.hint}" if p.hint else "") for p in problems)
