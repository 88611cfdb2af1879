"""What a panel's places have reported, as arrays of places and days.

The arrays are what the panel knew at its origin. For a past day ``t`` only what was known then may be used, and
``last_stock`` and ``last_arrivals`` say up to which day that reaches: everything up to there was fixed by reports known
at ``t``. So one history serves all past days of a panel without revisions, and `views` builds another one per day for
a panel with them. Days are columns; column ``c`` is the day ``first_day + c``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.panel import Panel

Array: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int32]

MEMORY_DAYS = 1500
"""Reports older than this teach nothing; keeps 5,000 points within memory."""
WIDEST_DAYS = 32_000
NEVER = -1


@dataclass(frozen=True)
class History:
    """Counts by place and day.

    ``stock``: people present at the end of the day, straight between two reports, NaN before the first and after the
    last one. ``stock_gap``: days between these two reports, zero on the day of a report. ``arrivals``: people a day,
    the mean of the period, NaN where unknown. ``arrivals_gap``: days of that period. ``last_stock`` and
    ``last_arrivals``: the column of the last report, or of the end of the last period, known by the end of each day;
    `NEVER` before.
    ``first_report``: the column of the first report (may be negative when it is older than the memory).
    """

    place_ids: tuple[str, ...]
    first_day: int
    stock: Array
    stock_gap: Integers
    arrivals: Array
    arrivals_gap: Integers
    last_stock: Integers
    last_arrivals: Integers
    first_report: Integers

    @property
    def days(self) -> int:
        """Return the number of columns."""
        return int(self.stock.shape[1])

    @cached_property
    def arrivals_sums(self) -> Floats:
        """Return running sums of known arrivals (places, days + 1)."""
        return _running(np.nan_to_num(self.arrivals))

    @cached_property
    def arrivals_counts(self) -> Floats:
        """Return running counts of days with known arrivals (places, days + 1)."""
        return _running(~np.isnan(self.arrivals))

    @cached_property
    def net(self) -> Array:
        """Return the daily change of stock, or arrivals where there is no stock (places, days); NaN if unknown.

        Registrations that catch up are left out, like the arrivals of their period.
        """
        change = np.diff(self.stock, axis=1, prepend=np.nan)
        only_flow = np.isnan(self.stock).all(axis=1, keepdims=True)
        return np.where(np.isnan(self.arrivals), np.nan, np.where(only_flow, self.arrivals, change))

    @cached_property
    def net_sums(self) -> Floats:
        """Return running sums of ``net`` (places, days + 1)."""
        return _running(np.nan_to_num(self.net))

    @cached_property
    def moves_sums(self) -> Floats:
        """Return running sums of the size of ``net`` (places, days + 1)."""
        return _running(np.abs(np.nan_to_num(self.net)))

    @cached_property
    def moves_counts(self) -> Floats:
        """Return running counts of days with known ``net`` (places, days + 1)."""
        return _running(~np.isnan(self.net))

    def column(self, day: int) -> int:
        """Return the column of a day (days since 1970); raises ValueError for one outside the memory."""
        if not 0 <= day - self.first_day < self.days:
            raise ValueError(f"day {day} is not among the {self.days} days from {self.first_day}")
        return day - self.first_day


@lru_cache(maxsize=8)
def history(panel: Panel, memory_days: int = MEMORY_DAYS) -> History:
    """Return the history of all counted places of a panel, in the order of ``panel.counted_ids``."""
    ids, stock, arrivals = panel.counted_ids, panel.stock(), panel.arrivals()
    starts = [f[c].min() for f, c in ((stock, "date"), (arrivals, "start_date")) if not f.empty]
    first = max(min((_number(s) for s in starts), default=panel.origin_day), panel.origin_day - memory_days)
    shape = (len(ids), panel.origin_day - first + 1)
    row = {place: i for i, place in enumerate(ids)}
    first_report = np.full(len(ids), shape[1], dtype=np.int32)
    levels, level_gap, last_stock = _levels(stock, row, shape, first, first_report)
    rates, rate_gap, last_arrivals = _rates(arrivals, row, shape, first, first_report)
    return History(ids, first, levels, level_gap, rates, rate_gap, last_stock, last_arrivals, first_report)


def views(panel: Panel, days: Sequence[int], memory_days: int = MEMORY_DAYS) -> Iterator[tuple[int, History]]:
    """Yield the history as it was known at the end of each day (days since 1970, none after the origin).

    Places that had not reported by then have no known values there; the rows are those of that day's view.
    """
    whole = history(panel, memory_days) if panel.is_plain else None
    for day in days:
        then = date(1970, 1, 1) + timedelta(days=int(day))
        yield day, whole if whole is not None else history(panel.at(then), memory_days)


def when_known(counts: History) -> npt.NDArray[np.int64]:
    """Return for each place and day the first column at which arrivals of that day or a later one were known."""
    days = np.arange(counts.days)
    found = [np.searchsorted(line, days) for line in counts.last_arrivals]
    return np.array(found, dtype=np.int64).reshape(counts.last_arrivals.shape)


def _running(values: npt.NDArray[np.generic]) -> Floats:
    """Return running sums along the days, beginning with zero."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, dtype=np.float64, out=sums[:, 1:])
    return sums


