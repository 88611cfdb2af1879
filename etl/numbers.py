"""Numbers and dates out of text, without guessing: unknown is not zero, and "~500" is not 500.

Each function returns the values and a mask of the texts that could not be read; a missing text is neither. Each
distinct text is read once, because the columns of a feed repeat themselves.
"""

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

EARLIEST_DATE = date(1900, 1, 1)
GROUPED_OR_NOT = r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"
"""1.234 is 1234 to one half of the world and less than two to the other: typed by people it is neither."""
_FORM_PARTS = {"%Y": r"(?P<year>[0-9]{4})", "%m": r"(?P<month>[0-9]{2})", "%d": r"(?P<day>[0-9]{2})"}

Read = tuple["pd.Series[Any]", "pd.Series[bool]"]


def to_number(
    text: "pd.Series[str]",
    *,
    whole: bool = False,
    missing: Iterable[str] = (),
    decimal: str = ".",
    grouping: str = "",
) -> Read:
    """Return numbers (float64, NaN where missing) and which texts could not be read.

    Only plain notation is a number: no sign of estimation, no range, no exponent, no unit. ``whole`` takes no fraction
    except ``12.0`` for 12, as some exports write it, and not ``12.000``, which may be twelve thousand. ``missing`` are
    the spellings of "no data" that a source declares besides the empty text. ``decimal`` and ``grouping`` are the marks
    that it declares; ``1,234`` is 1234 only where the comma is declared to group thousands, and stands between groups
    of three.

    >>> numbers, unread = to_number(pd.Series(["12.0", "", "0", "1,234", "~500", "1e12"]), whole=True)
    >>> numbers.tolist(), unread.tolist()
    ([12.0, nan, 0.0, nan, nan, nan], [False, False, False, True, True, True])
    >>> to_number(pd.Series(["1,234", "12,34"]), grouping=",")[0].tolist()
    [1234.0, nan]
    """
    plain, is_missing, places = _distinct(text, missing)
    fits = pc.match_substring_regex(plain, _number_pattern(decimal, grouping, whole=whole))
    told = pc.if_else(fits, plain, None)
    if grouping:
        told = pc.replace_substring(told, grouping, "")
    if decimal != ".":
        told = pc.replace_substring(told, decimal, ".")
    numbers, unread = _numpy(told.cast(pa.float64()).fill_null(math.nan)), ~_numpy(fits) & ~is_missing
    return pd.Series(numbers[places], index=text.index), pd.Series(unread[places], index=text.index)


def to_whole_number(
    text: "pd.Series[str]", *, least: int = 0, missing: Iterable[str] = (), decimal: str = ".", grouping: str = ""
) -> Read:
    """Return counts (Int64, NA where missing) and which texts are no whole number of at least ``least``.

    >>> to_whole_number(pd.Series(["7", "-1", "5-10", "-"]), missing=["-"])[0].tolist()
    [7, <NA>, <NA>, <NA>]
    """
    numbers, unread = to_number(text, whole=True, missing=missing, decimal=decimal, grouping=grouping)
    too_low = numbers < least
    return numbers.mask(too_low).astype("Int64"), unread | too_low


def to_date(text: "pd.Series[str]", *forms: str, now: datetime | None = None, earliest: date = EARLIEST_DATE) -> Read:
    """Return dates (missing where empty) and which texts are no date of a declared form, or no possible one.

    ``forms`` are the declared ones (default ``%Y-%m-%d``): %Y, %m and %d of exactly four, two and two digits, the rest
    as it stands. No date is possible before ``earliest``, or later than a day after ``now`` (default: today).

    >>> to_date(pd.Series(["2024-02-29", "03/04/2024", "0001-01-01", "2023-02-29", ""]))[1].tolist()
    [False, True, True, True, False]
    """
    plain, is_missing, places = _distinct(text, ())
    days = np.full(len(plain), np.datetime64("NaT", "s"))
    left = np.flatnonzero(~is_missing)
    for form in forms or ("%Y-%m-%d",):
        found = pc.extract_regex(plain.take(pa.array(left)), _date_pattern(form))
        matched = _numpy(found.is_valid())
        days[left[matched]] = _days(found.filter(pa.array(matched)))
        left = left[~matched]
    latest = (now or datetime.now(UTC)).date() + timedelta(days=1)
    # NaT is neither early nor late, and stays what it is.
    days[(days < np.datetime64(earliest)) | (days > np.datetime64(latest))] = np.datetime64("NaT")
    unread = np.isnat(days) & ~is_missing
    return pd.Series(days[places], index=text.index), pd.Series(unread[places], index=text.index)


def _distinct(
    text: "pd.Series[str]", missing: Iterable[str]
) -> tuple[Any, npt.NDArray[np.bool_], npt.NDArray[np.int32]]:
    """Return the distinct texts without spaces around them, which of them say "no data", and which one each row has."""
    array = pa.array(text, type=pa.string(), from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    encoded = array.fill_null("").dictionary_encode()
    plain = pc.utf8_trim_whitespace(encoded.dictionary)
    return plain, _numpy(pc.is_in(plain, pa.array(["", *missing], type=pa.string()))), _numpy(encoded.indices)


def _numpy(array: Any) -> npt.NDArray[Any]:
    """Return an arrow array without nulls as a writable numpy array."""
    return np.array(array)


def _number_pattern(decimal: str, grouping: str, *, whole: bool) -> str:
    """Return the pattern of a plain number with the declared marks."""
    digits = "[0-9]{1,15}"
    if grouping:
        digits = rf"(?:[0-9]{{1,3}}(?:{re.escape(grouping)}[0-9]{{3}}){{1,4}}|{digits})"
    return rf"^[+-]?{digits}(?:{re.escape(decimal)}{'(?:0{1,2}|0{4,6})' if whole else '[0-9]{1,20}'})?$"


def _date_pattern(form: str) -> str:
    """Return the pattern of the dates of a form."""
    return "^" + "".join(_FORM_PARTS.get(part, re.escape(part)) for part in re.split("(%[Ymd])", form)) + "$"


def _days(found: Any) -> npt.NDArray[np.datetime64]:
    """Return the days of matched years, months and days; NaT where the calendar has no such day."""
    year, month, day = (_numpy(found.field(part).cast(pa.int64())) for part in ("year", "month", "day"))
    months = (year - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1)
    is_real = (month >= 1) & (month <= 12) & (days.astype("datetime64[M]").astype("int64") == months)
    return np.where(is_real, days, np.datetime64("NaT", "D")).astype("datetime64[s]")
