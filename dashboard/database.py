"""The store that pages and routes read, opened on first use."""

from functools import cache

from data.postgres import database_url, engine
from data.settings import Settings
from data.store import Store

STATEMENT_SECONDS = 20


@cache
def store() -> Store:
    """Return the one store of this process; it shows what the audience of this server may see."""
    settings = Settings()
    return Store(engine(database_url(settings), statement_seconds=STATEMENT_SECONDS), settings.server.audience)
