"""What a fetch of many parts could not get, told by a payload of its own, so that the run's record names it.

One part that fails does not take the others with it, and is never taken for calm.
"""

import json

from data.errors import PayloadRejected
from etl.json_text import read_json
from etl.source import Ignored, Payload

NAME = "not-fetched.json"
_MOST_BYTES = 1_000_000


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
