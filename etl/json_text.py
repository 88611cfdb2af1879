"""Read JSON strictly, numbers as the text they are written in."""

import json
import re
from typing import Any

from data.errors import PayloadRejected

_HALVES = re.compile("[\ud800-\udfff]")


def read_json(name: str, body: bytes) -> Any:
    """Return a JSON document with its numbers as text, so that they are judged like those of a table.

    Raises PayloadRejected for what is no JSON, for NaN and Infinity, for an object that has a name twice, and for
    nesting deeper than the interpreter's stack.
    """
    try:
        return json.loads(
            body, parse_int=str, parse_float=str, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except (ValueError, RecursionError) as error:
        raise PayloadRejected(name, f"is no JSON: {str(error)[:200]}") from error


def whole(text: str) -> str:
    r"""Return a text with a mark for each half of a character (a lone surrogate), which nothing else could hold.

    >>> whole("Pont\ud800") == "Pont\N{REPLACEMENT CHARACTER}"
    True
    """
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def _refuse_constant(constant: str) -> Any:
    """Raise ValueError for a constant that only JavaScript has."""
    raise ValueError(f"{constant} is no JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raise ValueError when a name comes twice, because one of the values would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the name {twice[:80]!r} twice")
    return found
