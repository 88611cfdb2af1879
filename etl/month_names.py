"""Months and days written with English month names, as spreadsheets and web exports have them."""

import re
from calendar import month_abbr, month_name

_NUMBERS = {name.casefold(): number for names in (month_abbr, month_name) for number, name in enumerate(names) if name}
_DAY = re.compile(r"^([0-9]{2})[ -]([A-Za-z]{3,9})[ -]([0-9]{4})$")


def month_number(name: str) -> int | None:
    """Return 1 to 12 for an English month name or its first three letters, None for any other text.

    >>> month_number("January"), month_number("sep"), month_number("Janvier")
    (1, 9, None)
    """
    return _NUMBERS.get(name.strip().casefold())


def iso_day(text: str) -> str:
    """Return ``01 January 2024`` and ``01 Jan 2024`` as ``2024-01-01``, and any other text as it is.

    >>> iso_day("01 January 2024"), iso_day("1 Jan 2024"), iso_day("01/02/2024")
    ('2024-01-01', '1 Jan 2024', '01/02/2024')
    """
    found = _DAY.match(text.strip())
    month = month_number(found[2]) if found else None
    return f"{found[3]}-{month:02}-{found[1]}" if found and month else text
