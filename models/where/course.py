"""What happened in situations that are over, as lessons for the structural model: shares on many days.

The total is spread as it grows: each day's increase goes where the model says that day and stays; a decrease takes the
same fraction everywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import compress, groupby
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.schema.border_point import BorderPoint
from data.schema.conflict_period import ConflictPeriod
from data.schema.link import Link
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.route import Route
from data.schema.site import Site
from data.schema.situation import Situation
from data.schema.status_period import StatusPeriod
from models.panel import Panel
from models.where.coefficients import LEAST_SHARE, Coefficients
from models.where.layers import Layers, conflict, layers

Floats: TypeAlias = npt.NDArray[np.float64]

EVERY_DAYS = 7
BLOCK = 4
"""Arrivals are compared over four weeks: registrations are no more frequent than that everywhere."""


@dataclass(frozen=True)
class Stretch:
    """Days of one situation with the same crossings and destinations: conflict is (days, origins)."""

    ground: Layers
    conflict: Floats


@dataclass(frozen=True)
class Course:
    """A situation day by day (every `EVERY_DAYS`): its stretches in order, and people present (days, destinations).

    ``people`` is straight between two reports, NaN before the first and where no road leads: such a place teaches
    nothing. ``group`` is the country of origin.
    """

    group: str
    destination_ids: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    people: Floats

    def flow(self, c: Coefficients) -> Floats:
        """Return each day's shares of new arrivals (days, destinations)."""
        parts = []
        for stretch in self.stretches:
            row = {place: i for i, place in enumerate(stretch.ground.destination_ids)}
            some = stretch.ground.shares(stretch.conflict, c) if row else np.zeros((len(stretch.conflict), 0))
            wide = np.column_stack([some, np.zeros(len(some))])
            parts.append(wide[:, [row.get(place, -1) for place in self.destination_ids]])
        return np.concatenate(parts)


def course(panel: Panel, first: date | None = None, last: date | None = None, every: int = EVERY_DAYS) -> Course:
    """Return the course of a situation, each day with what was known that day.

    From its start (or ``first``) to its end or its last report (or ``last``), which the panel must know. Sites that
    never report are left out.
    """
    panel = panel.less(set(panel.site_ids) - set(panel.counted_ids))
    stop = [panel.newest_observation_date, panel.situation["end_date"]]
    known_end = min([d for d in map(_plain, stop) if d is not None], default=panel.origin_date)
    begin, end = first or panel.situation["start_date"].date(), last or known_end
    days = [begin + timedelta(days=d) for d in range(0, (end - begin).days + 1, every)]
    ids, parts = stretches(panel, days)
    people = present(panel, ids, days)
    joined = {i for s in parts for _, part in s.ground.parts for i in compress(part.destination_ids, part.is_open)}
    people[:, [i not in joined for i in ids]] = np.nan
    return Course(str(panel.situation["origin_iso3"]), ids, parts, people)


def stretches(panel: Panel, days: Sequence[date]) -> tuple[tuple[str, ...], tuple[Stretch, ...]]:
    """Return the destinations, and the days in runs on the same ground, each with what was known that day."""
    known = list(_known(panel, days))
    runs = [list(run) for _, run in groupby(known, key=lambda seen: id(seen[0]))]
    ids = tuple(sorted({i for ground, _ in known for i in ground.destination_ids}))
    return ids, tuple(Stretch(run[0][0], np.stack([fled for _, fled in run])) for run in runs)


def _plain(day: "pd.Timestamp | date | None") -> date | None:
    """Return a date of either kind; missing stays missing."""
    if day is None or pd.isna(day):
        return None
    return day.date() if isinstance(day, pd.Timestamp) else day


def _known(panel: Panel, days: Sequence[date]) -> Iterator[tuple[Layers, Floats]]:
    """Yield the ground and the conflict of each day; following days with the same crossings share one ground."""
    before, ground, fled = None, Layers(()), np.empty(0)
    changes = _changes(panel)
    for last, day in zip((None, *days), days, strict=False):
        if last is not None and changes is not None and not any(last < change <= day for change in changes):
            yield ground, fled
            continue
        view = panel.at(day)
        links = tuple(view.links().itertuples(index=False, name=None))
        now = (view.network, view.status_on(), links, view.site_ids, view.told_ids)
        if now != before:
            before, ground = now, layers(view)
        fled = conflict(view, ground.origin_ids)
        yield ground, fled