def _levels(
    stock: pd.DataFrame, row: dict[str, int], shape: tuple[int, int], first: int, first_report: Integers
) -> tuple[Array, Integers, Integers]:
    """Return stock, its gaps and the last report known by each day."""
    levels = np.full(shape, np.nan, dtype=np.float32)
    gap = np.full(shape, WIDEST_DAYS, dtype=np.int32)
    last = np.full(shape, NEVER, dtype=np.int32)
    day, known = _numbers(stock["date"]) - first, _numbers(stock["known_at"]) - first
    people = stock["people"].to_numpy(dtype=float)
    every = np.arange(shape[1])
    for place, at in stock.groupby("place_id").indices.items():
        i, report = row[str(place)], day[at]
        first_report[i] = min(first_report[i], report[0])
        inside = every[(every >= report[0]) & (every <= report[-1])]
        levels[i, inside] = np.interp(inside, report, people[at])
        after = np.searchsorted(report, inside)
        before = np.where(report[after] == inside, after, after - 1)
        gap[i, inside] = report[after] - report[before]
        _note_last(last, i, report, known[at])
    return levels, gap, np.maximum.accumulate(last, axis=1)


def _rates(
    arrivals: pd.DataFrame, row: dict[str, int], shape: tuple[int, int], first: int, first_report: Integers
) -> tuple[Array, Integers, Integers]:
    """Return arrivals a day, the width of their periods and the end of the last period known by each day.

    A registration that catches up says nothing about a day: its period is unknown.
    """
    rates = np.full(shape, np.nan, dtype=np.float32)
    gap = np.full(shape, WIDEST_DAYS, dtype=np.int32)
    last = np.full(shape, NEVER, dtype=np.int32)
    usable = arrivals["people"].notna() & arrivals["flag"].ne("catch_up").fillna(value=True)
    kept = arrivals[usable]
    start, end = _numbers(kept["start_date"]) - first, _numbers(kept["end_date"]) - first
    known = _numbers(kept["known_at"]) - first
    width = end - start + 1
    rate = kept["people"].to_numpy(dtype=float) / width
    for place, at in kept.groupby("place_id").indices.items():
        i = row[str(place)]
        first_report[i] = min(first_report[i], start[at][0])
        for k in at[end[at] >= 0]:
            period = slice(max(start[k], 0), end[k] + 1)
            rates[i, period], gap[i, period] = rate[k], width[k]
        _note_last(last, i, end[at], known[at])
    return rates, gap, np.maximum.accumulate(last, axis=1)


def _note_last(last: Integers, i: int, day: Integers, known: Integers) -> None:
    """Note each report that lies within the memory at the day it was known."""
    inside = (day >= 0) & (known < last.shape[1])
    np.maximum.at(last[i], np.maximum(known[inside], day[inside]), day[inside])


def _number(day: pd.Timestamp) -> int:
    return int((day - pd.Timestamp(1970, 1, 1)).days)


def _numbers(days: "pd.Series[pd.Timestamp]") -> Integers:
    """Return days since 1970 of dates, or of instants by the day in UTC, whatever zone they are told in."""
    plain = days.dt.tz_convert(None) if days.dt.tz is not None else days
    return np.asarray(plain.to_numpy().astype("datetime64[D]").astype(np.int32))
