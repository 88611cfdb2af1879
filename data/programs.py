"""Which PostgreSQL programs with PostGIS this machine has."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from data.errors import ConfigurationMissing

OLDEST_MAJOR = 14
INSTALL_HINT = "install the packages postgresql and postgresql-NN-postgis-3 (NN is the PostgreSQL version)"


@dataclass(frozen=True)
class Programs:
    """One installed PostgreSQL: its major version and the folder of ``initdb``, ``pg_ctl`` and ``postgres``."""

    major: int
    folder: Path

    def path(self, name: str) -> str:
        """Return the absolute path of one program."""
        return str(self.folder / name)


def installed(
    libraries: Path = Path("/usr/lib/postgresql"), shares: Path = Path("/usr/share/postgresql")
) -> list[Programs]:
    """Return every PostgreSQL >= 14 that has PostGIS, the newest first; an empty list when there is none.

    ``libraries`` and ``shares`` are Debian's folders, one subfolder per major version; a PostgreSQL elsewhere is found
    when its ``pg_config`` is on the PATH.
    """
    found = {
        int(folder.name): Programs(int(folder.name), folder / "bin")
        for folder in libraries.glob("[0-9][0-9]")
        if (folder / "bin" / "postgres").exists() and _has_postgis(shares / folder.name)
    }
    if (elsewhere := _from_pg_config()) is not None:
        found.setdefault(elsewhere.major, elsewhere)
    return [found[major] for major in sorted(found, reverse=True) if major >= OLDEST_MAJOR]


def choose(major: int | None) -> Programs:
    """Return the programs for data of version ``major``, or the newest when there are no data yet (None).

    Raises ConfigurationMissing when they are not installed.
    """
    candidates = installed()
    for programs in candidates:
        if major in (None, programs.major):
            return programs
    if major is None:
        raise ConfigurationMissing("PostgreSQL with PostGIS", f"not found on this machine; {INSTALL_HINT}")
    have = ", ".join(str(programs.major) for programs in candidates) or "none"
    raise ConfigurationMissing(
        f"PostgreSQL {major} with PostGIS",
        f"the data folder was written by version {major}, installed with PostGIS: {have}. Nothing was changed; install "
        f"postgresql-{major}-postgis-3, or dump the data with version {major} and load them into a newer one",
    )


def _has_postgis(share: Path) -> bool:
    return (share / "extension" / "postgis.control").exists()


def _from_pg_config() -> Programs | None:
    program = shutil.which("pg_config")
    if program is None:
        return None
    answers = [
        subprocess.run([program, option], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
        for option in ("--version", "--bindir", "--sharedir")
    ]
    version = re.match(r"PostgreSQL (\d+)", answers[0])
    if version is None or not (Path(answers[1]) / "postgres").exists() or not _has_postgis(Path(answers[2])):
        return None
    return Programs(int(version[1]), Path(answers[1]))