def _changes(panel: Panel) -> set[date] | None:
    """Return the days on which what is known of crossings, places or conflict may change; None: any day, by events."""
    if not panel.conflict().empty:
        return None
    found: set[date] = set()
    for table in (Situation, Place, BorderPoint, Site, Link, Route, StatusPeriod, ConflictPeriod):
        rows = panel.versions(table)
        for column in ("known_from", "known_to", "start_date", "end_date", "since_date"):
            stamps = rows[column].dropna() if column in rows else []
            found |= {pd.Timestamp(stamp).date() for stamp in stamps}
    reports = panel.versions(Observation)
    first = reports.groupby("place_id")["known_from"].min()
    withdrawn = reports.loc[reports["is_deleted"].astype(bool), "known_from"]
    found |= {stamp.date() for stamp in (*first, *withdrawn)}
    # An end is the last day of a period: the change is the day after.
    return found | {day + timedelta(days=1) for day in found}


def present(panel: Panel, ids: Sequence[str], days: Sequence[date]) -> Floats:
    """Return people present (days, ids), straight between two reports, NaN before the first."""
    at = np.array([d.toordinal() for d in days], dtype=float)
    found = np.full((len(days), len(ids)), np.nan)
    column = {place: i for i, place in enumerate(ids)}
    for place, reports in panel.stock().groupby("place_id"):
        if place in column:
            when = np.array([d.toordinal() for d in reports["date"]], dtype=float)
            present = np.interp(at, when, reports["people"].to_numpy(dtype=float))
            found[:, column[str(place)]] = np.where(at >= when[0], present, np.nan)
    return found


def present_shares(flow: Floats, total: Floats) -> Floats:
    """Return the shares of people present (days, destinations) from those of arrivals and the total (days,).

    People of the first day are spread by each day's flow, so that they do not rest on the accident of that day.
    """
    stock, unplaced, before = np.zeros(flow.shape[1]), float(total[0]), float(total[0])
    shares = np.empty_like(flow)
    for day, now in enumerate(total):
        if now >= before:
            stock = stock + (now - before) * flow[day]
        else:
            stock, unplaced = stock * (now / before), unplaced * (now / before)
        present = stock + unplaced * flow[day]
        shares[day] = present / present.sum() if present.sum() > 0 else flow[day]
        before = float(now)
    return shares


def ard(shares: Floats, people: Floats) -> float:
    """Return the mean over days of the summed absolute difference of shares among destinations reported that day.

    ``people`` is (days, destinations), NaN where not reported; the figure lies between 0 and 2 (BENCHMARK.md, Q1).

    >>> ard(np.array([[1.0, 0.0]]), np.array([[0.0, 5.0]]))
    2.0
    """
    reported = np.isfinite(people)
    seen = np.where(reported, people, 0.0)
    counted = seen.sum(axis=1) > 0
    said = np.where(reported, shares, 0.0)
    even = reported / np.maximum(reported.sum(axis=1, keepdims=True), 1)
    total = said.sum(axis=1, keepdims=True)
    said = np.where(total > 0, said / np.where(total > 0, total, 1.0), even)
    gap = np.abs(said[counted] - seen[counted] / seen[counted].sum(axis=1, keepdims=True))
    return float(gap.sum(axis=1).mean()) if counted.any() else float("nan")


def log_errors(some: Course, c: Coefficients) -> Floats:
    """Return errors of the shares of four weeks' arrivals, as `models.where.coefficients.Learnt` has them."""
    flow, found = some.flow(c), [np.empty(0)]
    for begin in range(0, len(flow) - BLOCK, BLOCK):
        came = some.people[begin + BLOCK] - some.people[begin]
        known = np.isfinite(came)
        came = np.clip(came[known], 0, None)
        said = flow[begin : begin + BLOCK, known].mean(axis=0)
        if came.sum() > 0 and said.sum() > 0:
            found.append(np.log((came / came.sum() + LEAST_SHARE) / (said / said.sum() + LEAST_SHARE)))
    return np.concatenate(found)
