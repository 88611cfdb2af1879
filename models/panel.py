"""The world of one situation as it was known at the end of a day, and nothing later.

A panel is read from the store once, with every version known by its origin. Its frames are private: what it hands out
was known at the origin, and a question about a later day raises `LookAhead`. `Panel.at` gives the view of an earlier
day, with only the versions known by then; models build their training examples from such views.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from data.area_codes import coded
from data.area_points import placed
from data.events_once import until_superseded
from data.schema import Versioned
from data.schema.border_point import BorderPoint
from data.schema.conflict_event import ConflictEvent
from data.schema.conflict_period import ConflictPeriod
from data.schema.displacement import Displacement
from data.schema.hazard_event import HazardEvent
from data.schema.indicator import Indicator
from data.schema.link import Link
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.route import Route
from data.schema.site import Site
from data.schema.situation import Situation
from data.schema.status_period import StatusPeriod
from data.store import Store
from models.arrivals import estimate
from models.counts import DERIVED_SOURCE, WINDOW, flow_series, stock_series
from models.errors import LookAhead, UnknownSituation
from models.network import Network

PLACED_PRECISIONS = ("exact", "near", "admin2")
"""Conflict events located worse than this stand at the middle of a province: they say nothing about one catchment."""
SURROUNDINGS_DEGREES = 2.0
RAIN, FOOD = "rainfall_3_months_percent_of_normal", "ipc_share_in_phase"
INDICATORS = (RAIN, FOOD)
"""What features take from the table of indicators; the rest of that large table is left where it is."""

Frames = Mapping[type[Versioned], pd.DataFrame]


class Panel:
    """One situation as known at the end of ``origin_date`` (UTC)."""

    def __init__(self, frames: Frames, situation_id: str, origin_date: date, network: Network | None = None) -> None:
        """Take the versions (with known_from, known_to, is_deleted) of every table; `read` is the usual way."""
        self.situation_id, self.origin_date = situation_id, origin_date
        self._frames = frames
        self._given_network = network
        self._in_force: dict[type[Versioned], pd.DataFrame] = {}

    @classmethod
    def read(cls, store: Store, situation_id: str, origin_date: date) -> Self:
        """Read everything about a situation that was known at the end of a day.

        Raises UnknownSituation when there was none of that id.
        """
        until = end_of(origin_date)
        frames: dict[type[Versioned], pd.DataFrame] = {Situation: store.history(Situation, until, id=situation_id)}
        if frames[Situation].empty:
            raise UnknownSituation(situation_id, origin_date)
        frames[Place] = store.history(Place, until, situation_id=situation_id)
        ids = frames[Place]["id"].unique().tolist()
        by_place = {
            BorderPoint: "id", Site: "id", Link: "site_id", Route: "from_id",
            StatusPeriod: "border_point_id", Observation: "place_id", ConflictPeriod: "place_id",
        }  # fmt: skip
        for table, column in by_place.items():
            frames[table] = store.history(table, until, **{column: ids})
        countries = frames[Place]["country_iso3"].unique().tolist()
        events = until_superseded(store.history(ConflictEvent, until, country_iso3=countries))
        frames[ConflictEvent] = _near(events, frames[Place])
        frames[HazardEvent] = _near(store.history(HazardEvent, until), frames[Place])
        frames[Displacement] = placed(
            store, coded(store, store.history(Displacement, until, country_iso3=countries, measure="stock"))
        )
        indicators = store.history(Indicator, until, country_iso3=countries, indicator=INDICATORS)
        frames[Indicator] = placed(store, coded(store, indicators, "area_id"), "area_id")
        return cls(frames, situation_id, origin_date)

    def at(self, day: date) -> "Panel":
        """Return the view of an earlier day; raises LookAhead for a later one."""
        self._refuse_later(day)
        same_roads = all(len(self._frames[t]) == len(_known(self._frames[t], day)) for t in (Place, Route))
        return Panel(self._frames, self.situation_id, day, self.network if same_roads else None)

    def plus(self, rows: Mapping[type[Versioned], Sequence[Mapping[str, Any]]]) -> "Panel":
        """Return the view with made-up rows that are known from the origin on: for questions of the kind "what if"."""
        frames = dict(self._frames)
        for table, made_up in rows.items():
            have = self._frames[table]
            head = {"known_from": pd.Timestamp(end_of(self.origin_date)), "is_deleted": False, "run_id": -1}
            new = pd.DataFrame([{**row, **head} for row in made_up]).reindex(columns=have.columns)
            new["version_id"] = -1 - np.arange(len(new))
            frames[table] = pd.concat([have, new.astype(have.dtypes.to_dict())], ignore_index=True)
        return Panel(frames, self.situation_id, self.origin_date)

    def less(self, site_ids: Collection[str]) -> "Panel":
        """Return the view as if some sites were none: places that nobody is received at."""
        frames = dict(self._frames)
        frames[Site] = frames[Site][~frames[Site]["id"].isin(list(site_ids))]
        return Panel(frames, self.situation_id, self.origin_date, self._given_network)

    @property
    def origin_day(self) -> int:
        """Return the origin as days since 1970-01-01."""
        return day_number(self.origin_date)

    @cached_property
    def is_plain(self) -> bool:
        """Tell whether every report has one version, one source, group and window a place, and came in order of date.

        Then what was known on a past day is just the reports known by then, and no other view of them is needed.
        """
        rows = self._frames[Observation]
        rows = rows[rows["source_id"] != DERIVED_SOURCE].sort_values(["place_id", "period_end_date"])
        kinds = rows[["place_id", "measure", "direction", "population_group", "source_id", *WINDOW]].drop_duplicates()
        single = not kinds.duplicated(["place_id", "measure"]).any()
        latest_before = rows.groupby(["place_id", "measure"])["known_from"].cummax()
        in_order = (latest_before == rows["known_from"]).all()
        return bool(single and in_order and rows["known_to"].isna().all() and not rows["is_deleted"].any())

    @cached_property
    def situation(self) -> Mapping[str, Any]:
        """Return the situation's row; raises UnknownSituation when it was not known yet."""
        known = self._now(Situation)
        if known.empty:
            raise UnknownSituation(self.situation_id, self.origin_date)
        row: Mapping[str, Any] = known.iloc[0].to_dict()
        return row

    @cached_property
    def places(self) -> pd.DataFrame:
        """Return the places (columns of `data.schema.place`), sorted by id."""
        return self._now(Place)

    @cached_property
    def point_ids(self) -> tuple[str, ...]:
        """Return the ids of the border points, sorted."""
        return tuple(self._now(BorderPoint)["id"])

    @cached_property
    def site_ids(self) -> tuple[str, ...]:
        """Return the ids of the sites, sorted, reported or not."""
        return tuple(self._now(Site)["id"])

    @cached_property
    def network(self) -> Network:
        """Return the route network."""
        return self._given_network or Network(self.places, self.routes)

    @cached_property
    def routes(self) -> pd.DataFrame:
        """Return the routes (columns of `data.schema.route`)."""
        return self._now(Route)

    def links(self, on: date | None = None) -> pd.DataFrame:
        """Return the links in force on a day (missing: the origin): border_point_id, site_id, distance_km."""
        day = self._day(on)
        known = self._now(Link)
        begun = known["since_date"].isna() | (known["since_date"] <= pd.Timestamp(day))
        ends = known["site_id"].isin(self.site_ids) & known["border_point_id"].isin(self.point_ids)
        return known.loc[begun & ends, ["border_point_id", "site_id", "distance_km"]].reset_index(drop=True)

    def status_periods(self) -> pd.DataFrame:
        """Return the status periods known at the origin that began by then (columns of `data.schema.status_period`).

        The end is missing while it was not known, and one that was announced for a later day is not shown.
        """
        known = self._now(StatusPeriod)
        known = known[known["start_date"] <= pd.Timestamp(self.origin_date)].copy()
        known["end_date"] = known["end_date"].where(known["end_date"] <= pd.Timestamp(self.origin_date))
        return known.reset_index(drop=True)

    def status_on(self, on: date | None = None) -> dict[str, str]:
        """Return each border point's status on a day (missing: the origin), as known at the origin; open by default."""
        day = pd.Timestamp(self._day(on))
        periods = self.status_periods()
        in_force = (periods["start_date"] <= day) & (periods["end_date"].isna() | (periods["end_date"] >= day))
        latest = periods[in_force].sort_values(["border_point_id", "start_date"])
        stated = dict(zip(latest["border_point_id"], latest["status"], strict=True))
        return {**dict.fromkeys(self.point_ids, "open"), **stated}

    @cached_property
    def counted_ids(self) -> tuple[str, ...]:
        """Return the places that have reported people by the origin, sorted: what can be forecast from history."""
        return tuple(sorted(set(self.stock()["place_id"]) | set(self.flow()["place_id"])))

    @cached_property
    def told_ids(self) -> frozenset[str]:
        """Return the places that any report known at the origin is about, also one that nobody was counted in."""
        return frozenset(self._now(Observation)["place_id"])

    @cached_property
    def newest_observation_date(self) -> date | None:
        """Return the last day that a report known at the origin is about; missing where nothing was reported."""
        ends = [f[c].max() for f, c in ((self.stock(), "date"), (self.flow(), "end_date")) if not f.empty]
        return max(ends).date() if ends else None

    def stock(self, until: date | None = None) -> pd.DataFrame:
        """Return the stock reports up to a day (missing: the origin): place_id, date, people, known_at.

        One series a place, sorted by place and date (see `models.counts`). Zeros before the first people are no
        reports: such a place is "not reported".
        """
        return _until(self._stock, "date", self._day(until))

    def flow(self, until: date | None = None) -> pd.DataFrame:
        """Return arrivals counted as such: place_id, start_date, end_date, people, known_at (see `models.counts`)."""
        return _until(self._flow, "end_date", self._day(until))

    def arrivals(self, until: date | None = None) -> pd.DataFrame:
        """Return arrivals of all counted places: place_id, start_date, end_date, people, flag, known_at.

        Counted where a place counts arrivals, else estimated from its stock (`models.arrivals`). Both days belong to
        the period. ``people`` is missing with the flag *first_report*. Sorted by place and date.
        """
        return _until(self._arrivals, "end_date", self._day(until))

    def conflict(self, since: date | None = None, until: date | None = None) -> pd.DataFrame:
        """Return the conflict events from a day to a day, both included, near the situation's places.

        Columns of `data.schema.conflict_event`; only events located to a district or better.
        """
        events = _until(self._conflict, "end_date", self._day(until))
        return events if since is None else events[events["end_date"] >= pd.Timestamp(since)]

    def conflict_periods(self) -> pd.DataFrame:
        """Return the places in conflict (columns of `data.schema.conflict_period`) as known; later ends are missing."""
        known = self._now(ConflictPeriod)
        known = known[known["start_date"] <= pd.Timestamp(self.origin_date)].copy()
        known["end_date"] = known["end_date"].where(known["end_date"] <= pd.Timestamp(self.origin_date))
        return known.reset_index(drop=True)

    def versions(self, table: type[Versioned]) -> pd.DataFrame:
        """Return every version of a table's facts known by the origin, with known_from, known_to and is_deleted.

        For features that need what was known on many past days at once. Empty for a table that was not read.
        """
        frame = self._frames.get(table)
        if frame is None:
            return pd.DataFrame(columns=[*table.content(), "known_from", "known_to", "is_deleted"])
        known = _known(frame, self.origin_date).copy()
        known["known_to"] = known["known_to"].where(known["known_to"] <= end_of(self.origin_date))
        return known.sort_values([*table.key, "known_from"], ignore_index=True)

    def hazards(self, since: date | None = None, until: date | None = None) -> pd.DataFrame:
        """Return hazard events by their start, from a day to a day (columns of `data.schema.hazard_event`)."""
        end = pd.Timestamp(end_of(self._day(until)))
        events = self._now(HazardEvent)
        events = events[events["started_at"] <= end]
        return events if since is None else events[events["started_at"] >= pd.Timestamp(since, tz="UTC")]

    @cached_property
    def _stock(self) -> pd.DataFrame:
        return stock_series(self._now(Observation))

    @cached_property
    def _flow(self) -> pd.DataFrame:
        return flow_series(self._now(Observation))

    @cached_property
    def _arrivals(self) -> pd.DataFrame:
        counted = self._flow.assign(flag=None)
        derived = estimate(self._stock[~self._stock["place_id"].isin(set(counted["place_id"]))])
        both = [frame for frame in (counted, derived) if not frame.empty] or [derived]
        return pd.concat(both, ignore_index=True).sort_values(["place_id", "end_date"], ignore_index=True)

    @cached_property
    def _conflict(self) -> pd.DataFrame:
        known = self._now(ConflictEvent)
        return known[known["location_precision"].isin(PLACED_PRECISIONS)].reset_index(drop=True)

    def _now(self, table: type[Versioned]) -> pd.DataFrame:
        """Return the versions in force at the origin, in the order of the table's key."""
        if table not in self._in_force:
            known = _known(self._frames[table], self.origin_date)
            last = known["known_to"].isna() | (known["known_to"] > end_of(self.origin_date))
            kept = known.loc[last & ~known["is_deleted"].astype(bool)]
            self._in_force[table] = kept.sort_values(list(table.key), ignore_index=True)
        return self._in_force[table]

    def _day(self, asked: date | None) -> date:
        """Return the day asked for, or the origin; raises LookAhead for a later one."""
        if asked is None:
            return self.origin_date
        self._refuse_later(asked)
        return asked

    def _refuse_later(self, day: date) -> None:
        if day > self.origin_date:
            raise LookAhead(day, self.origin_date)


def end_of(day: date) -> datetime:
    """Return the last microsecond of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def _known(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    return frame[frame["known_from"] <= end_of(day)]


def _until(frame: pd.DataFrame, column: str, day: date) -> pd.DataFrame:
    return frame[frame[column] <= pd.Timestamp(day)].reset_index(drop=True)


def _near(events: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Keep events within some degrees of the box around the places; all of them when no place has coordinates."""
    if places["longitude"].notna().sum() == 0:
        return events
    near = np.ones(len(events), dtype=bool)
    for column in ("longitude", "latitude"):
        low, high = places[column].min() - SURROUNDINGS_DEGREES, places[column].max() + SURROUNDINGS_DEGREES
        near &= events[column].between(low, high).to_numpy()
    return events[near]
