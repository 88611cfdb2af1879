"""Months as feeds write them in English: ``Jan 2024``, ``May 2021 - Jun 2021``."""

import re
from calendar import month_abbr, monthrange
from datetime import date

_NUMBERS = {name: number for number, name in enumerate(month_abbr) if name}
_MONTH = re.compile(r"^([A-Z][a-z]{2}) ([0-9]{4})$")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def first_day(text: str) -> date | None:
    """Return the first day of a month, None for a text that names none between 1900 and 2100.

    >>> first_day("Feb 2024"), first_day("02/2024"), first_day("Feb 9999")
    (datetime.date(2024, 2, 1), None, None)
    """
    found = _MONTH.match(text.strip())
    if found is None or found[1] not in _NUMBERS or not _FIRST_YEAR <= int(found[2]) <= _LAST_YEAR:
        return None
    return date(int(found[2]), _NUMBERS[found[1]], 1)


def last_day(first: date) -> date:
    """Return the last day of the month that a day is in.

    >>> last_day(date(2024, 2, 1))
    datetime.date(2024, 2, 29)
    """
    return first.replace(day=monthrange(first.year, first.month)[1])


def span(text: str) -> tuple[date, date] | None:
    """Return the first and the last day of ``May 2021 - Jun 2021``, None where the text is no such span.

    >>> span("May 2021 - Jun 2021")
    (datetime.date(2021, 5, 1), datetime.date(2021, 6, 30))
    >>> span("Jun 2021 - May 2021") is None
    True
    """
    start, dash, end = text.partition(" - ")
    first, last = first_day(start), first_day(end)
    if not dash or first is None or last is None or last < first:
        return None
    return first, last_day(last)
