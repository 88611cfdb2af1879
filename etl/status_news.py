"""News of the status of border points, joined to what is known: what a newer report ends, and where an older one ends.

A status that is withdrawn (a deletion) ends nothing any more: the one before it runs on.

A source sees its own payload only; the periods that other payloads told are in the store.
"""

from collections.abc import Iterable, Iterator

import pandas as pd

from data.schema.status_period import StatusPeriod
from data.store import Store
from etl.source import Ignored, Landing, Rows
from etl.status_chain import ended, reopened

_POINT, _START = "border_point_id", "start_date"


def joined(store: Store, items: Iterable[Landing]) -> Iterator[Landing]:
    """Yield items as they come, and with periods of status the known ones that they end.

    Where the source states when a status was known (``known_at``: a list as of a day), one that only repeats what holds
    already is no period of its own, and an end is known on the day it comes.
    """
    for item in items:
        if not isinstance(item, Rows) or item.table is not StatusPeriod or item.frame.empty:
            yield item
            continue
        known = store.read(StatusPeriod, border_point_id=sorted(set(item.frame[_POINT].dropna())))
        is_stated = "known_at" in item.frame
        yield from _stated(item, known) if is_stated else _plain(store, item, known[StatusPeriod.content()])


def _plain(store: Store, item: Rows, known: pd.DataFrame) -> Iterator[Landing]:
    """Yield what a report ends or lets run on, its periods with the ends that are known, and its deletions."""
    is_gone = item.frame.get("is_deleted", pd.Series(False, item.frame.index)).astype("bool")
    given, gone = item.frame[~is_gone], item.frame[is_gone]
    left = known
    if len(gone):
        names = [_POINT, _START]
        left = known[~pd.MultiIndex.from_frame(known[names]).isin(pd.MultiIndex.from_frame(gone[names]))]
        versions = store.history(StatusPeriod, border_point_id=sorted(set(gone[_POINT])))
        known = reopened(left, gone, versions)
    changed, filled = ended(known, given, left)
    if len(changed):
        yield Rows(StatusPeriod, changed, _words(changed))
    for rows in (filled, gone):
        if len(rows):
            yield Rows(StatusPeriod, rows, None if item.locators is None else item.locators[rows.index])


def _stated(item: Rows, known: pd.DataFrame) -> Iterator[Landing]:
    """Yield the periods of a list with the days they were known, and as versions of their own the ends that they get.

    Of a period that begins and ends within the list there are two rows, the later one with its end.
    """
    dates = {name: pd.to_datetime(item.frame[name]) for name in (_START, "end_date")}
    said = item.frame.assign(**dates)
    again = _repeats(said, known)
    if again.any():
        yield Ignored(int(again.sum()), "a status that holds already")
    frame = said[~again]
    if frame.empty:
        return
    yield Rows(StatusPeriod, frame, None if item.locators is None else item.locators[frame.index])
    newest = frame.drop_duplicates([_POINT, _START], keep="last")
    closed, filled = ended(known, newest)
    gained = filled[filled["end_date"].notna() & newest["end_date"].isna()]
    over = pd.concat([closed, gained], ignore_index=True)
    if len(over):
        ended_at = pd.to_datetime(over["end_date"], utc=True)
        since = pd.to_datetime(over["known_from"], utc=True)  # nothing ends in what was known before it was told
        frame = over[StatusPeriod.content()].assign(known_at=ended_at.where(~(since > ended_at), since))
        yield Rows(StatusPeriod, frame, _words(frame))


def _repeats(frame: pd.DataFrame, known: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which rows say of their start what the known period that runs on then says."""
    found = []
    for row in frame.itertuples():
        before = known[(known[_POINT] == row.border_point_id) & (known[_START] < row.start_date)]
        last = before.sort_values(_START).tail(1)
        runs_on = last["end_date"].isna() | (last["end_date"] > row.start_date)
        found.append(bool((runs_on & (last["status"] == row.status)).any()))
    return pd.Series(found, index=frame.index, dtype=bool)


def _words(periods: pd.DataFrame) -> "pd.Series[str]":
    """Return why periods are there that no row of the payload is about."""
    return "its end follows from another status: " + periods[_POINT].astype("str")
