"""How numbers, dates and states are said to people. The vocabulary is DOMAIN's section 7, kept in one place."""

from datetime import date, datetime
from math import isfinite, log10

import pandas as pd

NOT_REPORTED = "not reported"
NOT_ASSESSED = "not assessed"

STATUS = {"open": "Open", "restricted": "Restricted", "closed": "Closed", "unknown": "Status unknown"}
IMPACT = {1: "1 negligible", 2: "2 minor", 3: "3 moderate", 4: "4 severe", 5: "5 critical"}
TRUST_MARK = {
    "S": "stated in a source document",
    "V": "text seen",
    "V2": "seen, quoted second hand",
    "D": "derived by arithmetic",
    "K": "professional knowledge, text not seen",
    "A": "assumption",
}
DISCLAIMER = "The boundaries and names shown do not imply official endorsement or acceptance by the United Nations."
PURPOSE = "Forecasts are for preparing help. They are no ground for closing or fortifying a border."


def people(value: float | None) -> str:
    """Return a count of people with two figures of precision above 100, as a forecast deserves.

    >>> people(14532.1), people(87.4), people(0), people(None)
    ('15,000', '87', '0', 'not reported')
    """
    if value is None or pd.isna(value) or not isfinite(value):
        return NOT_REPORTED
    if value < 100:
        return f"{round(value):,}"
    step = 10 ** (int(log10(value)) - 1)
    return f"{round(value / step) * step:,}"


def count(value: float | None) -> str:
    """Return an observed count exactly.

    >>> count(14532), count(pd.NA)
    ('14,532', 'not reported')
    """
    return NOT_REPORTED if value is None or pd.isna(value) else f"{int(value):,}"


def day(value: date | datetime | None) -> str:
    """Return a date without doubt about the order of day and month.

    >>> day(date(2014, 3, 1)), day(None)
    ('1 Mar 2014', 'not reported')
    """
    return NOT_REPORTED if value is None or pd.isna(value) else f"{value.day} {value:%b %Y}"


def age(since: datetime | None, now: datetime) -> str:
    """Return how long ago an instant was.

    >>> from datetime import UTC
    >>> age(datetime(2014, 3, 1, tzinfo=UTC), datetime(2014, 3, 4, tzinfo=UTC))
    '3 days ago'
    >>> age(datetime(2014, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    '12 years ago'
    """
    if since is None or pd.isna(since):
        return "never"
    seconds = max((now - since).total_seconds(), 0)
    for unit, length, least in (("year", 31_557_600, 2), ("day", 86400, 1), ("hour", 3600, 1), ("minute", 60, 1)):
        if seconds >= least * length:
            number = int(seconds // length)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def spread(low: float, middle: float, high: float) -> str:
    """Return a median with its 80 % range.

    >>> spread(10, 118, 900)
    '120 (10–900)'
    """
    return f"{people(middle)} ({people(low)}–{people(high)})"


GAP = {
    "not_assessed": NOT_ASSESSED,
    "none": "none",
    "tight": "tight, over 70 % of capacity",
    "gap": "90 to 120 % of capacity",
    "overwhelmed": "overwhelmed",
}
