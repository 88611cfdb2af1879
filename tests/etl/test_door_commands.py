"""The commands for what border posts send."""

import pytest

from data.schema.dataset import Dataset
from data.schema.observation import Observation
from etl.__main__ import main
from tests.doors import queue_csv, valley


@pytest.fixture
def here(store, database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("WAYPOST_VAR", str(tmp_path / "var"))
    return store


def test_a_data_set_is_added_listed_and_revised(here, capsys):
    told = ["datasets", "add", "police", "--title", "Counts", "--owner", "Police", "--agreement", "MoU"]
    assert main([*told, "--audience", "partners", "--expires", "2020-01-31"]) == 0
    assert "police               partners     until 2020-01-31 EXPIRED; Counts (Police; MoU)" in capsys.readouterr().out
    assert main([*told, "--audience", "public"]) == 0
    assert "no end" in capsys.readouterr().out
    assert here.history(Dataset)["audience"].tolist() == ["partners", "public"]


def test_a_data_set_without_an_owner_is_refused(here, capsys):
    assert main(["datasets", "add", "police", "--title", "Counts", "--agreement", "MoU"]) == 65
    assert "owner is missing" in capsys.readouterr().err
    assert here.read(Dataset).empty


def test_watch_once_takes_what_is_there(here, tmp_path, capsys):
    valley(here)
    queues = tmp_path / "drop" / "valley" / "queues"
    queues.mkdir(parents=True)
    (queues / "a.csv").write_bytes(queue_csv(("gate", "2026-03-01", "5")))
    assert main(["watch", str(tmp_path / "drop"), "--once", "--settle", "0.05"]) == 0
    assert "valley/queues/a.csv: loaded: 1 read, 1 new" in capsys.readouterr().out
    assert here.read(Observation)["people"].tolist() == [5]


def test_watch_needs_a_folder(here, tmp_path, capsys):
    assert main(["watch", str(tmp_path / "nowhere")]) == 65
    assert "is no folder" in capsys.readouterr().err
