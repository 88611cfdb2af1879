"""Which database is used, and that no error about it shows a password."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from data import postgres
from data.cluster import Cluster
from data.errors import ConfigurationMissing, DatabaseUnavailable, WaypostError
from data.settings import DatabaseSettings, PathSettings, Settings

PASSWORD = "hedgehog-7Q"


def settings(url: str | None, var: Path = Path("/nowhere")) -> Settings:
    return Settings(database=DatabaseSettings(url=url), paths=PathSettings(var=var))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a real server, which stands for one that somebody else runs."""
    cluster = Cluster(tmp_path_factory.mktemp("server") / "pg", throwaway=True)
    yield cluster.start()
    cluster.remove()


@pytest.fixture
def database(server: str) -> str:
    """Give the URL of an empty database with a password in it (the server does not ask for it)."""
    with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS empty WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE empty TEMPLATE template0"))
    url = make_url(server).set(database="empty", password=PASSWORD)
    return url.render_as_string(hide_password=False)


def test_without_a_url_the_embedded_database_is_started(tmp_path: Path):
    chosen = settings(None, tmp_path)
    try:
        url = postgres.database_url(chosen)
        assert postgres.embedded(chosen.paths).is_running
        with postgres.engine(url).connect() as connection:
            assert connection.execute(text("SELECT PostGIS_Lib_Version()")).scalar_one() >= "3.3"
    finally:
        postgres.embedded(chosen.paths).remove()


def test_an_external_database_gets_postgis_and_keeps_its_url(database: str):
    assert make_url(postgres.database_url(settings(database))) == make_url(database)
    with postgres.engine(database).connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'"))
        assert found.scalar_one() == 1


@pytest.mark.parametrize("written", ["postgres://{}", "postgresql://{}", "postgresql+psycopg2://{}"])
def test_urls_as_people_write_them_are_understood(written: str):
    url = postgres.external_url(written.format(f"planner:{PASSWORD}@db.example.org:6000/waypost?sslmode=require"))
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port) == ("planner", PASSWORD, "db.example.org", 6000)
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://planner:{PASSWORD}@127.0.0.1:1/waypost",
        f"postgresql://planner:{PASSWORD}@no-such-host.invalid/waypost",
        f"postgresql://planner:{PASSWORD}@host:port/waypost",
        f"postgresql://planner:12/{PASSWORD}@host/waypost",
        f"postgresql://planner:12@{PASSWORD}@host/waypost",
        f"mysql://planner:{PASSWORD}@host/waypost",
        f"planner:{PASSWORD}",
    ],
)
def test_no_error_shows_the_password(url: str):
    with pytest.raises(WaypostError) as caught:
        postgres.database_url(settings(url))
    shown = [str(caught.value), repr(caught.value), repr(settings(url)), *traceback.format_exception(caught.value)]
    assert PASSWORD not in "".join(shown)
    assert caught.value.exit_code in {69, 78}


def test_a_server_that_does_not_answer_is_named_with_its_reason():
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/waypost cannot be used: .*refused"):
        postgres.database_url(settings("postgresql://planner@127.0.0.1:1/waypost"))


@pytest.mark.parametrize(
    ("rows", "reason"), [("SELECT 'postgis', '2.5.5', NULL", r"2\.5\.5 is too old"), ("SELECT 'x', '', ''", "not inst")]
)
def test_a_server_with_an_old_or_no_postgis_is_refused(database: str, rows: str, reason: str):
    with create_engine(database).begin() as connection:
        connection.execute(text("CREATE SCHEMA other_server"))
        view = "CREATE VIEW other_server.pg_available_extensions (name, default_version, installed_version) AS "
        connection.execute(text(view + rows))
    url = make_url(database).update_query_dict({"options": "-c search_path=other_server,pg_catalog"})
    with pytest.raises(DatabaseUnavailable, match=reason):
        postgres.database_url(settings(url.render_as_string(hide_password=False)))


def test_a_database_that_does_not_exist_is_named(server: str):
    url = make_url(server).set(database="absent", password=PASSWORD).render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnavailable, match='"absent" does not exist'):
        postgres.database_url(settings(url))


def test_another_kind_of_database_is_refused():
    with pytest.raises(ConfigurationMissing, match="only PostgreSQL"):
        postgres.external_url("sqlite:///file.db")


def test_sessions_speak_utc_and_iso_dates_whatever_the_server_prefers(database: str):
    with create_engine(database, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ALTER DATABASE empty SET timezone = 'Africa/Bangui'"))
        connection.execute(text("ALTER DATABASE empty SET datestyle = 'SQL, DMY'"))
    with postgres.engine(database).connect() as connection:
        answers = connection.execute(
            text("SELECT current_setting('timezone'), date '2014-04-03' || '', current_setting('application_name')")
        ).one()
    assert tuple(answers) == ("UTC", "2014-04-03", "waypost")


def test_options_of_the_url_are_kept_beside_ours(database: str):
    url = make_url(database).update_query_dict({"options": "-c statement_timeout=1234", "application_name": "mine"})
    with postgres.engine(url.render_as_string(hide_password=False)).connect() as connection:
        query = "SELECT current_setting('statement_timeout'), current_setting('application_name')"
        assert tuple(connection.execute(text(query)).one()) == ("1234ms", "mine")


def test_the_pool_recovers_when_the_server_was_restarted(tmp_path: Path):
    cluster = Cluster(tmp_path / "pg", throwaway=True)
    try:
        connections = postgres.engine(cluster.start())
        with connections.connect() as connection:
            connection.execute(text("SELECT 1"))
        cluster.stop("immediate")
        cluster.start()
        with connections.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
    finally:
        cluster.remove()
