"""Errors of the REST interface as problem documents (RFC 9457): what is wrong, by row and column."""

import errno
import logging
from collections.abc import Iterable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from dashboard.faults import status_and_words
from data.errors import WaypostError
from etl.checked import RowsRefused
from etl.intake import refusal_of
from etl.plain_words import Problem

MEDIA_TYPE = "application/problem+json"
MOST_PROBLEMS = 1_000
TITLES = {
    400: "The request cannot be read",
    401: "A valid key is needed",
    404: "There is no such thing",
    405: "This is not done here",
    408: "The body did not come",
    409: "The same request is under way",
    411: "The length is needed",
    413: "Too large",
    415: "Not a form of table that is read here",
    422: "The table has problems; nothing was loaded",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "The database cannot be used now",
    507: "The disk of the server is full",
}
LATER = {"Retry-After": "30"}


class CellProblem(BaseModel):
    """One thing wrong with a cell, a row (column empty) or the file (place empty)."""

    place: str = Field(description='"row 12" of a spreadsheet, "line 12" of CSV, "record 12" of JSON')
    column: str = Field(description="as the table calls it; empty: the row as a whole")
    value: str = Field(description="what the cell said, at most its first 200 characters")
    reason: str = Field(description="what is wrong, in words")
    hint: str = Field(description="what to write instead; empty where the reason says it all")


_EXAMPLE: dict[str, Any] = {
    "type": "about:blank",
    "title": TITLES[422],
    "status": 422,
    "detail": "1 row has problems; nothing was loaded",
    "problems": [
        {
            "place": "record 2",
            "column": "people",
            "value": "1,234",
            "reason": "people is no plain whole number of 0 or more (1,234)",
            "hint": "write 1234, without marks between the thousands",
        }
    ],
}


class ProblemDocument(BaseModel):
    """Why a table was not taken (RFC 9457). Whatever the status, the same request may be repeated."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    type: str = Field(
        default="about:blank", description="always about:blank: the status says which kind of error it is"
    )
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what is wrong with this request, for a person")
    problems: list[CellProblem] = Field([], description=f"what is wrong where, at most {MOST_PROBLEMS:,}")


def cells(problems: Iterable[Problem]) -> list[CellProblem]:
    """Return problems as they are sent, at most `MOST_PROBLEMS`."""
    return [CellProblem(**vars(problem)) for problem in list(problems)[:MOST_PROBLEMS]]


def problem(
    status: int, detail: str, problems: Iterable[Problem] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error as a problem document."""
    title = TITLES.get(status, "This cannot be done now")
    body = ProblemDocument(title=title, status=status, detail=detail, problems=cells(problems))
    return JSONResponse(body.model_dump(), status, headers, MEDIA_TYPE)


async def answer(_: Request, error: Exception) -> JSONResponse:
    """Translate any error at the edge; no answer holds SQL, a path or a traceback."""
    if isinstance(error, HTTPException):
        headers: Any = error.headers
        return problem(error.status_code, str(error.detail), headers=headers)
    if isinstance(error, RequestValidationError):
        told = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        return problem(400, told[:1000])
    if isinstance(error, WaypostError) and error.http_status < 500:
        return problem(error.http_status, refusal_of(error), error.problems if isinstance(error, RowsRefused) else [])
    status = status_and_words(error)[0]
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        status = 507
    logging.getLogger("waypost").error("a request failed: %s: %s", type(error).__name__, error)
    return problem(status, "repeat the same request later, with its Idempotency-Key", headers=LATER)
