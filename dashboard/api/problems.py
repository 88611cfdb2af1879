"""Errors of the REST interface as problem documents (RFC 9457): what is wrong, by row and column."""

from collections.abc import Iterable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from dashboard.faults import status_and_words
from etl.checked import RowsRefused
from etl.plain_words import Problem

MEDIA_TYPE = "application/problem+json"
MOST_PROBLEMS = 1_000
_TITLES = {
    400: "The request cannot be read",
    401: "A valid key is needed",
    404: "There is no such thing",
    405: "This is not done here",
    409: "The same request is under way",
    411: "The length is needed",
    413: "Too large",
    415: "Not a form of table that is read here",
    422: "The table has problems; nothing was loaded",
    429: "Too many requests",
}


class CellProblem(BaseModel):
    """One thing wrong with a cell, a row (column empty) or the file (place empty)."""

    place: str = Field(description='"row 12" of a spreadsheet, "line 12" of CSV, "record 12" of JSON')
    column: str
    value: str
    reason: str
    hint: str


class ProblemDocument(BaseModel):
    """An error. Nothing was loaded."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    problems: list[CellProblem] = []


def cells(problems: Iterable[Problem]) -> list[CellProblem]:
    """Return problems as they are sent, at most `MOST_PROBLEMS`."""
    return [CellProblem(**vars(problem)) for problem in list(problems)[:MOST_PROBLEMS]]


def problem(
    status: int, detail: str, problems: Iterable[Problem] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error as a problem document."""
    title = _TITLES.get(status, "This cannot be done now")
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
    status, words = status_and_words(error)
    found = error.problems if isinstance(error, RowsRefused) else []
    return problem(status, words, found, {"Retry-After": "30"} if status == 503 else None)
