"""The command that makes, lists and ends keys."""

import pytest

from dashboard.__main__ import main


@pytest.fixture(autouse=True)
def here(database_url, monkeypatch):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)


def test_a_key_is_printed_once(capsys):
    assert main(["keys", "add", "Border Police"]) == 0
    key = capsys.readouterr().out.splitlines()[0]
    assert key.startswith("waypost_")
    assert len(key) > 40
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert "Border Police" in listed
    assert key not in listed
    assert main(["keys", "revoke", "Border Police"]) == 0
    assert "1 keys of Border Police are no longer valid" in capsys.readouterr().out
    main(["keys", "list"])
    assert "revoked" in capsys.readouterr().out


def test_a_key_needs_an_organisation_and_a_known_data_set(capsys):
    assert main(["keys", "add"]) == 65
    assert main(["keys", "add", "Police", "--dataset", "nobody"]) == 65
    assert "is not known" in capsys.readouterr().err
