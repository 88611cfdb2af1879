"""What a fetch of many parts could not get, told by a payload of its own, so that the run's record names it.

One part that fails does not take the others with it, and is never taken for calm.
"""

import json
from collections.abc import Iterator, Mapping

import httpx

from data.errors import PayloadRejected, WaypostError
from etl.json_text import read_json
from etl.source import Ignored, Payload

NAME = "not-fetched.json"
_MOST_BYTES = 1_000_000


def part_by_part(parts: Mapping[str, Iterator[Payload]]) -> Iterator[Payload]:
    """Yield the payloads of each part in turn, and last a note of the parts that failed, by their names.

    The last error passes through when something failed and nothing was had.
    """
    failed: dict[str, Exception] = {}
    is_empty = True
    for name, payloads in parts.items():
        try:
            for payload in payloads:
                is_empty = False
                yield payload
        except (httpx.HTTPError, WaypostError) as error:
            failed[name] = error
    if failed and is_empty:
        raise list(failed.values())[-1]
    if failed:
        yield note([f"{name}: {type(error).__name__}" for name, error in failed.items()])


def note(failed: list[str]) -> Payload:
    """Return the payload that names the parts that failed, in words a person can follow."""
    return Payload(NAME, json.dumps(failed).encode(), "application/json")


def noted(payload: Payload) -> Ignored | None:
    """Return what such a payload says, None for any other payload.

    >>> noted(note(["the flows of plan 929: ReadTimeout"]))
    Ignored(rows=0, reason='not fetched: the flows of plan 929: ReadTimeout')
    """
    if payload.name != NAME:
        return None
    failed = read_json(NAME, payload.read(_MOST_BYTES))
    if not isinstance(failed, list):
        raise PayloadRejected(NAME, "is no list of what was not fetched")
    return Ignored(0, f"not fetched: {', '.join(map(str, failed))[:1000]}")
