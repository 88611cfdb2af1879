"""Numbers and dates out of text, without guessing: unknown is not zero, and "~500" is not 500."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pandas as pd

_MISSING = frozenset({""})
_PLAIN = r"[+-]?\d{1,15}(?:\.\d{1,20})?"
_WHOLE = r"[+-]?\d{1,15}(?:\.0{1,6})?"


def to_number(
    text: pd.Series, *, whole: bool = False, missing: Iterable[str] = (), decimal_comma: bool = False
) -> tuple[pd.Series, "pd.Series[bool]"]:
    """Return numbers (float64, NaN where missing) and which texts could not be read.

    Only plain notation is a number: no thousands separator, no sign of estimation, no range, no exponent. ``missing``
    are further spellings of "no data" that the source declares.

    >>> numbers, unread = to_number(pd.Series(["12.0", "", "0", "1,234", "~500", "1e12"]), whole=True)
    >>> numbers.tolist(), unread.tolist()
    ([12.0, nan, 0.0, nan, nan, nan], [False, False, False, True, True, True])
    """
    plain = text.astype("str").str.strip()
    none = text.isna() | plain.isin({*_MISSING, *missing})
    if decimal_comma:
        plain = plain.str.replace(",", ".", regex=False)
    fits = plain.str.fullmatch(_WHOLE if whole else _PLAIN, flags=re.ASCII).fillna(value=False).astype(bool)
    numbers = pd.to_numeric(plain.where(fits & ~none), errors="coerce").astype("float64")
    return numbers, ~none & ~fits


def to_date(
    text: pd.Series, form: str, pattern: str, *, now: datetime | None = None
) -> tuple[pd.Series, "pd.Series[bool]"]:
    r"""Return dates (missing where empty) and which texts are no date of the declared form, or lie in the future.

    ``form`` is a strptime format, ``pattern`` the exact regular expression of the texts it may read (strptime alone is
    lenient). A date later than a day after ``now`` (default: today) is refused.

    >>> text = pd.Series(["2014-03-01", "01/03/2014", "0001-01-01", ""])
    >>> to_date(text, "%Y-%m-%d", r"\d{4}-\d\d-\d\d")[1].tolist()
    [False, True, True, False]
    """
    plain = text.astype("str").str.strip()
    none = text.isna() | (plain == "")
    fits = plain.str.fullmatch(pattern, flags=re.ASCII).fillna(value=False).astype(bool)
    dates = pd.to_datetime(plain.where(fits & ~none), format=form, errors="coerce").dt.as_unit("s")
    latest = (now or datetime.now(UTC)).replace(tzinfo=None) + timedelta(days=1)
    possible = dates.between(pd.Timestamp("1900-01-01"), pd.Timestamp(latest))
    return dates.where(possible), ~none & ~possible
