"""Estimate arrivals from stock reports.

Most places report how many people are registered, at irregular dates, and not how many came. The arrivals of a period
are the change between two reports. Each estimate uses only the reports up to its own, so that a later report never
changes an earlier estimate:

- The first report of a place includes people who came long before: arrivals unknown, flag *first_report*.
- A smaller figure is not negative arrivals: zero arrivals, flag *fall* (people left, or a register was verified).
- A figure that stands still is often one that nobody counted. It gives no estimate: the next change is spread over the
  whole time since the figure was new. Only a figure that has stood for more than `STANDSTILL_DAYS` counts as zero.
- A jump far beyond what the place has ever seen lately is usually a registration exercise that catches up with people
  who came earlier: the change is kept and flagged *catch_up*, so that no model takes it for a daily rate. See `_jump`.
"""

from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.situation import Situation
from data.store import Store
from models.counts import DERIVED_SOURCE, stock_series
from models.errors import UnknownSituation

Frame: TypeAlias = pd.DataFrame

FIRST_REPORT, CATCH_UP, FALL = "first_report", "catch_up", "fall"
STANDSTILL_DAYS = 31
"""Most registers are renewed at least monthly (BENCHMARK.md): after that a figure that has not changed was counted."""
JUMP_RATE_RATIO = 4.0
JUMP_STOCK_SHARE = 0.25
JUMP_PEOPLE = 500
JUMP_MEMORY_DAYS = 180
JUMP_HISTORY = 3
SHORTEST_RATE_DAYS = 7
COLUMNS = ["place_id", "start_date", "end_date", "people", "flag", "known_at"]


class _Change(NamedTuple):
    """One estimate: days since 1970, both included; ``people`` NaN when unknown."""

    start: int
    end: int
    people: float
    flag: str | None
    report: int


def estimate(stock: Frame) -> Frame:
    """Return estimated arrivals (place_id, start_date, end_date, people, flag, known_at) from stock reports.

    ``stock`` has place_id, date, people, known_at (see `models.counts.stock_series`). Both days belong to the period.
    """
    ordered = stock.sort_values(["place_id", "date"], ignore_index=True)
    days = ordered["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    people = ordered["people"].to_numpy(dtype=float)
    found: list[_Change] = []
    for rows in ordered.groupby("place_id", sort=True).indices.values():
        found += _of_place(days, people, np.sort(rows))
    at = pd.Index([c.report for c in found], dtype="int64")
    known = ordered.groupby("place_id")["known_at"].cummax()
    result = pd.DataFrame(
        {
            "place_id": ordered["place_id"].to_numpy()[at],
            "start_date": np.array([c.start for c in found], dtype="datetime64[D]").astype("datetime64[s]"),
            "end_date": np.array([c.end for c in found], dtype="datetime64[D]").astype("datetime64[s]"),
            "people": np.array([c.people for c in found], dtype=float),
            "flag": pd.Series([c.flag for c in found], dtype="str"),
        }
    )
    return result.assign(known_at=known.to_numpy()[at] if len(known) else pd.Series(dtype="datetime64[us, UTC]"))


def _of_place(days: np.ndarray, people: np.ndarray, rows: np.ndarray) -> list[_Change]:
    """Return the estimates of one place, whose reports are ``rows`` of both arrays, in order of date."""
    first = int(rows[0])
    since = int(days[first])  # the day from which the figure has stood
    found = [_Change(since, since, float("nan"), FIRST_REPORT, first)]
    for before, now in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
        change, day = float(people[now] - people[before]), int(days[now])
        if change == 0 and day - since <= STANDSTILL_DAYS:
            continue
        if change > 0:
            flag = CATCH_UP if _jump(found, since, day, change, float(people[before])) else None
        else:
            flag = FALL if change < 0 else None
        found.append(_Change(since + 1, day, max(change, 0.0), flag, now))
        since = day
    return found


def _jump(found: list[_Change], since: int, day: int, change: float, stock: float) -> bool:
    """Tell whether a change is a registration catch-up rather than people who came in the period.

    It is when all of these hold: at least `JUMP_PEOPLE` and `JUMP_STOCK_SHARE` of the stock; more than
    `JUMP_RATE_RATIO` times the highest unflagged daily rate that ended in the `JUMP_MEMORY_DAYS` before; at least
    `JUMP_HISTORY` unflagged estimates; and the estimate before was not such a jump at a like rate, for people who keep
    coming are a surge. Rates are taken over at least `SHORTEST_RATE_DAYS` days, since two reports on consecutive days
    are seldom two counts.
    The figures were set on the seven benchmark situations: both upward corrections of CAR 2013 are found.
    """
    if change < max(JUMP_PEOPLE, JUMP_STOCK_SHARE * stock):
        return False
    usual = [c for c in found if c.flag not in (FIRST_REPORT, CATCH_UP)]
    if len(usual) < JUMP_HISTORY:
        return False
    rate = _rate(since + 1, day, change)
    last = found[-1]
    if last.flag == CATCH_UP and rate >= _rate(last.start, last.end, last.people) / JUMP_RATE_RATIO:
        return False
    recent = [_rate(c.start, c.end, c.people) for c in usual if day - c.end <= JUMP_MEMORY_DAYS]
    return rate > JUMP_RATE_RATIO * max(recent, default=0.0)


def _rate(start: int, end: int, people: float) -> float:
    """Return people a day."""
    return people / max(end - start + 1, SHORTEST_RATE_DAYS)


def derive(store: Store, situation_id: str) -> dict[str, int]:
    """Write the estimated arrivals of a situation as observation rows of their own; return the load's row counts.

    The rows have the source `models.counts.DERIVED_SOURCE` and the quality *estimated*, and were known when the later
    report was. Doing it twice changes nothing; estimates that no longer follow from the reports are deleted, as
    versions.
    Raises UnknownSituation when there is none of that id.
    """
    if store.read(Situation, id=situation_id).empty:
        raise UnknownSituation(situation_id, None)
    ids = store.read(Place, situation_id=situation_id)["id"].tolist()
    reports = store.read(Observation, place_id=ids, measure="stock")
    found = estimate(stock_series(reports))
    frame = found.rename(columns={"start_date": "period_start_date", "end_date": "period_end_date"}).assign(
        measure="flow",
        direction="arrival",
        population_group="all",
        source_id=DERIVED_SOURCE,
        quality="estimated",
        note="change between two stock reports",
    )
    with store.load(DERIVED_SOURCE, payload_name=situation_id) as load:
        load.add(Observation, frame)
        load.replaces(
            Observation,
            "t.source_id = :derived AND t.place_id IN (SELECT id FROM place WHERE situation_id = :situation)",
            max_vanished_share=1.0,
            derived=DERIVED_SOURCE,
            situation=situation_id,
        )
        if not found.empty:
            load.seen(datetime.combine(found["end_date"].max().date(), datetime.min.time(), tzinfo=UTC))
    return load.counts
