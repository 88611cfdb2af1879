"""Which part of a publisher's data a fetch had wholly, told by a payload of its own after the last page.

One page of many is not the whole of anything, and `parse` sees one payload at a time. So a fetch that got every page
says last what it asked for, and `parse` makes of it what the run replaces (`etl.source.Replaces`). What failed, or came
without any record, is left out: nothing of it is taken for gone. A look that asks for other days tells other content,
so it is parsed also where no page changed (`etl.repeat`).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel, ValidationError

from data.errors import PayloadRejected
from etl.source import Ignored, Payload

NAME = "fetched-whole.json"
A_PART = Ignored(0, "a file may hold a part of what is published: nothing that it lacks is taken for gone")
_MOST_BYTES = 1_000_000


class Whole(BaseModel):
    """The days that were asked for, ``end`` not included, and for which countries each part of the data was had.

    A source that asks for no countries has no parts.
    """

    start: date
    end: date
    parts: dict[str, list[str]] = {}


def whole(start: date, end: date, parts: Mapping[str, Sequence[str]] | None = None) -> Payload:
    """Return the payload that tells what was had."""
    had = Whole(start=start, end=end, parts={part: list(countries) for part, countries in (parts or {}).items()})
    return Payload(NAME, had.model_dump_json().encode(), "application/json")


def told_whole(payload: Payload) -> Whole | None:
    """Return what such a payload tells, None for any other payload; raise PayloadRejected when it is broken.

    >>> told_whole(whole(date(2024, 1, 1), date(2024, 3, 1), {"idps": ["TCD"]}))
    Whole(start=datetime.date(2024, 1, 1), end=datetime.date(2024, 3, 1), parts={'idps': ['TCD']})
    """
    if payload.name != NAME:
        return None
    try:
        return Whole.model_validate_json(payload.read(_MOST_BYTES))
    except ValidationError as error:
        raise PayloadRejected(NAME, f"does not tell what was fetched: {error.errors()[0]['msg']}") from error
