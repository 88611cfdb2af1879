"""Records of a JSON answer as the text cells that parsers of tables take (`etl.delimited.Chunk`).

Null and an absent field are an empty cell, true and false are words, numbers are the text they were written in. So
``0``, ``"0"`` and ``"-"`` in one record are judged like the cells of a table.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from data.errors import PayloadRejected
from etl.delimited import Chunk
from etl.records import BROKEN_TEXT_CHARACTERS, Broken


def chunk_of_records(
    name: str,
    records: Sequence[object],
    required: Iterable[str],
    optional: Iterable[str] = (),
    known: Iterable[str] = (),
    where: str = "record",
) -> Chunk:
    """Return records as a chunk with the ``required`` and ``optional`` fields; ``known`` ones are left out.

    A record that is no object, or holds a list or an object in one of the fields, is broken. Fields whose names begin
    with a colon are the host's own (Socrata) and never read. Raises PayloadRejected when no record has a required
    field.
    """
    required, optional = tuple(required), tuple(optional)
    columns = [*required, *optional]
    told = {number: record for number, record in enumerate(records, start=1) if isinstance(record, dict)}
    names = dict.fromkeys(key for record in told.values() for key in record)
    if told and (missing := [column for column in required if column not in names]):
        raise PayloadRejected(name, f"lacks the fields {', '.join(missing)}")
    broken, cells = [], {}
    for number, record in enumerate(records, start=1):
        try:
            cells[number] = _cells(record, columns)
        except ValueError as error:
            broken.append(Broken(number, number, str(error), shown(record)))
    index = pd.Index(list(cells), dtype="int64")
    frame = pd.DataFrame(list(cells.values()), columns=columns, index=index, dtype="str")
    strangers = {*columns, *known}
    added = tuple(key for key in names if key not in strangers and not key.startswith(":"))
    return Chunk(frame, pd.Series(index, index=index), broken, added, lambda row: shown(told[row]), where)


def shown(value: object) -> str:
    """Return a JSON value as text for a person, at most its beginning."""
    return json.dumps(value)[:BROKEN_TEXT_CHARACTERS]


def object_of(record: object) -> dict[str, Any]:
    """Return a record that is an object; raise ValueError for any other."""
    if not isinstance(record, dict):
        raise ValueError("is no object")  # noqa: TRY004 - like everything else that can be wrong with a record
    return record


def _cells(record: object, columns: Sequence[str]) -> list[str]:
    """Return the fields of a record as texts; raise ValueError for what is no plain value."""
    fields = object_of(record)
    return [_cell(key, fields.get(key)) for key in columns]


def _cell(key: str, value: object) -> str:
    """Return a plain value as text; raise ValueError for any other."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise ValueError(f"{key} is no plain value")  # noqa: TRY004 - as above
    if not value.isascii() and value.encode("utf-8", "replace").decode() != value:
        raise ValueError(f"{key} has half a character (a lone surrogate)")
    return value
