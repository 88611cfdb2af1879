"""Tables as CSV files that a spreadsheet opens without running anything."""

import re

import pandas as pd
from pandas.api.types import is_numeric_dtype

_FORMULA = re.compile(r"^\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV with a header; a missing value is an empty field.

    Text that a spreadsheet would take for a formula gets an apostrophe before it. Numbers, also as text, are untouched.

    >>> csv_text(pd.DataFrame({"said": ["=1+1", "-5", "Gore"], "people": [-5, 0, 12]})).splitlines()
    ['said,people', "'=1+1,-5", '-5,0', 'Gore,12']
    """
    safe = {name: frame[name] if is_numeric_dtype(frame[name]) else frame[name].map(_safe) for name in frame.columns}
    return str(pd.DataFrame(safe).rename(columns=_safe).to_csv(index=False, lineterminator="\r\n"))


def _safe(value: object) -> object:
    """Return a value that no spreadsheet runs."""
    if not isinstance(value, str) or not _FORMULA.match(value) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"
