"""What a viewer is told when something behind the page fails, and the status a route answers with."""

import logging

import dash
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from data.errors import DatabaseReadOnly, WaypostError

BANNER = "app-banner"
"""The id of the line at the top of every page that says what fails."""


def status_and_words(error: Exception) -> tuple[int, str]:
    """Return an HTTP status and a sentence for a viewer; neither quotes SQL, an address or a password.

    >>> status_and_words(TimeoutError())
    (503, 'The database takes too long to answer. What is shown may be old; try again in a moment.')
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, pg.ReadOnlySqlTransaction):
        cause = DatabaseReadOnly(str(cause))
    if isinstance(cause, WaypostError):
        return cause.http_status, str(cause)
    if isinstance(cause, pg.DiskFull):
        return 507, "The disk of the database is full: nothing can be saved until space is made."
    if isinstance(cause, (TimeoutError, PoolTimeout, pg.QueryCanceled, pg.LockNotAvailable)):
        return 503, "The database takes too long to answer. What is shown may be old; try again in a moment."
    if isinstance(error, SQLAlchemyError):
        return 503, "The database does not answer. What is shown may be old; it comes back by itself."
    return 500, "Something went wrong here; it is in the log. What is shown may be old."


def on_callback_error(error: Exception) -> None:
    """Log what went wrong in a callback and say it on the page, which keeps its last good state."""
    logging.getLogger("waypost").error("a callback failed: %s: %s", type(error).__name__, error)
    dash.set_props(BANNER, {"children": status_and_words(error)[1]})


async def answer(_: Request, error: Exception) -> Response:
    """Answer a route with the status and the sentence."""
    status, words = status_and_words(error)
    return JSONResponse({"detail": words}, status)
