"""Periods of status that follow each other: a new status ends the running one on the day it begins."""

from collections.abc import Hashable

import pandas as pd

_POINT, _START, _END = "border_point_id", "start_date", "end_date"


def chained(periods: pd.DataFrame) -> tuple[pd.DataFrame, dict[Hashable, str]]:
    """Return the periods with the ends that the next ones give them, and why others cannot be.

    ``periods`` has border_point_id, start_date, end_date (missing: runs on) and status; the last day of a period is the
    day before ``end_date``. Two rows with the same point and start that say the same are one. Rejected is what
    contradicts another row: another status on the same start, or an end after the next period's start.
    """
    faults: dict[Hashable, str] = {}
    kept = periods.copy()
    said = kept.groupby([_POINT, _START], dropna=False)["status"].transform("nunique")
    for row in kept.index[said > 1]:
        faults[row] = "status differs from another row for the same border point and day"
    kept = kept[said <= 1].sort_values([_POINT, _START], kind="stable")
    following = kept.drop_duplicates([_POINT, _START]).groupby(_POINT)[_START].shift(-1)
    upcoming = following.reindex(kept.index)
    repeated = kept.groupby([_POINT, _START], dropna=False)[_START].transform("size") > 1
    if repeated.any():
        upcoming = upcoming.groupby([kept[_POINT], kept[_START]]).transform("first")
    late = kept[_END].notna() & upcoming.notna() & (kept[_END] > upcoming)
    for row in kept.index[late]:
        faults[row] = f"end_date lies after the next status of the same border point begins ({upcoming[row]:%Y-%m-%d})"
    kept[_END] = kept[_END].where(kept[_END].notna(), upcoming)
    return kept[~late].sort_index(), faults


def reopened(periods: pd.DataFrame, gone: pd.DataFrame, versions: pd.DataFrame) -> pd.DataFrame:
    """Return periods with the ends that they have without others that are ``gone``.

    A period that ended on the day on which one that is gone began gets the newest end that was told of it otherwise:
    of its ``versions`` (every version of the periods of its border point, with known_from) the last one whose end is no
    day on which another began. Without such an end it runs on. It ends at the latest where the next one begins.
    """
    found = periods.copy()
    for row in periods.itertuples():
        if row.end_date not in set(gone.loc[gone[_POINT] == row.border_point_id, _START]):
            continue
        here = versions[versions[_POINT] == row.border_point_id].sort_values("known_from")
        is_own = here[_START] == row.start_date
        told = here.loc[is_own & ~here[_END].isin(list(here.loc[~is_own, _START])), _END].tail(1)
        later = periods.loc[(periods[_POINT] == row.border_point_id) & (periods[_START] > row.start_date), _START]
        found.loc[row.Index, _END] = pd.concat([told, later]).min()
    return found


def ended(
    known: pd.DataFrame, new: pd.DataFrame, stored: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the known periods that new ones end, with their ends, and the new ones with the ends that are known.

    With ``stored`` (the same periods, same index) those are returned that end otherwise than there.

    A known period that would last beyond the start of a later new one ends there. A new period without an end that
    begins before a known one ends where that begins.
    """
    starts = new[[_POINT, _START]].dropna()
    cut = known.copy()
    for row in known.itertuples():
        later = starts.loc[(starts[_POINT] == row.border_point_id) & (starts[_START] > row.start_date), _START]
        if len(later) and (pd.isna(row.end_date) or row.end_date > later.min()):
            cut.loc[row.Index, _END] = later.min()
    same = cut.merge(starts, on=[_POINT, _START], how="left", indicator=True)["_merge"].to_numpy() == "both"
    before = (known if stored is None else stored)[_END]
    changed = cut[_END].ne(before) & ~(cut[_END].isna() & before.isna()) & ~same
    filled = new.copy()
    for row in new[new[_END].isna()].itertuples():
        later = known.loc[(known[_POINT] == row.border_point_id) & (known[_START] > row.start_date), _START]
        if len(later):
            filled.loc[row.Index, _END] = later.min()
    return cut[changed], filled
