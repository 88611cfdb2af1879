"""Fixtures that every test may use: a real PostGIS in a throw-away cluster, and a fresh database in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, text

from data.cluster import Cluster
from data.migrate import upgrade
from data.postgres import engine as open_engine
from data.store import Store
from tests.databases import administrator, copied, named

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
    with administrator(url) as admin:
        admin.execute(text(f"CREATE DATABASE {TEMPLATE}"))
    migrated = open_engine(named(url, TEMPLATE))
    with migrated.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    upgrade(migrated)
    migrated.dispose()
    yield url
    cluster.remove()


@pytest.fixture(scope="module")
def module_database_url(cluster_url: str) -> Iterator[str]:
    """The address of a database that the tests of one module share."""
    with copied(named(cluster_url, TEMPLATE)) as url:
        yield url


@pytest.fixture
def database_url(cluster_url: str) -> Iterator[str]:
    """The address of an empty database at the newest schema, dropped afterwards."""
    with copied(named(cluster_url, TEMPLATE)) as url:
        yield url


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
