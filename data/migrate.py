"""Bring a database to the newest schema, and tell which schema it holds.

A migration only adds (a test holds the newest one to that), so the program before it goes on working while a newer one
takes over: the database says which revision was the newest for that program.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from data.errors import SchemaOutdated

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Apply every missing migration; starting two at once is safe, the second finds nothing to do.

    So does a program that is one migration behind the database. Raises SchemaOutdated where it is farther behind.
    """
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('waypost.migrate'))"))
        connection.commit()
        try:
            found = _revision(connection)
            is_usable = _is_usable(connection, found)
            connection.commit()
            if not is_usable:
                _to_newest(connection, found)
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
        return _revision(connection)


def require_usable(engine: Engine) -> None:
    """Raise `SchemaOutdated` unless the database holds the newest revision this program knows, or the one after it."""
    with engine.connect() as connection:
        found = _revision(connection)
        if not _is_usable(connection, found):
            raise SchemaOutdated(found, newest(), is_newer=_is_newer(found))


def _to_newest(connection: Connection, found: str | None) -> None:
    """Apply what is missing after the revision found, and note which program the schema still serves."""
    if _is_newer(found):
        raise SchemaOutdated(found, newest(), is_newer=True)
    command.upgrade(_config(connection), "head")
    before = ScriptDirectory(str(_SCRIPTS)).get_revision(newest()).down_revision
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{before}'"))
    connection.commit()


def _is_usable(connection: Connection, found: str | None) -> bool:
    """Tell whether a revision is the newest this program knows, or the one after it."""
    noted = connection.execute(text("SELECT obj_description(to_regclass('alembic_version'))")).scalar_one()
    return found == newest() or (_is_newer(found) and noted == newest())


def _is_newer(revision: str | None) -> bool:
    """Tell whether this program does not know a revision: it was made by a newer one."""
    known = {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}
    return revision is not None and revision not in known


def _revision(connection: Connection) -> str | None:
    revision: str | None = MigrationContext.configure(connection).get_current_revision()
    return revision


def _config(connection: Connection) -> Config:
    """Return an Alembic configuration without any file."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("file_template", "%%(slug)s")
    config.attributes["connection"] = connection
    return config
