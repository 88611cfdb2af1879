"""Count a conflict event once where several sources, or two releases of one, hold it under different ids.

UCDP publishes candidate events month by month and, a year later, the checked events of a whole year under other ids;
ACLED sees many of the same events. The rule, by country and by what was known at a time, so that the past keeps what it
counted: a candidate counts only when it ended after the month of the newest checked event ever known by then, and an
event of ACLED only where UCDP has none.
"""

import pandas as pd

CHECKED, CANDIDATE, OTHER = "ucdp", "ucdp_candidate", "acled"


def until_superseded(versions: pd.DataFrame) -> pd.DataFrame:
    """Return versions of conflict events that end when the event stopped counting; those that never counted are gone.

    Columns used: source_id, country_iso3, end_date, known_from, known_to (missing: still in force).

    >>> days = pd.to_datetime(["2023-12-31", "2023-12-30", "2024-01-01"])
    >>> known = pd.to_datetime(["2024-01-20", "2024-05-01", "2024-02-20"], utc=True)
    >>> events = pd.DataFrame({"source_id": ["ucdp_candidate", "ucdp", "ucdp_candidate"], "end_date": days,
    ...                        "country_iso3": "SDN", "known_from": known, "known_to": pd.NaT})
    >>> until_superseded(events)["known_to"].fillna(pd.Timestamp(0, tz="UTC")).dt.year.tolist()
    [2024, 1970, 1970]
    """
    known_to = pd.to_datetime(versions["known_to"], utc=True)
    for _, group in versions.groupby("country_iso3", sort=False):
        ended = _superseded_at(group)
        known_to = known_to.mask((ended < known_to.reindex(ended.index)) | known_to.isna(), ended)
    return versions.assign(known_to=known_to)[known_to.isna() | (known_to > versions["known_from"])]


def _superseded_at(group: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """Return for the candidates and the other source's events of one country when they stopped counting, if ever."""
    source, known_from = group["source_id"], pd.to_datetime(group["known_from"], utc=True)
    checked = group[source == CHECKED].sort_values("known_from")
    reached = (checked["end_date"].dt.to_period("M").dt.end_time).cummax()
    candidates = group[source == CANDIDATE]
    first = reached.searchsorted(candidates["end_date"])
    times = [*pd.to_datetime(checked["known_from"], utc=True), pd.NaT]
    by_release = pd.Series([times[i] for i in first], index=candidates.index, dtype=known_from.dtype)
    others = group.index[source == OTHER]
    first_known = known_from[source.isin([CHECKED, CANDIDATE])].min()
    return pd.concat([by_release, pd.Series(first_known, index=others, dtype=known_from.dtype)])


def counted_once(alias: str) -> str:
    """Return the same rule as a SQL condition on the table ``alias``; the time is its parameter ``:as_of``."""
    same = f"FROM conflict_event c WHERE c.country_iso3 = {alias}.country_iso3 AND c.known_from <= :as_of"
    newest = f"SELECT date_trunc('month', max(c.end_date)) + interval '1 month' {same} AND c.source_id = '{CHECKED}'"
    return (
        f"(CASE {alias}.source_id WHEN '{CANDIDATE}' THEN coalesce({alias}.end_date >= ({newest}), true)"
        f" WHEN '{OTHER}' THEN NOT EXISTS (SELECT 1 {same} AND c.source_id IN ('{CHECKED}', '{CANDIDATE}'))"
        " ELSE true END)"
    )
