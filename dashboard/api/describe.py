"""What ``/openapi.json`` says beyond the signatures of the routes: bodies, errors, and what to do about each."""

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from dashboard.api.problems import MEDIA_TYPE, TITLES, ProblemDocument
from etl.intake import MOST_BYTES
from etl.kinds import YES_NO, Column, Kind

FORMS = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_ABOUT = (
    "Send aggregate figures of border posts. Nothing about a person is taken: a column that looks like it refuses the "
    "table. A table lands whole or not at all, unless accept_good_rows is set. Send an Idempotency-Key and repeat the "
    f"request until it is answered: it is loaded once. A table has at most {MOST_BYTES:,} bytes, in a body of a told "
    "length (Content-Length) that is not compressed."
)
_TO_DO = {
    400: "mend the request",
    401: "ask who runs the server for a key",
    408: "send it again",
    409: "repeat after Retry-After",
    411: "send a Content-Length",
    413: "split the table",
    415: "send JSON, CSV or XLSX, not compressed",
    422: "show the problems to a person; the same Idempotency-Key may be used again for the same table",
    429: "repeat after Retry-After (60 a minute, 30 at once)",
    500: "repeat later; tell who runs the server",
    503: "repeat after Retry-After",
    507: "repeat after Retry-After; tell who runs the server",
}
_WAITING = (409, 429, 503, 507)
_REFERENCE = "#/components/schemas/{model}"


class Described(FastAPI):
    """The interface with the schema of its errors in its description."""

    def __init__(self) -> None:
        """Name it; a path with a slash too many is a 404, since a redirection may lead a key to another address."""
        super().__init__(
            title="Waypost", version="1", description=_ABOUT, docs_url=None, redoc_url=None, redirect_slashes=False
        )

    def openapi(self) -> dict[str, Any]:
        """Return the description."""
        told = super().openapi()
        _, schemas = models_json_schema([(ProblemDocument, "serialization")], ref_template=_REFERENCE)
        told["components"]["schemas"] |= schemas["$defs"]
        return told


def errors() -> dict[int | str, dict[str, Any]]:
    """Return every answer of a route but the good one, and the header that says of a good one that it is repeated."""
    reference = {"$ref": _REFERENCE.format(model=ProblemDocument.__name__)}
    after = {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer"}}}
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": f"{TITLES[status]}: {to_do}", "content": {MEDIA_TYPE: {"schema": reference}}}
        | ({"headers": after} if status in _WAITING else {})
        for status, to_do in _TO_DO.items()
    }
    repeated = {"description": "true: this is the first answer again", "schema": {"type": "string", "enum": ["true"]}}
    told[200] = {"description": "Loaded, once: forget the table", "headers": {"Idempotency-Replayed": repeated}}
    return told


def request_body(kind: Kind) -> dict[str, Any]:
    """Return the body of a kind; its example is the row of the kind's template."""
    properties = {column.name: _column(column) for column in kind.columns}
    record = {"type": "object", "properties": properties, "required": list(kind.form.required)}
    example = [{column.name: column.example for column in kind.columns if column.example}]
    binary = {"schema": {"type": "string", "format": "binary"}}
    content: dict[str, Any] = {name: binary for name, form in FORMS.items() if form != "json"}
    listed = {"type": "array", "minItems": 1, "items": record}
    return {"required": True, "content": {"application/json": {"schema": listed, "example": example}} | content}


def _column(column: Column) -> dict[str, Any]:
    """Return the schema of a cell: numbers may be text, and null is an empty cell where one may be empty."""
    if column.words == YES_NO:
        return {"type": ["boolean", "null"], "description": f"{column.meaning} (here true is yes and false is no)"}
    types = ["string", "null"] if column.words else ["string", "number", "null"]
    told: dict[str, Any] = {"type": types[:-1] if column.is_needed else types, "description": column.meaning}
    if column.words:
        told["enum"] = [*column.words, *([] if column.is_needed else [None])]
    return told | ({"examples": [column.example]} if column.example else {})
