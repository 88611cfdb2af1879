"""Where the cluster lives: reachable for its account, private to it, and never in a place somebody else prepared."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from data import cluster_place
from data.errors import DatabaseUnavailable

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="NOT CHECKED: needs root, who steps down to another account")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every account can enter (pytest's own is private to the caller)."""
    folder = Path(tempfile.mkdtemp(prefix="waypost-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def system_homes(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cluster_place, "SYSTEM_HOMES", open_folder / "lib")
    return open_folder / "lib"


def test_a_reachable_folder_is_used_as_it_is(open_folder: Path):
    home, account = cluster_place.settle(open_folder / "var" / "pg", temporary=False)
    assert home == (open_folder / "var" / "pg").resolve()
    assert (home.stat().st_uid, home.stat().st_mode & 0o777) == (account.uid, 0o700)
    assert cluster_place.settle(open_folder / "var" / "pg", temporary=False) == (home, account)


@needs_root
def test_out_of_reach_the_home_moves_and_a_link_shows_where(open_folder: Path, system_homes: Path, capsys):
    private = open_folder / "root"
    private.mkdir(mode=0o700)
    home, account = cluster_place.settle(private / "pg", temporary=False)
    assert home.parent == system_homes
    assert (private / "pg").readlink() == home
    assert str(home) in capsys.readouterr().err
    assert private.stat().st_mode & 0o777 == 0o700, "a folder that is not ours keeps its permissions"
    private.chmod(0o755)
    assert cluster_place.settle(private / "pg", temporary=False) == (home, account), "the data stay where they are"


@needs_root
def test_under_root_the_owner_of_the_folder_runs_the_cluster(open_folder: Path):
    games = pwd.getpwnam("games")
    (open_folder / "pg").mkdir()
    os.chown(open_folder / "pg", games.pw_uid, games.pw_gid)
    account = cluster_place.account_for(open_folder / "pg")
    assert (account.name, account.changes_user) == ("games", True)
    assert account.run(["id", "-u"]).stdout.strip() == str(games.pw_uid)
    assert account.run(["id", "-G"]).stdout.split() == [str(games.pw_gid)], "no group of root is kept"


def test_the_account_sees_no_setting_of_other_servers(open_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("LC_MESSAGES", "fr_FR.UTF-8")
    seen = cluster_place.account_for(open_folder / "pg").run(["env"]).stdout
    assert "PGDATA" not in seen
    assert "fr_FR" not in seen


def test_a_folder_that_is_not_empty_and_not_ours_is_refused(open_folder: Path):
    if not AS_ROOT:
        pytest.skip("NOT CHECKED: needs root to make a folder of root that the account does not own")
    (open_folder / "pg").mkdir()
    (open_folder / "pg" / "diary.txt").write_text("mine")
    with pytest.raises(DatabaseUnavailable, match="not empty"):
        cluster_place.settle(open_folder / "pg", temporary=False)
    assert (open_folder / "pg").stat().st_uid == 0


@pytest.mark.parametrize("name", ["short", "x" * 100, "a,b"])
def test_the_socket_folder_always_fits_a_socket_address(open_folder: Path, name: str):
    home, account = cluster_place.settle(open_folder / name, temporary=False)
    folder = cluster_place.socket_folder(home, account)
    try:
        assert len(os.fsencode(folder)) <= 90
        assert "," not in str(folder)
        assert (folder.parent == home) == (name == "short")
        assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (account.uid, 0o700)
        assert cluster_place.socket_folder(home, account) == folder
    finally:
        folder.rmdir()


@pytest.mark.parametrize("trap", ["link", "file", "open folder"])
def test_what_somebody_else_prepared_in_a_shared_place_is_refused(open_folder: Path, trap: str):
    account = cluster_place.account_for(open_folder / "pg")
    place = open_folder / "waypost-trap"
    if trap == "link":
        place.symlink_to(open_folder)
    elif trap == "file":
        place.write_text("")
    else:
        place.mkdir(mode=0o777)
    with pytest.raises(DatabaseUnavailable, match="not a private folder"):
        cluster_place.make_private(place, account)
