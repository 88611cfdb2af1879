"""Throw-away databases: copies of a prepared one, which is far cheaper than preparing each."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import Connection, make_url, text

from data.postgres import engine


@contextmanager
def copied(url: str) -> Iterator[str]:
    """Yield the address of a copy of a database that nobody is connected to; it is dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    with administrator(url) as admin:
        admin.execute(text(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}"))
    yield named(url, name)
    with administrator(url) as admin:
        admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def administrator(url: str) -> Iterator[Connection]:
    """Yield a connection to the server's own database that can create and drop others."""
    admin = engine(named(url, "postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        yield connection
    admin.dispose()


def named(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)
