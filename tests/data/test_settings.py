"""Settings come from the environment, are documented, and hide what is secret."""

import re
from pathlib import Path

import pytest

from data import settings
from data.errors import ConfigurationMissing
from data.settings import (
    PROJECT_ROOT,
    DatabaseSettings,
    PathSettings,
    ScheduleSettings,
    ServerSettings,
    read_settings,
)

GROUPS = [DatabaseSettings, PathSettings, ScheduleSettings, ServerSettings]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch):
    for group in GROUPS:
        for field in group.model_fields:
            monkeypatch.delenv(f"{group.model_config['env_prefix']}{field}".upper(), raising=False)


def test_defaults_are_the_embedded_database_and_this_machine_only():
    chosen = read_settings()
    assert chosen.database.url is None
    assert chosen.paths.var == PROJECT_ROOT / "var"
    assert (chosen.server.host, chosen.server.port) == ("127.0.0.1", 8050)


def test_every_setting_is_read_from_its_variable_and_an_empty_one_is_not_set(monkeypatch: pytest.MonkeyPatch):
    values = {"DATABASE_URL": "postgresql://x@y/z", "VAR": "/srv/w", "HOST": "0.0.0.0", "PORT": "9000"}
    for name, value in values.items():
        monkeypatch.setenv(f"WAYPOST_{name}", value)
    chosen = read_settings()
    assert (chosen.database.url, chosen.paths.var) == ("postgresql://x@y/z", Path("/srv/w"))
    assert (chosen.server.host, chosen.server.port) == ("0.0.0.0", 9000)
    for name in values:
        monkeypatch.setenv(f"WAYPOST_{name}", "")
    assert read_settings().database.url is None
    assert read_settings().server.port == 8050


def test_a_relative_folder_is_taken_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYPOST_VAR", "here")
    assert read_settings().paths.var == tmp_path / "here"


def test_the_audience_is_one_of_three_and_operational_by_default(monkeypatch: pytest.MonkeyPatch):
    assert read_settings().server.audience == "operational"
    monkeypatch.setenv("WAYPOST_AUDIENCE", "public")
    assert read_settings().server.audience == "public"
    monkeypatch.setenv("WAYPOST_AUDIENCE", "everybody")
    with pytest.raises(ConfigurationMissing, match="WAYPOST_AUDIENCE: "):
        read_settings()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "s3cret"])
def test_a_wrong_value_is_named_by_its_variable_and_not_shown(port: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WAYPOST_PORT", port)
    with pytest.raises(ConfigurationMissing, match="WAYPOST_PORT: ") as caught:
        read_settings()
    assert "s3cret" not in str(caught.value)


def test_the_database_url_is_in_no_repr(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", "postgresql://x:s3cret@y/z")
    assert "s3cret" not in f"{read_settings()!r} {read_settings()}"


def test_the_documented_variables_are_the_ones_that_exist():
    documented = set(re.findall(r"^WAYPOST_\w+", settings.__doc__, re.MULTILINE))
    existing = {
        f"{group.model_config['env_prefix']}{field}".upper() for group in GROUPS for field in group.model_fields
    }
    assert documented == existing
