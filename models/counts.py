"""One series a place out of what was counted there.

Several sources or groups may count the same people. Waypost never adds sources: it follows, per place, the source
that has reported on the most days (ties: the first by name). Groups are added only where no row for everybody exists,
and only on days on which every group was counted. Rows not counted (people missing) are no reports.
"""

from typing import TypeAlias

import pandas as pd

DERIVED_SOURCE = "waypost-derived"
EVERYBODY = ("all", "total")
"""Names of the population group that holds everybody."""

WINDOW = ("window_start_hour", "window_end_hour")

Frame: TypeAlias = pd.DataFrame

STOCK_COLUMNS = ["place_id", "date", "people", "known_at"]
FLOW_COLUMNS = ["place_id", "start_date", "end_date", "people", "known_at"]


def stock_series(observations: Frame) -> Frame:
    """Return people present by place and day (place_id, date, people, known_at), sorted.

    Zeros before the first people are dropped: such a place is "not reported" (a zero at the start of a file is often
    inserted). The last one stays where the place reported nobody more than once and the first people follow within
    a month: that is a count of an empty place that fills.
    """
    rows = observations[(observations["measure"] == "stock") & (observations["direction"] == "present")]
    one = _one_series(rows, ["period_end_date"])
    one = one.rename(columns={"period_end_date": "date"})[STOCK_COLUMNS]
    return one[~_leading_zero(one)].reset_index(drop=True)


def flow_series(observations: Frame) -> Frame:
    """Return counted arrivals by place and period (place_id, start_date, end_date, people, known_at), sorted.

    Only the hours a place observes most often count, as they are: a count of 06 to 18 is never read as 24 hours. Of
    overlapping periods the one that ends first, then the shorter one, is kept.
    """
    counted = observations["source_id"] != DERIVED_SOURCE
    rows = observations[(observations["measure"] == "flow") & (observations["direction"] == "arrival") & counted]
    usual = rows.groupby(["place_id", *WINDOW], as_index=False).size().sort_values(["place_id", "size"], kind="stable")
    rows = rows.merge(usual.drop_duplicates("place_id", keep="last")[["place_id", *WINDOW]], on=["place_id", *WINDOW])
    one = _one_series(rows, ["period_start_date", "period_end_date"])
    one = one.rename(columns={"period_start_date": "start_date", "period_end_date": "end_date"})[FLOW_COLUMNS]
    one = one.sort_values(["place_id", "end_date", "start_date"], ascending=[True, True, False], ignore_index=True)
    return _without_overlaps(one)


def _one_series(rows: Frame, period: list[str]) -> Frame:
    """Return one row per place and period: one source, all groups together; known when its last part was known."""
    rows = rows[rows["people"].notna()].copy()
    rows["people"] = rows["people"].astype("float64")
    days = rows.groupby(["place_id", "source_id"], as_index=False)[period[-1]].nunique()
    days = days.sort_values(["place_id", period[-1], "source_id"], ascending=[True, False, True])
    rows = rows.merge(days.drop_duplicates("place_id")[["place_id", "source_id"]], on=["place_id", "source_id"])
    whole = rows["population_group"].isin(EVERYBODY)
    has_whole = rows["place_id"].isin(set(rows.loc[whole, "place_id"]))
    rows = rows[whole | ~has_whole]
    by = rows.groupby(["place_id", *period], as_index=False)
    summed = by.agg(people=("people", "sum"), known_at=("known_from", "max"), groups=("population_group", "nunique"))
    all_groups = rows.groupby("place_id")["population_group"].nunique()
    complete = summed["groups"] == summed["place_id"].map(all_groups)
    whole_place = summed["place_id"].isin(set(rows.loc[rows["population_group"].isin(EVERYBODY), "place_id"]))
    kept = summed[complete | whole_place]
    return kept.sort_values(["place_id", *reversed(period)], ignore_index=True)


def _leading_zero(stock: Frame) -> "pd.Series[bool]":
    """Return which rows are zeros before the first people, but for a believable one just before them."""
    by = stock["place_id"]
    begun = stock["people"].gt(0).groupby(by).cummax()
    next_begun = begun.groupby(by).shift(-1, fill_value=False)
    gap = stock["date"].groupby(by).shift(-1) - stock["date"]
    repeated = stock.groupby(by).cumcount() > 0
    return ~begun & ~(next_begun & repeated & (gap <= pd.Timedelta(days=31)))


def _without_overlaps(flow: Frame) -> Frame:
    """Keep, place by place, each period that begins after the last kept one ended."""
    kept: list[bool] = []
    place, end = None, pd.Timestamp.min
    for row in flow[["place_id", "start_date", "end_date"]].itertuples(index=False):
        fits = row.place_id != place or row.start_date > end
        kept.append(fits)
        if fits:
            place, end = row.place_id, row.end_date
    return flow[pd.Series(kept, index=flow.index, dtype=bool)].reset_index(drop=True)
