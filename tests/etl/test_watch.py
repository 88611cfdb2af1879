"""The watched folder: whatever lands is loaded once or refused with a reason. Fault numbers are those of the list."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data.errors import DatabaseUnavailable
from data.schema.observation import Observation
from data.schema.source_run import SourceRun
from etl import datasets
from etl.archive import Archive
from etl.intake import Intake
from etl.watch import Watch
from tests.doors import queue_csv, valley

GOOD = queue_csv(("North Gate", "2026-03-01", "412"))


class Folder:
    """A folder with a watch whose clock is turned by hand."""

    def __init__(self, store, root: Path, **more):
        self.now = 0.0
        self.root = root / "drop"
        self.queues.mkdir(parents=True)
        self.watch = Watch(
            Intake(store, Archive(root / "raw")), self.root, settle_seconds=10, clock=lambda: self.now, **more
        )

    @property
    def queues(self) -> Path:
        return self.root / "valley" / "queues"

    def look_twice(self):
        self.look()
        self.now += 10
        return self.look()

    def look(self):
        return list(self.watch.look())


@pytest.fixture
def folder(store, tmp_path):
    return Folder(valley(store), tmp_path)


def test_a_file_is_loaded_and_answered(folder, store):
    (folder.queues / "1 March.csv").write_bytes(GOOD)
    (outcome,) = folder.look_twice()
    assert outcome.is_loaded
    assert not (folder.queues / "1 March.csv").exists()
    assert (folder.queues / "done" / "1 March.csv").read_bytes() == GOOD
    assert "Loaded: 1 read, 1 new" in (folder.queues / "done" / "1 March.csv.txt").read_text()
    assert store.read(Observation)["people"].tolist() == [412]


def test_a_file_that_still_grows_is_left_alone(folder):
    file = folder.queues / "a.csv"
    for length in range(20, len(GOOD), 20):
        file.write_bytes(GOOD[:length])
        folder.now += 10
        assert folder.look() == []
    file.write_bytes(GOOD)
    assert folder.look_twice()[0].is_loaded


@pytest.mark.parametrize("name", [".hidden.csv", "a.csv.part", "a.csv.filepart", "~a.csv"])
def test_unfinished_files_are_left_alone(folder, name):
    (folder.queues / name).write_bytes(GOOD)
    assert folder.look_twice() == []
    assert (folder.queues / name).exists()


def test_a_row_with_a_problem_refuses_the_file_and_the_report_says_where(folder, store):
    (folder.queues / "a.csv").write_bytes(queue_csv(("gate", "2026-03-01", "4"), ("gaet", "2026-03-02", "?")))
    assert not folder.look_twice()[0].is_loaded
    report = (folder.queues / "refused" / "a.csv.txt").read_text()
    assert "line 3: place_id names no place known here -> did you mean North Gate (valley:gate)?" in report
    assert store.read(Observation).empty


def test_good_rows_are_loaded_where_that_was_chosen(store, tmp_path):
    folder = Folder(valley(store), tmp_path, accept_good_rows=True)
    (folder.queues / "a.csv").write_bytes(queue_csv(("gate", "2026-03-01", "4"), ("gate", "2026-03-02", "?")))
    assert folder.look_twice()[0].is_loaded
    assert "Left out:\nline 3" in (folder.queues / "done" / "a.csv.txt").read_text()
    assert store.read(Observation)["people"].tolist() == [4]


@pytest.mark.parametrize(
    "name",
    ["-rf.csv", "a;b.csv", "a\nb.csv", "a\u202eb.csv", "CON.exe", "a.vrt", b"\xff\xfe.csv", "\u5317" * 80 + ".csv"],
)
def test_f70_odd_names_are_refused_under_a_harmless_one(folder, store, name):
    path = folder.queues / os.fsdecode(name)
    path.write_bytes(GOOD)
    (outcome,) = folder.look_twice()
    assert not outcome.is_loaded
    assert not path.exists()
    assert len(list((folder.queues / "refused").glob("unnamed-*.txt"))) == 1
    assert store.read(Observation).empty


def test_f70_links_and_devices_are_never_followed(folder, store, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(GOOD)
    (folder.queues / "link.csv").symlink_to(secret)
    os.mkfifo(folder.queues / "pipe.csv")
    (folder.queues / "folder.csv").mkdir()
    (folder.root / "other").symlink_to(tmp_path)
    assert [outcome.is_loaded for outcome in folder.look_twice()] == [False] * 3
    assert secret.read_bytes() == GOOD
    assert store.read(Observation).empty


@pytest.mark.parametrize("in_the_way", ["link", "file"])
def test_f70_no_file_is_moved_through_a_link_and_none_holds_up_the_others(folder, store, tmp_path, in_the_way):
    (tmp_path / "elsewhere").mkdir()
    if in_the_way == "link":
        (folder.queues / "done").symlink_to(tmp_path / "elsewhere")
    else:
        (folder.queues / "done").touch()
    stocks = folder.root / "valley" / "occupancy"
    stocks.mkdir()
    (stocks / "a.csv").write_bytes(queue_csv(("camp", "2026-03-01", "7")))
    (folder.queues / "a.csv").write_bytes(GOOD)
    (folder.queues / "b.csv").write_bytes(queue_csv(("gate", "2026-03-01", "?")))
    folder.look()
    folder.now += 10
    outcomes = []
    with pytest.raises(OSError, match="done"):
        outcomes.extend(folder.watch.look())
    (folder.queues / "done").unlink()
    outcomes += folder.look_twice()
    assert not list((tmp_path / "elsewhere").iterdir())
    assert (folder.queues / "done" / "a.csv").exists()
    assert sorted(store.read(Observation)["people"]) == [7, 412]
    assert len(store.history(Observation)) == 2


def test_one_file_that_the_database_cannot_take_holds_up_no_other(folder, store, monkeypatch):
    for name, people in (("a.csv", "1"), ("b.csv", "2")):
        (folder.queues / name).write_bytes(queue_csv(("gate", f"2026-03-0{people}", people)))
    load = folder.watch.intake.load

    def failing(sending, **more):
        if sending.payload.name.endswith("a.csv"):
            raise DatabaseUnavailable("here", "it went away")
        return load(sending, **more)

    monkeypatch.setattr(folder.watch.intake, "load", failing)
    with pytest.raises(DatabaseUnavailable):
        folder.look_twice()
    assert store.read(Observation)["people"].tolist() == [2]
    monkeypatch.undo()
    assert folder.look()[0].is_loaded


def test_a_folder_that_cannot_be_read_is_told_and_holds_up_no_other(folder, store, monkeypatch):
    (folder.root / "locked" / "queues").mkdir(parents=True)
    (folder.queues / "a.csv").write_bytes(GOOD)
    scan = os.scandir

    def locked(path):
        if "locked" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("etl.watch.os.scandir", locked)
    with pytest.raises(PermissionError, match="locked"):
        folder.look()
    folder.now += 10
    with pytest.raises(PermissionError, match="locked"):
        folder.look()
    assert store.read(Observation)["people"].tolist() == [412]


def test_a_file_too_large_is_refused(folder):
    (folder.queues / "a.csv").write_bytes(b"x" * 10_000_001)
    assert "more than 10,000,000 bytes" in folder.look_twice()[0].report


def test_a_folder_within_the_situation_names_the_data_set(folder, store):
    about = {"id": "shared", "title": "t", "owner": "o", "agreement": "a", "audience": "public", "expires_date": None}
    datasets.add(store, about)
    place = folder.root / "valley" / "shared" / "queues"
    place.mkdir(parents=True)
    (place / "a.csv").write_bytes(GOOD)
    unknown = folder.root / "valley" / "nobody" / "queues"
    unknown.mkdir(parents=True)
    (unknown / "b.csv").write_bytes(GOOD)
    assert [outcome.is_loaded for outcome in folder.look_twice()] == [False, True]
    assert "shared" in store.read(SourceRun, source_id="counts")["dataset_id"].tolist()


def test_the_same_name_again_keeps_both(folder):
    for people in ("1", "2"):
        (folder.queues / "a.csv").write_bytes(queue_csv(("gate", "2026-03-01", people)))
        assert folder.look_twice()[0].is_loaded
    assert len(list((folder.queues / "done").glob("a*.csv"))) == 2


def test_f53_killed_between_load_and_move_the_file_is_not_loaded_again(folder, store):
    (folder.queues / "a.csv").write_bytes(GOOD)
    folder.look_twice()
    (folder.queues / "done" / "a.csv").rename(folder.queues / "a.csv")
    (folder.queues / "b.csv").write_bytes(queue_csv(("gate", "2026-03-01", "500")))
    os.utime(folder.queues / "b.csv", (0, 0))
    outcomes = folder.look_twice()
    assert outcomes[0].report.splitlines()[-1] == "was loaded before"
    assert store.read(Observation)["people"].tolist() == [500]


def test_f53_killed_at_any_moment_nothing_is_lost_and_nothing_loaded_twice(store, database_url, tmp_path):
    valley(store)
    queues = tmp_path / "drop" / "valley" / "queues"
    queues.mkdir(parents=True)
    for day in range(1, 10):
        (queues / f"{day}.csv").write_bytes(queue_csv(("gate", f"2026-03-0{day}", str(day))))
    environment = {**os.environ, "WAYPOST_DATABASE_URL": database_url, "WAYPOST_VAR": str(tmp_path / "var")}
    command = [sys.executable, "-m", "etl", "watch", str(tmp_path / "drop"), "--every", "0.05", "--settle", "0.05"]
    for wait in (0.3, 0.02, 0.11, None):
        watcher = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if wait is not None:
            watcher.stdout.readline()  # the first file is done: the others are under way
            time.sleep(wait)
        else:
            until = time.monotonic() + 60
            while list(queues.glob("*.csv")) and time.monotonic() < until:
                time.sleep(0.1)
        watcher.send_signal(signal.SIGKILL)
        watcher.wait()
        if not list(queues.glob("*.csv")):
            break
    assert sorted(path.name for path in (queues / "done").glob("*.csv")) == [f"{day}.csv" for day in range(1, 10)]
    assert not (queues / "refused").exists()
    assert sorted(store.history(Observation)["people"]) == list(range(1, 10))
