"""Finding the installed PostgreSQL programs."""

from pathlib import Path

import pytest

from data import programs
from data.errors import ConfigurationMissing


def install(root: Path, major: int, *, postgis: bool = True) -> None:
    folder = root / "lib" / str(major) / "bin"
    folder.mkdir(parents=True)
    (folder / "postgres").touch()
    extensions = root / "share" / str(major) / "extension"
    extensions.mkdir(parents=True)
    if postgis:
        (extensions / "postgis.control").touch()


def found(root: Path) -> list[int]:
    return [each.major for each in programs.installed(root / "lib", root / "share")]


@pytest.fixture(autouse=True)
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_only_versions_with_postgis_that_are_new_enough_count_and_the_newest_comes_first(tmp_path: Path):
    assert found(tmp_path) == []
    install(tmp_path, 13)
    install(tmp_path, 15)
    install(tmp_path, 16, postgis=False)
    install(tmp_path, 17)
    assert found(tmp_path) == [17, 15]


def test_a_postgresql_outside_debians_folders_is_found_by_its_pg_config(tmp_path: Path):
    install(tmp_path, 16)
    answers = {"--version": "PostgreSQL 16.4 (Homebrew)"}
    answers |= {"--bindir": f"{tmp_path}/lib/16/bin", "--sharedir": f"{tmp_path}/share/16"}
    cases = "\n".join(f"{option}) echo '{answer}';;" for option, answer in answers.items())
    (tmp_path / "pg_config").write_text(f"#!/bin/sh\ncase $1 in\n{cases}\nesac\n")
    (tmp_path / "pg_config").chmod(0o755)
    assert programs.installed(tmp_path / "no", tmp_path / "no") == [programs.Programs(16, tmp_path / "lib/16/bin")]


def test_nothing_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(programs, "installed", list)
    with pytest.raises(ConfigurationMissing, match="postgresql-NN-postgis-3"):
        programs.choose(None)
