"""The queue of the workers: procrastinate's tables in a schema of their own within our database.

PostgreSQL is the only service: workers on any number of machines take jobs from it. Nothing in the queue is a fact:
what was looked at and when stands in ``source_run``, so the queue may be dropped and made anew at any time. That is
what happens when procrastinate's own tables change with a new version.
"""

import hashlib

from procrastinate import App, PsycopgConnector
from procrastinate.schema import SchemaManager
from sqlalchemy import URL, Engine, make_url, text

from data.postgres import SESSION_OPTIONS
from data.store import reported

SCHEMA = "waypost_jobs"
MOST_CONNECTIONS = 5
LOOKS, BACKFILL, RETRY = "looks", "backfill", "retry"
"""The queues; the tasks of the last two are named like their queue."""


def prepare(engine: Engine) -> None:
    """Create the queue unless it is there in this version; two at once are safe."""
    tables = str(SchemaManager.get_schema())
    version = hashlib.sha256(tables.encode()).hexdigest()
    with reported(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('waypost.jobs'))"))
        held = connection.execute(
            text("SELECT obj_description(to_regnamespace(:name)::oid, 'pg_namespace')"), {"name": SCHEMA}
        ).scalar_one_or_none()
        if held == version:
            return
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
        connection.exec_driver_sql(tables.replace("%", "%%"))
        connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{version}'"))


def application(url: str | URL) -> App:
    """Return procrastinate's application on the queue of a database; nothing is opened until it is used."""
    place = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    session = {"options": f"{SESSION_OPTIONS} -c search_path={SCHEMA}", "application_name": "waypost-jobs"}
    return App(connector=PsycopgConnector(conninfo=place, kwargs=session, min_size=1, max_size=MOST_CONNECTIONS))
