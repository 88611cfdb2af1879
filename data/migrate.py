"""Bring a database to the newest schema, and tell which schema it holds."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from data.errors import SchemaOutdated

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Apply every missing migration; starting two at once is safe, the second finds nothing to do."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('waypost.migrate'))"))
        connection.commit()
        try:
            command.upgrade(_config(connection), "head")
            connection.commit()
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext('waypost.migrate'))"))
            connection.commit()


def draft(engine: Engine, message: str) -> None:
    """Write a new migration file from the difference between the tables in code and the database."""
    with engine.connect() as connection:
        command.revision(_config(connection), message=message, autogenerate=True)


def newest() -> str:
    """Return the newest revision this program knows."""
    return str(ScriptDirectory(str(_SCRIPTS)).get_current_head())


def current(engine: Engine) -> str | None:
    """Return the revision the database holds, None when it holds none."""
    with engine.connect() as connection:
        revision: str | None = MigrationContext.configure(connection).get_current_revision()
        return revision


def require_newest(engine: Engine) -> None:
    """Raise `SchemaOutdated` unless the database holds the newest revision."""
    found = current(engine)
    if found != newest():
        raise SchemaOutdated(found, newest())


def _config(connection: Connection) -> Config:
    """Return an Alembic configuration without any file."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("file_template", "%%(slug)s")
    config.attributes["connection"] = connection
    return config
