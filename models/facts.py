"""Facts that a reader of a forecast must know, in words, as known at the panel's origin."""

from datetime import timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from models.arrivals import CATCH_UP
from models.features.lags import STALE_DAYS
from models.panel import Panel
from models.past import now, week_now
from models.routing import INFORMAL_SHARE, route

LATE_DAYS = 31
LEAST_SHARE_SAID = 0.01
MARKET_FACTOR = 1.5
JUMP_SHOWN_DAYS = 180
STATUS_WORDS = {"closed": "closed", "restricted": "restricted"}


@lru_cache(maxsize=8)
def facts(panel: Panel) -> pd.DataFrame:
    """Return place_id, sentence, effect_people_per_day (always missing: none of these is a contribution)."""
    said = [*_crossings(panel), *_moved(panel), *_reports(panel), *_jumps(panel), *_market_days(panel)]
    frame = pd.DataFrame(said, columns=["place_id", "sentence"])
    return frame.assign(effect_people_per_day=float("nan"))


def _crossings(panel: Panel) -> list[tuple[str, str]]:
    """Say of every closed or restricted point, and of the sites behind it, since when."""
    periods = panel.status_periods()
    lasting = periods[periods["end_date"].isna() & periods["status"].isin(list(STATUS_WORDS))]
    latest = lasting.sort_values("start_date").drop_duplicates("border_point_id", keep="last")
    names = dict(zip(panel.places["id"], panel.places["name"], strict=True))
    links = panel.links()
    status = panel.status_on()
    said = []
    for period in latest.itertuples(index=False):
        point = period.border_point_id
        if status.get(point) != period.status:
            continue
        since = f"{STATUS_WORDS[period.status]} since {period.start_date.date()}"
        said.append(
            (
                point,
                f"{_sentence(since)}; {INFORMAL_SHARE:.0%} of the usual share is assumed to cross here all the same"
                ", and more where nothing else is open.",
            )
        )
        behind = links.loc[links["border_point_id"] == point, "site_id"]
        said += [
            (site, f"{names.get(point, point)} has been {since}: people are diverted, not fewer.") for site in behind
        ]
    return said


def _moved(panel: Panel) -> list[tuple[str, str]]:
    """Say where people go whose crossing has closed since it last counted."""
    names = dict(zip(panel.places["id"], panel.places["name"], strict=True))
    said = []
    for point, others in route(panel).moved.groupby("from_id"):
        part = others["share"].sum()
        said.append(
            (str(point), f"No count since it stopped being open: {part:.0%} of the forecast is diverted to others.")
        )
        said += [
            (
                to,
                f"{names.get(point, point)} is no longer open: {share:.0%} of its forecast is diverted here.",
            )
            for to, share in zip(others["to_id"], others["share"], strict=True)
            if share >= LEAST_SHARE_SAID
        ]
    return said


def _reports(panel: Panel) -> list[tuple[str, str]]:
    """Say where the last report is old, and which sites have not reported at all."""
    today = pd.Timestamp(panel.origin_date)
    known = now(panel)
    said = []
    for place, days, forecast in zip(panel.counted_ids, known.stale_days, known.reported, strict=True):
        last = (today - timedelta(days=float(days))).date() if np.isfinite(days) else None
        if last is None:
            said.append((place, "No usable report."))
        elif not forecast:
            why = "" if days > STALE_DAYS else " and another place began to report then, as if it had become that one"
            said.append((place, f"No report since {last}{why}: no forecast is made."))
        elif days > LATE_DAYS:
            said.append((place, f"No report for {days:.0f} days (last on {last}): the range is wider."))
    missing = sorted(set(panel.site_ids) - set(panel.counted_ids))
    return said + [(site, "Not reported yet: no forecast from history is possible.") for site in missing]


def _jumps(panel: Panel) -> list[tuple[str, str]]:
    """Say which recent jumps are taken for registration that catches up."""
    arrivals = panel.arrivals()
    since = pd.Timestamp(panel.origin_date) - pd.Timedelta(days=JUMP_SHOWN_DAYS)
    jumps = arrivals[(arrivals["flag"] == CATCH_UP) & (arrivals["end_date"] >= since)]
    days = (jumps["end_date"] - jumps["start_date"]).dt.days + 1
    return [
        (
            place,
            f"{people:,.0f} people more on {end.date()} are taken for registration that catches up, "
            f"not for {people / width:,.0f} arrivals a day.",
        )
        for place, people, end, width in zip(jumps["place_id"], jumps["people"], jumps["end_date"], days, strict=True)
    ]


def _market_days(panel: Panel) -> list[tuple[str, str]]:
    """Say on which weekday clearly more people come."""
    found = []
    for place, week in zip(panel.counted_ids, week_now(panel), strict=True):
        if week.max() >= MARKET_FACTOR:
            day = panel.origin_date + timedelta(days=int(week.argmax()) + 1)
            found.append((place, f"On {day:%A}s {week.max():.1f} times as many people come as on an average day."))
    return found


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
