"""The store that pages and routes read, opened on first use."""

from functools import cache

from data.postgres import database_url, engine
from data.settings import Settings
from data.store import Store


@cache
def store() -> Store:
    """Return the one store of this process."""
    return Store(engine(database_url(Settings())))
