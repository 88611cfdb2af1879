"""The routes: ``POST /api/v1/{kind}`` takes a table of one kind as JSON, CSV or XLSX, and ``/openapi.json`` tells."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as PlainHTTPException
from starlette.requests import ClientDisconnect

from dashboard.api import answers, keys
from dashboard.api.budget import Budget
from dashboard.api.describe import FORMS, Described, errors, request_body
from dashboard.api.problems import MOST_PROBLEMS, CellProblem, answer, cells, problem
from dashboard.database import store
from data.errors import WaypostError
from data.settings import Settings
from etl.archive import Archive
from etl.intake import MOST_BYTES, Intake, Sending
from etl.kinds import KINDS, Kind
from etl.plain_words import Problem
from etl.source import Payload

MOST_AT_ONCE = 4
"""Tables that are worked on at the same time; the others wait."""
IDLE_SECONDS = 60
"""How long a sender may pause within a body: a link by satellite is slow, but never silent for so long."""
_BEARER = HTTPBearer(auto_error=False, description="the key of your organisation, made by who runs this server")


class Result(BaseModel):
    """What became of a table."""

    status: Literal["loaded", "preview"] = Field(description="preview: this is what a load would do")
    counts: dict[str, int] = Field(
        description="rows: read, new, revised (another figure now), deleted (withdrawn: counts no more), unchanged, "
        "quarantined (left out by choice)",
        examples=[{"read": 3, "new": 2, "revised": 0, "deleted": 0, "unchanged": 1, "ignored": 0, "quarantined": 0}],
    )
    problems: list[CellProblem] = Field([], description="what accept_good_rows left out, or what a load would refuse")
    notes: list[str] = Field([], description="what did no harm: columns that are not read, rows that came twice")


class Asked(BaseModel):
    """The query of a request. A parameter of another name is refused: a misspelt preview would load."""

    model_config = ConfigDict(extra="forbid")

    situation: str | None = Field(None, max_length=100, description="what local ids and names of places belong to")
    preview: bool = Field(default=False, description="say what would change, and load nothing")
    accept_good_rows: bool = Field(default=False, description="load the rows without problems, leave out the others")


def create_api() -> FastAPI:
    """Return the interface as an application of its own, to be mounted at ``/api/v1``."""
    api = Described()
    for error in (
        WaypostError, SQLAlchemyError, OSError, PlainHTTPException, RequestValidationError, Exception,
    ):  # fmt: skip
        api.add_exception_handler(error, answer)
    budget, at_once = Budget(), asyncio.Semaphore(MOST_AT_ONCE)
    for kind in KINDS.values():
        api.add_api_route(
            f"/{kind.id}",
            _route(kind, budget, at_once),
            methods=["POST"],
            response_model=Result,
            responses=errors(),
            name=kind.id,
            operation_id=f"send_{kind.id}",
            summary=kind.title,
            description=f"Rows that agree in {kind.same} are the same fact: another figure for it is a correction, "
            "and withdrawn takes it back.",
            openapi_extra={"requestBody": request_body(kind)},
        )
    return api


def _route(kind: Kind, budget: Budget, at_once: asyncio.Semaphore) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    """Return the endpoint of one kind."""

    async def post(
        request: Request,
        authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
        query: Annotated[Asked, Query()],
        key: answers.Key = None,
    ) -> JSONResponse:
        told = f"{authorization.scheme} {authorization.credentials}" if authorization else None
        sender = await asyncio.to_thread(keys.sender_of, store(), told)
        if sender is None:
            raise HTTPException(401, "send Authorization: Bearer and a valid key", {"WWW-Authenticate": "Bearer"})
        if wait := budget.wait_seconds(sender.key_id):
            raise HTTPException(429, "this key asks too often", {"Retry-After": str(int(wait) + 1)})
        form = _form(request)
        body = await _body(request)
        asked = answers.fingerprint(kind.id, form, query.situation or "", str(query.accept_good_rows), body)
        name = _name(sender, key, asked, f"{kind.id}.{form}")
        sending = Sending(kind.id, Payload(name, body, form), query.situation or None, sender.dataset_id)
        async with at_once:
            if query.preview:
                return await asyncio.to_thread(_preview, sending)
            act = partial(_load, sending, accept_good_rows=query.accept_good_rows, is_repeatable=key is not None)
            return await asyncio.to_thread(answers.once, store(), sender.key_id, key, asked, act)

    return post


def _form(request: Request) -> str:
    """Return the form of table that a request says it sends; raises a 415 for any other."""
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told not in FORMS or request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, f"send one of {', '.join(FORMS)}, not packed")
    return FORMS[told]


async def _body(request: Request) -> bytes:
    """Return the body, read no further than `MOST_BYTES`; raises a 413 beyond that, a 408 where nothing comes."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > MOST_BYTES:
        raise HTTPException(413, f"a table may have {MOST_BYTES:,} bytes")
    body, blocks = bytearray(), request.stream()
    try:
        while block := await asyncio.wait_for(anext(blocks, b""), IDLE_SECONDS):
            body += block
            if len(body) > MOST_BYTES:
                raise HTTPException(413, f"a table may have {MOST_BYTES:,} bytes")
    except TimeoutError as error:
        reason = f"nothing came for {IDLE_SECONDS} seconds, {len(body):,} bytes in all; send the whole table again"
        raise HTTPException(408, reason, {"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the connection broke before the end of the body") from error
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


def _result(
    status: Literal["loaded", "preview"], counts: dict[str, int], found: list[Problem], notes: list[str]
) -> dict[str, Any]:
    """Return an answer as it is sent."""
    told = cells(found)
    return Result(status=status, counts=counts, problems=told, notes=notes[:MOST_PROBLEMS]).model_dump()
