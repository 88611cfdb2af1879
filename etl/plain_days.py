"""Say how a day that could not be read would be written rightly; where it may be several, they are all named."""

import re
from datetime import UTC, date, datetime, timedelta

from etl.month_names import month_number
from etl.plain_numbers import latin

_SLASHED = re.compile(r"^([0-9]{1,2})([/. -])([0-9]{1,2})[/. -]([0-9]{4}|[0-9]{2})$")
_ISO = re.compile(r"^([0-9]{4})-([0-9]{2})-([0-9]{2})$")
_NO_SUCH_DAY = "the calendar has no such day; write the day alone, like 2026-03-01 (year-month-day)"
_SERIAL = re.compile(r"^[2-6][0-9]{4}(?:\.[0-9]+)?$")
_SERIAL_START = date(1899, 12, 30)
"""The day from which spreadsheet programs count (ECMA-376 part 1, 18.17.4.1); five digits are 1954 to 2091."""
_YEAR_FIRST = re.compile(r"^([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})(?:[ T][0-9:.]+)?$")
_MONTH_WORD = re.compile(r"^([0-9]{1,2})[ .-]+([A-Za-z]{3,9})[ .,-]+([0-9]{4}|[0-9]{2})$")
_MONTH_FIRST = re.compile(r"^([A-Za-z]{3,9})[ .-]+([0-9]{1,2})[ .,-]+([0-9]{4})$")
_YEAR = re.compile(r"^([0-9]{4})(?=[-/.])")
_OTHER_CALENDAR = "this is a year of another calendar: write the day of the common one, like 2026-03-01"
_YEARS_AHEAD = 20


def date_hint(value: str) -> str:
    """Return how a date would be written rightly.

    >>> date_hint("13/04/2026"), date_hint("yesterday")
    ('write 2026-04-13 (year-month-day)', 'write the day alone, like 2026-03-01')
    """
    if not value:
        return "fill in this cell, like 2026-03-01"
    plain = latin(value)
    if slashed := _SLASHED.match(plain):
        return _either_hint(*slashed.groups())
    today = datetime.now(UTC).date()
    if (year := _YEAR.match(plain)) and not today.year - 150 <= int(year[1]) <= today.year + _YEARS_AHEAD:
        return _OTHER_CALENDAR
    if iso := _ISO.match(plain):
        return _iso_hint(plain if plain != value else "", _real(int(iso[1]), int(iso[2]), int(iso[3])), today)
    day = _one_day(plain)
    return f"write {day} (year-month-day)" if day else "write the day alone, like 2026-03-01"


def _either_hint(first: str, mark: str, second: str, year: str) -> str:
    """Return the days that three numbers may mean.

    >>> _either_hint("03", "/", "04", "2026")
    'write 2026-04-03 or 2026-03-04 (year-month-day), whichever is meant'
    >>> _either_hint("26", "-", "03", "01")
    'write 2001-03-26 or 2026-03-01 (year-month-day), whichever is meant'
    """
    full = int(year) + 2000 if len(year) == 2 else int(year)
    told = [_real(full, int(second), int(first)), _real(full, int(first), int(second))]
    told += [_real(2000 + int(first), int(second), int(year))] if len(year) == 2 and mark == "-" else []
    days = [day.isoformat() for day in dict.fromkeys(told) if day is not None]
    meant = ", whichever is meant" if len(days) > 1 else ""
    return f"write {' or '.join(days)} (year-month-day)" + meant if days else _NO_SUCH_DAY


def _iso_hint(anew: str, day: date | None, today: date) -> str:
    """Return what is wrong with a date in our notation; ``anew`` is it in the digits 0 to 9, empty if it was."""
    if day is None:
        return _NO_SUCH_DAY
    if day > today:
        other = _real(day.year, day.day, day.month)
        meant = f"; perhaps day and month are swapped: {other}" if other is not None and other <= today else ""
        return f"this day is still to come{meant}"
    return f"write {anew}, typed anew with the digits 0 to 9" if anew else "write the day alone, like 2026-03-01"


def _one_day(value: str) -> date | None:
    """Return the day that a date in another notation means without doubt.

    >>> [str(_one_day(v)) for v in ("2026/3/1", "2026-03-01 14:30", "01-Mar-26", "1 May 1999", "20260301", "Monday")]
    ['2026-03-01', '2026-03-01', '2026-03-01', '1999-05-01', '2026-03-01', 'None']
    """
    if _SERIAL.match(value):
        return _SERIAL_START + timedelta(days=int(float(value)))
    if (numbers := _YEAR_FIRST.match(value)) and (numbers[2] or re.fullmatch("[0-9]{8}", value)):
        return _real(int(numbers[1]), int(numbers[3]), int(numbers[4]))
    if first := _MONTH_FIRST.match(value):
        return _real(int(first[3]), month_number(first[1]) or 0, int(first[2]))
    words = _MONTH_WORD.match(value)
    month = month_number(words[2]) if words else None
    if not words or not month:
        return None
    year = int(words[3]) + (2000 if len(words[3]) == len("26") else 0)
    return _real(year, month, int(words[1]))


def _real(year: int, month: int, day: int) -> date | None:
    """Return a day, None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
