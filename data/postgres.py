"""Which database Waypost uses: the one of ``WAYPOST_DATABASE_URL``, or else the embedded cluster under ``var/pg``.

No error of this module, and nothing it prints, holds the password of a database URL.
"""

import re

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from data.cluster import PREPARING, Cluster
from data.errors import ConfigurationMissing, DatabaseUnavailable
from data.settings import PathSettings, Settings

VARIABLE = "WAYPOST_DATABASE_URL"
OLDEST_SERVER = 140000  # server_version_num of PostgreSQL 14
OLDEST_POSTGIS = (3, 3)
SESSION_OPTIONS = (
    "-c timezone=UTC -c datestyle=ISO,YMD -c lock_timeout=10min -c idle_in_transaction_session_timeout=15min"
)
POOL_WAIT_SECONDS = 10


def database_url(settings: Settings) -> str:
    """Return the SQLAlchemy URL of a database that answers and has PostGIS; start the embedded one if need be.

    The URL of an external database holds its password: pass it on, never print it. Raises ConfigurationMissing for a
    URL that is not one of PostgreSQL, DatabaseUnavailable when the server does not answer or lacks PostGIS >= 3.3.
    """
    if settings.database.url is None:
        return embedded(settings.paths).start()
    url = external_url(settings.database.url)
    _check(url)
    return url.render_as_string(hide_password=False)


def embedded(paths: PathSettings) -> Cluster:
    """Return the embedded cluster of this project, started or not."""
    return Cluster(paths.var / "pg")


def external_url(value: str) -> URL:
    """Read a PostgreSQL URL as people write it; ``postgres://`` and other drivers' names are accepted.

    >>> str(external_url("postgres://planner@db.example.org/waypost"))
    'postgresql+psycopg://planner@db.example.org/waypost'
    """
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        reason = "not a database URL (postgresql://user:password@host:port/database, special characters %-encoded)"
        raise ConfigurationMissing(VARIABLE, reason) from None  # the cause would quote parts of the URL
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise ConfigurationMissing(VARIABLE, "only PostgreSQL (postgresql://...) is supported")
    if "@" in (url.host or ""):
        raise ConfigurationMissing(VARIABLE, 'the password holds an "@": write it as %40')
    return url.set(drivername="postgresql+psycopg")


def engine(url: str, statement_seconds: int | None = None) -> Engine:
    """Return an SQLAlchemy engine whose sessions speak UTC and ISO dates, and that replaces broken connections.

    ``statement_seconds`` ends a statement that takes longer (pages set it, loads do not); nobody waits for a lock, sits
    in an open transaction or waits for a free connection without end. A ``connect_timeout`` (seconds),
    ``application_name`` or ``options`` in the URL's query is kept.
    """
    given = make_url(url).query
    limit = "" if statement_seconds is None else f"-c statement_timeout={statement_seconds}s"
    arguments: dict[str, str | int] = {
        "options": f"{SESSION_OPTIONS} {limit} {given.get('options', '')}".strip(),
        "connect_timeout": int(str(given.get("connect_timeout", 10))),
        "application_name": str(given.get("application_name", "waypost")),
        "keepalives_idle": 30,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }
    return create_engine(url, pool_pre_ping=True, pool_timeout=POOL_WAIT_SECONDS, connect_args=arguments)


def _check(url: URL) -> None:
    """Raise DatabaseUnavailable unless the server answers, is new enough and has PostGIS, or can be given it."""
    where = _where(url)
    connections = engine(url.render_as_string(hide_password=False))
    try:
        with connections.begin() as connection:
            server = int(connection.execute(text("SHOW server_version_num")).scalar_one())
            if server < OLDEST_SERVER:
                raise DatabaseUnavailable(where, f"PostgreSQL {server // 10000} is too old, 14 or newer is needed")
            postgis = connection.execute(text(_POSTGIS_VERSION)).one_or_none()
            if postgis is None:
                raise DatabaseUnavailable(where, "PostGIS is not installed on that server")
            if tuple(int(n) for n in re.findall(r"\d+", postgis.version)[:2]) < OLDEST_POSTGIS:
                raise DatabaseUnavailable(where, f"PostGIS {postgis.version} is too old, 3.3 or newer is needed")
            if not postgis.created:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PREPARING})
                connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    except DBAPIError as error:
        said = str(error.orig).strip()
        raise DatabaseUnavailable(where, said.replace(url.password, "***") if url.password else said) from None
    finally:
        connections.dispose()


_POSTGIS_VERSION = """
    SELECT coalesce(installed_version, default_version) AS version, installed_version IS NOT NULL AS created
    FROM pg_available_extensions WHERE name = 'postgis'
"""


def _where(url: URL) -> str:
    host = url.host or url.query.get("host") or "the local socket"
    return f"{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"
