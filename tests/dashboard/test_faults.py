"""What a viewer is told when the database is gone, and that it heals (fault F55)."""

import json
import os
import subprocess
import sys

import pytest
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, OperationalError

from dashboard.faults import status_and_words
from data.errors import PayloadRejected

PROBE = """
import json, sys
from pathlib import Path
from fastapi.testclient import TestClient
from dashboard.app import create_server
from data.cluster import Cluster
from data.migrate import upgrade
from data.postgres import engine

cluster = Cluster(Path(sys.argv[1]) / "var" / "pg", throwaway=True)
upgrade(engine(cluster.start()))
seen = []
with TestClient(create_server(), raise_server_exceptions=False) as web:
    def look():
        paths = ("/healthz", "/tiles/conflict/5/17/15.mvt?as_of=2024-01-01", "/")
        answers = [web.get(path) for path in paths]
        seen.append([[a.status_code, a.text[:300]] for a in answers])
    look()
    cluster.stop("immediate")
    look()
    cluster.start()
    look()
cluster.remove()
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def looks(tmp_path_factory) -> list:
    """Three looks at a server: before, while and after its database is gone."""
    folder = tmp_path_factory.mktemp("app")
    environment = os.environ | {"WAYPOST_VAR": str(folder / "var")}
    environment.pop("WAYPOST_DATABASE_URL", None)
    asked = subprocess.run(
        [sys.executable, "-c", PROBE, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr[-3000:]
    return json.loads(asked.stdout.splitlines()[-1])


def test_f55_routes_say_so_while_the_database_is_gone_and_heal_by_themselves(looks):
    before, gone, after = looks
    assert [status for status, _ in before] == [status for status, _ in after]
    assert before[0][0] == after[0][0] == 200
    assert [status for status, _ in gone[:2]] == [503, 503]
    assert "Traceback" not in str(gone)
    assert "does not answer" in gone[0][1]


@pytest.mark.parametrize(
    ("cause", "status", "words"),
    [
        (pg.DiskFull("x"), 507, "disk"),
        (pg.ReadOnlySqlTransaction("x"), 503, "read-only"),
        (pg.QueryCanceled("x"), 503, "too long"),
        (pg.AdminShutdown("x"), 503, "does not answer"),
    ],
)
def test_each_database_error_has_a_status_and_words_without_sql_or_secrets(cause, status, words):
    kind = OperationalError if isinstance(cause, pg.AdminShutdown) else DBAPIError
    error = kind("SELECT secret FROM hidden", {"password": "canary"}, cause)
    told = status_and_words(error)
    assert told[0] == status
    assert words in told[1]
    assert "canary" not in told[1]
    assert "SELECT" not in told[1]


def test_our_own_errors_and_surprises_have_their_words():
    assert status_and_words(PayloadRejected("file.csv", "is empty")) == (422, "file.csv: is empty")
    assert status_and_words(KeyError("canary"))[0] == 500
    assert "canary" not in status_and_words(KeyError("canary"))[1]
