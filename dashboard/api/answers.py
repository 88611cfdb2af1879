"""Answer the same request once: an outbox may send it for ever, and it is loaded one time."""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, HTTPException
from fastapi.responses import JSONResponse
from sqlalchemy import insert, select, text

from data.schema.api_request import ApiRequest
from data.store import Store, reported

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern="^[!-~]([ -~]*[!-~])?$",
        description="what your outbox calls this table, in printable ASCII characters, never used for another: however "
        "often the request is sent with it, the table is loaded once",
    ),
]
"""The header that names a request; None without one."""
REPEATED = "Idempotency-Replayed"


def fingerprint(*parts: str | bytes) -> str:
    """Return a hash of what a request asks for; its parts cannot run into each other."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def once(store: Store, key_id: int, key: str | None, asked: str, act: Callable[[], dict[str, Any]]) -> JSONResponse:
    """Do what is asked and keep the answer, or give the kept answer of the same request again.

    Only answers of requests that succeeded are kept: one that was refused has loaded nothing and may be tried again,
    for instance once its place is known. The same key for something else is a 422, the same request while the first is
    under way a 409.
    """
    if key is None:
        return JSONResponse(act())
    with reported(), store.engine.begin() as connection:
        lock = text("SELECT pg_try_advisory_xact_lock(hashtext('waypost.request'), hashtext(:name))")
        if not connection.execute(lock, {"name": f"{key_id}/{key}"}).scalar_one():
            raise HTTPException(409, "the same request is under way; ask again", {"Retry-After": "5"})
        mine = (ApiRequest.api_key_id == key_id) & (ApiRequest.idempotency_key == key)
        kept = connection.execute(select(ApiRequest.request_sha256, ApiRequest.status, ApiRequest.answer).where(mine))
        found = kept.one_or_none()
        if found is not None and found.request_sha256 != asked:
            raise HTTPException(422, "this Idempotency-Key was used for another request; take a new one")
        if found is not None:
            return JSONResponse(json.loads(found.answer), found.status, {REPEATED: "true"})
        answer = act()
        row = {"api_key_id": key_id, "idempotency_key": key, "request_sha256": asked, "status": 200}
        connection.execute(insert(ApiRequest).values(**row, answer=json.dumps(answer)))
    return JSONResponse(answer)
