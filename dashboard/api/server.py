"""The routes: ``POST /api/v1/{kind}`` takes a table of one kind as JSON, CSV or XLSX, and ``/openapi.json`` tells."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as PlainHTTPException

from dashboard.api import answers, keys
from dashboard.api.budget import Budget
from dashboard.api.problems import MEDIA_TYPE, MOST_PROBLEMS, CellProblem, ProblemDocument, answer, cells, problem
from dashboard.database import store
from data.errors import WaypostError
from data.settings import Settings
from etl.archive import Archive
from etl.intake import MOST_BYTES, Intake, Sending
from etl.kinds import KINDS, Kind
from etl.plain_words import Problem
from etl.source import Payload

FORMS = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
MOST_AT_ONCE = 4
"""Tables that are worked on at the same time; the others wait."""
_ABOUT = (
    "Send aggregate figures of border posts. Nothing about a person is taken: a column that looks like it refuses the "
    "table. A table lands whole or not at all, unless accept_good_rows is set. Send an Idempotency-Key and repeat the "
    "request until it is answered: it is loaded once."
)


class Result(BaseModel):
    """What became of a table. ``counts`` are rows; ``problems`` were left out by the sender's choice."""

    status: str
    counts: dict[str, int]
    problems: list[CellProblem] = []
    notes: list[str] = []


def create_api() -> FastAPI:
    """Return the interface as an application of its own, to be mounted at ``/api/v1``."""
    api = FastAPI(title="Waypost", version="1", description=_ABOUT, docs_url=None, redoc_url=None)
    for error in (
        WaypostError, SQLAlchemyError, TimeoutError, PlainHTTPException, RequestValidationError, Exception,
    ):  # fmt: skip
        api.add_exception_handler(error, answer)
    budget, at_once = Budget(), asyncio.Semaphore(MOST_AT_ONCE)
    errors: dict[int | str, dict[str, Any]] = {
        status: {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}}
        for status in (400, 401, 409, 413, 415, 422, 429, 503)
    }
    errors[422]["model"] = ProblemDocument
    for kind in KINDS.values():
        api.add_api_route(
            f"/{kind.id}",
            _route(kind, budget, at_once),
            methods=["POST"],
            response_model=Result,
            responses=errors,
            name=kind.id,
            summary=kind.title,
            openapi_extra={"requestBody": _body_of(kind)},
        )
    return api


def _route(kind: Kind, budget: Budget, at_once: asyncio.Semaphore) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    """Return the endpoint of one kind."""

    async def post(
        request: Request,
        authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
        situation: Annotated[
            str | None, Query(max_length=100, description="what local ids and names belong to")
        ] = None,
        preview: Annotated[bool, Query(description="say what would change, and load nothing")] = False,
        accept_good_rows: Annotated[bool, Query(description="load the rows without problems")] = False,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> JSONResponse:
        told = f"{authorization.scheme} {authorization.credentials}" if authorization else None
        sender = await asyncio.to_thread(keys.sender_of, store(), told)
        if sender is None:
            raise HTTPException(401, "send Authorization: Bearer and a valid key", {"WWW-Authenticate": "Bearer"})
        if wait := budget.wait_seconds(sender.key_id):
            raise HTTPException(429, "this key asks too often", {"Retry-After": str(int(wait) + 1)})
        form = _form(request)
        key = answers.require_key(idempotency_key)
        body = await _body(request)
        asked = answers.fingerprint(kind.id, form, situation or "", str(accept_good_rows), body)
        name = _name(sender, key, asked, f"{kind.id}.{form}")
        sending = Sending(kind.id, Payload(name, body, form), situation or None, sender.dataset_id)
        async with at_once:
            if preview:
                return await asyncio.to_thread(_preview, sending)
            act = partial(_load, sending, accept_good_rows=accept_good_rows, is_repeatable=key is not None)
            return await asyncio.to_thread(answers.once, store(), sender.key_id, key, asked, act)

    return post


def _form(request: Request) -> str:
    """Return the form of table that a request says it sends; raises a 415 for any other."""
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told not in FORMS or request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, f"send one of {', '.join(FORMS)}, not packed")
    return FORMS[told]


async def _body(request: Request) -> bytes:
    """Return the body, read no further than `MOST_BYTES`; raises a 413 beyond that."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > MOST_BYTES:
        raise HTTPException(413, f"a table may have {MOST_BYTES:,} bytes")
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"a table may have {MOST_BYTES:,} bytes")
    return bytes(body)


def _intake() -> Intake:
    """Return the way in of this server."""
    return Intake(store(), Archive(Settings().paths.var / "raw"))


def _preview(sending: Sending) -> JSONResponse:
    """Answer what a load would do."""
    seen = _intake().preview(sending)
    if seen.refusal:
        return problem(422, seen.refusal, seen.problems)
    return JSONResponse(_result("preview", seen.counts, seen.problems, seen.notes))


def _name(sender: keys.Sender, key: str | None, asked: str, file: str) -> str:
    """Return the name under which the record of runs has a request; one with an idempotency key has a name of its own.

    So a repetition is known even where this process died between the load and the answer.
    """
    organisation = re.sub(r"[/\\]", "_", sender.organisation)
    ticket = answers.fingerprint(str(sender.key_id), key, asked)[:20] if key else "once"
    return f"api/{organisation}/{ticket}/{file}"


def _load(sending: Sending, *, accept_good_rows: bool, is_repeatable: bool) -> dict[str, Any]:
    """Load a table and return the answer."""
    loaded = _intake().load(sending, accept_good_rows=accept_good_rows, is_repeatable=is_repeatable)
    return _result("loaded", loaded.counts, loaded.problems, loaded.notes)


def _result(status: str, counts: dict[str, int], found: list[Problem], notes: list[str]) -> dict[str, Any]:
    """Return an answer as it is sent."""
    told = cells(found)
    return Result(status=status, counts=counts, problems=told, notes=notes[:MOST_PROBLEMS]).model_dump()


def _body_of(kind: Kind) -> dict[str, Any]:
    """Describe the body of a kind for OpenAPI."""
    properties: dict[str, Any] = {}
    for column in kind.columns:
        told: dict[str, Any] = {"type": ["string", "number", "null"], "description": column.meaning}
        if column.words:
            told = {"type": ["string", "null"], "description": column.meaning, "enum": [*column.words, None]}
        properties[column.name] = told | ({"examples": [column.example]} if column.example else {})
    record = {"type": "object", "properties": properties, "required": list(kind.form.required)}
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {
        name: {"schema": {"type": "array", "items": record}} if form == "json" else binary
        for name, form in FORMS.items()
    }
    return {"required": True, "content": content}
