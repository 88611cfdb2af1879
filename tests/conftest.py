"""Fixtures that every test may use: a real PostGIS in a throw-away cluster, and a fresh database in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, make_url, text

from data.cluster import Cluster
from data.migrate import upgrade
from data.postgres import engine as open_engine
from data.store import Store

TEMPLATE = "migrated"

settings.register_profile(
    "short", max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.register_profile("fuzz", max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("short")


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostGIS server of this test run, with one migrated database to copy."""
    cluster = Cluster(Path(tmp_path_factory.mktemp("server")) / "pg", throwaway=True)
    url = cluster.start()
    with _administrator(url) as admin:
        admin.execute(text(f"CREATE DATABASE {TEMPLATE}"))
    migrated = open_engine(_of(url, TEMPLATE))
    with migrated.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    upgrade(migrated)
    migrated.dispose()
    yield url
    cluster.remove()


@pytest.fixture(scope="module")
def module_database_url(cluster_url: str) -> Iterator[str]:
    """The address of a database that the tests of one module share."""
    yield from _fresh_database(cluster_url)


@pytest.fixture
def database_url(cluster_url: str) -> Iterator[str]:
    """The address of an empty database at the newest schema, dropped afterwards."""
    yield from _fresh_database(cluster_url)


def _fresh_database(cluster_url: str) -> Iterator[str]:
    """Copy the migrated database, and drop the copy afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    with _administrator(cluster_url) as admin:
        admin.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield _of(cluster_url, name)
    with _administrator(cluster_url) as admin:
        admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh database."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    """A store on a fresh database."""
    return Store(engine)


@contextmanager
def _administrator(url: str) -> Iterator[Connection]:
    """A connection that can create and drop databases."""
    admin = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        yield connection
    admin.dispose()


def _of(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
