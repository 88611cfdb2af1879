"""``python -m data``: the database by hand."""

from pathlib import Path

import pytest

from data.__main__ import main
from data.cluster import Cluster


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WAYPOST_DATABASE_URL", raising=False)
    monkeypatch.setenv("WAYPOST_VAR", str(tmp_path))
    yield
    Cluster(tmp_path / "pg").remove()


def test_start_status_url_and_stop(capsys: pytest.CaptureFixture[str]):
    def said(command: str) -> str:
        assert main([command]) == 0
        return capsys.readouterr().out

    assert "There is no embedded database yet" in said("status")
    assert "runs as process" in said("start")
    assert said("url").startswith("postgresql+psycopg://waypost@")
    assert "has been stopped" in said("stop")
    assert "is stopped" in said("status")
    assert "was not running" in said("stop")


def test_an_error_ends_with_its_exit_code_and_one_line(capsys: pytest.CaptureFixture[str], monkeypatch):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", "postgresql://x:s3cret@127.0.0.1:1/z")
    assert main(["start"]) == 69
    error = capsys.readouterr().err
    assert error.startswith("waypost: The database at 127.0.0.1:1/z cannot be used")
    assert "s3cret" not in error
