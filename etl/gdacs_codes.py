"""The vocabulary of GDACS, shared by its doors: the RSS feed and the JSON API name the same events.

An event's key is its type and number; the colour is the canonical level, the scores differ between the doors.
"""

import re
from datetime import UTC, datetime

SOURCE_ID = "gdacs"
"""Both doors fill the same rows, so that an event is never counted twice."""
KINDS = {
    "EQ": "earthquake", "TC": "tropical_cyclone", "FL": "flood", "VO": "volcano", "DR": "drought", "WF": "wildfire",
    "TS": "tsunami",
}  # fmt: skip
LEVELS = ("green", "orange", "red")
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def event_id(kind: str, number: str) -> str:
    """Return the id of an event, whose number is unique within its type only; raise ValueError when it is none.

    >>> event_id("EQ", "7")
    'EQ7'
    """
    if kind not in KINDS:
        raise ValueError(f"eventtype {kind[:40]!r} is none of {', '.join(KINDS)}")
    if re.fullmatch(r"[0-9]{1,18}", number) is None:
        raise ValueError(f"eventid {number[:40]!r} is no number")
    return f"{kind}{number}"


def level_of(text: str) -> str:
    """Return the alert level of a colour, in whatever case it is written; raise ValueError for any other word."""
    if text.lower() not in LEVELS:
        raise ValueError(f"alertlevel {text.lower()[:40]!r} is none of {', '.join(LEVELS)}")
    return text.lower()


def flag_of(name: str, word: str) -> bool:
    """Return a flag, which GDACS writes as a word; absent is false, and any other word is a ValueError.

    >>> flag_of("iscurrent", "True"), flag_of("iscurrent", "")
    (True, False)
    """
    if word.lower() not in {"", "true", "false"}:
        raise ValueError(f"{name} {word.lower()[:40]!r} is neither true nor false")
    return word.lower() == "true"


def country_of(text: str) -> str | None:
    """Return the first country's ISO 3166-1 alpha-3 code, None when there is none or it is GDACS's own (XJE: Jersey).

    >>> country_of("ITA,FRA"), country_of("XJE")
    ('ITA', None)
    """
    first = re.split(r"[\s,;|]+", text, maxsplit=1)[0]
    if first and re.fullmatch("[A-Z]{3}", first) is None:
        raise ValueError(f"iso3 {text[:40]!r} is no ISO 3166-1 alpha-3 code")
    return first if first and not first.startswith("X") else None


def on_the_map(longitude: float) -> float:
    """Return a longitude in degrees brought back from beyond the antimeridian (-181.2 is 178.8)."""
    return longitude if -180 <= longitude <= 180 else (longitude + 180) % 360 - 180


def possible(instant: datetime, latest: datetime | None, told: str) -> datetime:
    """Return an instant; raise ValueError, beginning with ``told``, when it is before 1900 or after ``latest``."""
    if instant < _EARLIEST or (latest is not None and instant > latest):
        raise ValueError(f"{told} is before 1900 or more than a day ahead")
    return instant
