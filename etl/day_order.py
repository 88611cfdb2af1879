"""Days written as 25/11/2003, whose order of day and month a whole column proves or leaves open."""

import pandas as pd

_SLASHED = r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: 0?0:00(?::00)?)?$"
_MONTHS = 12


def iso_days(text: "pd.Series[str]") -> "pd.Series[str]":
    """Return days like 25/11/2003 as 2003-11-25 where the column itself proves whether day or month comes first.

    It does when only first, or only second, numbers are above 12; else nothing is guessed and they stay as they are.

    >>> iso_days(pd.Series(["25/11/2003", "3/9/2003"])).tolist(), iso_days(pd.Series(["11/25/2003"])).tolist()
    (['2003-11-25', '2003-09-03'], ['2003-11-25'])
    >>> iso_days(pd.Series(["03/11/2003"])).tolist()
    ['03/11/2003']
    """
    parts = text.str.strip().str.extract(_SLASHED)
    is_day = [bool((pd.to_numeric(parts[place]) > _MONTHS).any()) for place in (0, 1)]
    if is_day[0] == is_day[1]:
        return text
    day, month = (0, 1) if is_day[0] else (1, 0)
    return (parts[2] + "-" + parts[month].str.zfill(2) + "-" + parts[day].str.zfill(2)).fillna(text)
