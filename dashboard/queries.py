"""What pages read, all of it as known at the end of the replay clock's day.

Frames come back in the shape of their table plus what a page needs joined; a missing value means not reported.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import func, select

from data.schema import Versioned, versioned_tables
from data.schema.border_point import BorderPoint
from data.schema.capacity import Capacity
from data.schema.driver import Driver
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.schema.link import Link
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.replay_clock import ReplayClock
from data.schema.route import Route
from data.schema.site import Site
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from data.schema.standard import Standard
from data.schema.status_period import StatusPeriod
from data.store import Store, known
from models import issue
from models.answered import newest_answer
from models.outcomes import outcomes
from models.panel import Panel
from models.planning.capacity import gap
from models.risk.ppre import impact
from models.routing import shares
from models.scoring import scores as judge

FIRST_LOOK_DAYS = 90
"""Where the clock of a past situation stands at first: late enough for forecasts to have something to stand on."""


@dataclass(frozen=True)
class View:
    """A situation as known at the end of ``as_of_date``."""

    store: Store
    situation_id: str
    as_of_date: date

    @property
    def instant(self) -> datetime:
        """Return the end of the clock's day, UTC."""
        return datetime.combine(self.as_of_date + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)

    def of(self, table: type[Versioned], **where: Any) -> pd.DataFrame:
        """Return a table's rows as known at the clock."""
        return self.store.read(table, self.instant, **where)


def situations(store: Store) -> pd.DataFrame:
    """Return all situations, by title."""
    return store.read(Situation).sort_values("title")


def clock(store: Store, situation_id: str) -> date:
    """Return the day a situation's viewers are shown: the stored one, else today or a first look into the past."""
    stored = store.read(ReplayClock, situation_id=situation_id)
    if not stored.empty:
        return stored["as_of_date"].iloc[0].date()  # type: ignore[no-any-return]
    first, last = period(store, situation_id)
    return last if last >= datetime.now(UTC).date() else min(first + timedelta(days=FIRST_LOOK_DAYS), last)


def period(store: Store, situation_id: str) -> tuple[date, date]:
    """Return the first and last day the clock may show: the situation's, or until today while it goes on."""
    row = store.read(Situation, id=situation_id).iloc[0]
    today = datetime.now(UTC).date()
    return row["start_date"].date(), today if pd.isna(row["end_date"]) else row["end_date"].date()


def move_clock(store: Store, situation_id: str, to: date) -> date:
    """Move the clock for everybody, within the situation's period; return where it stands."""
    first, last = period(store, situation_id)
    held = min(max(to, first), last)
    store.put(ReplayClock, {"situation_id": situation_id, "as_of_date": held})
    return held


def forecast_run(view: View) -> pd.Series | None:
    """Return the newest deployed run issued at or before the clock, None when there is none."""
    return newest_answer(view.store, view.situation_id, view.as_of_date)


def points(view: View, horizon_days: int) -> pd.DataFrame:
    """Return the border points with status, expected arrivals over the horizon, and capacity lines.

    Adds ``status`` and ``status_since_date``, cumulative quantiles ``q10 q50 q90`` (missing: no forecast) and
    ``people_per_day`` (their median over the days).
    """
    places = view.of(Place, situation_id=view.situation_id, kind="border_point")
    detail = view.of(BorderPoint).drop(columns=["version_id", "known_from", "known_to", "is_deleted", "run_id"])
    frame = places.merge(detail.rename(columns={"kind": "point_kind"}), on="id")
    frame = frame.merge(_statuses(view), left_on="id", right_on="border_point_id", how="left")
    frame["status"] = frame["status"].fillna("open" if _any_status(view) else "unknown")
    frame = _with_quantiles(view, frame, "arrivals", "cumulative", horizon_days)
    frame["people_per_day"] = frame["q50"] / horizon_days
    return frame.sort_values("q50", ascending=False, na_position="last").reset_index(drop=True)


def sites(view: View, horizon_days: int) -> pd.DataFrame:
    """Return the sites with the last reported stock (``people``, ``report_date``) and its forecast at the horizon."""
    places = view.of(Place, situation_id=view.situation_id, kind="site")
    detail = view.of(Site)[["id", "kind"]].rename(columns={"kind": "site_kind"})
    frame = places.merge(detail, on="id", how="left")
    stock = stocks(view).groupby("place_id").tail(1)[["place_id", "people", "period_end_date"]]
    frame = frame.merge(stock, left_on="id", right_on="place_id", how="left")
    frame = frame.rename(columns={"period_end_date": "report_date"})
    return _with_quantiles(view, frame, "stock", "daily", horizon_days)


def stocks(view: View) -> pd.DataFrame:
    """Return all reported stocks of the situation's sites, oldest first."""
    ids = view.of(Place, situation_id=view.situation_id, kind="site")["id"].tolist()
    frame = view.of(Observation, place_id=ids, measure="stock")
    return frame[frame["people"].notna()].sort_values("period_end_date")


def routes(view: View) -> pd.DataFrame:
    """Return the routes with the coordinates of both ends and of the crossing, and whether it is closed."""
    places = view.of(Place, situation_id=view.situation_id).set_index("id")
    frame = view.of(Route, from_id=places.index.tolist())
    for end in ("from_id", "to_id", "border_point_id"):
        at = places[["longitude", "latitude"]].reindex(frame[end])
        frame[f"{end}_longitude"], frame[f"{end}_latitude"] = at["longitude"].to_numpy(), at["latitude"].to_numpy()
    shut = set(_statuses(view).query("status == 'closed'")["border_point_id"])
    frame["is_closed"] = frame["border_point_id"].isin(shut)
    return frame


def fan(view: View, place_id: str, measure: str, aggregation: str = "daily") -> pd.DataFrame:
    """Return a place's forecast quantiles by date, empty without a forecast."""
    run = forecast_run(view)
    if run is None:
        return view.store.read(Forecast, run_id=-1).assign(date=pd.NaT)
    wanted: dict[str, Any] = {"place_id": place_id, "measure": measure, "aggregation": aggregation}
    frame = view.store.read(Forecast, run_id=int(run["id"]), **wanted)
    dates = run["origin_date"] + pd.to_timedelta(frame["horizon_days"].to_numpy(), unit="D")
    return frame.assign(date=dates).sort_values("horizon_days")


def arrivals(view: View, point_id: str) -> pd.DataFrame:
    """Return arrivals at a border point day by day: date, people_per_day, is_catch_up, oldest first.

    Counts of the point itself where there are any; else the estimates of the sites it feeds, each by the share of its
    arrivals that the links and the border's status of the time give this point. Days without a report are absent.
    """
    own = view.of(Observation, place_id=point_id, measure="flow", direction="arrival")
    if own["people"].notna().any():
        return _daily(own.assign(share=1.0))
    links = view.of(Link)
    fed = links[links["site_id"].isin(links.loc[links["border_point_id"] == point_id, "site_id"])]
    flows = view.of(Observation, place_id=sorted(set(fed["site_id"])), measure="flow", direction="arrival")
    periods = view.of(StatusPeriod)
    share = [_share(fed, periods, point_id, row.place_id, row.period_end_date) for row in flows.itertuples()]
    return _daily(flows.assign(share=pd.Series(share, index=flows.index, dtype="float64")))


def _share(links: pd.DataFrame, periods: pd.DataFrame, point_id: str, site_id: str, day: pd.Timestamp) -> float:
    """Return the share of a site's arrivals that came over a point on a day."""
    mine = links[links["site_id"] == site_id]
    held = _in_force(periods, day).set_index("border_point_id")["status"]
    status = [str(held.get(point, "open")) for point in mine["border_point_id"]]
    found = shares(np.zeros(len(mine), dtype=np.intp), mine["distance_km"].to_numpy(dtype=float), status)
    return float(found[(mine["border_point_id"] == point_id).to_numpy()].sum())


def _daily(flows: pd.DataFrame) -> pd.DataFrame:
    """Spread counts evenly over the days of their periods and add up what came on the same day."""
    counted = flows[flows["people"].notna()]
    days = (counted["period_end_date"] - counted["period_start_date"]).dt.days + 1
    each = counted.loc[counted.index.repeat(days)]
    offset = pd.to_timedelta(each.groupby(level=0).cumcount(), unit="D")
    rate = (counted["people"].astype("float64") * counted["share"] / days).reindex(each.index)
    daily = pd.DataFrame(
        {
            "date": each["period_start_date"] + offset,
            "people_per_day": rate,
            "is_catch_up": (each["flag"] == "catch_up").fillna(value=False).astype(bool),
        }
    )
    grouped = daily.groupby("date").agg(people_per_day=("people_per_day", "sum"), is_catch_up=("is_catch_up", "any"))
    return grouped.reset_index()


def linked_sites(view: View, point_id: str) -> pd.DataFrame:
    """Return the sites a point feeds, nearest first."""
    links = view.of(Link, border_point_id=point_id)
    names = view.of(Place, situation_id=view.situation_id, kind="site")[["id", "name"]]
    return links.merge(names, left_on="site_id", right_on="id").sort_values("distance_km")


def drivers(view: View, place_id: str) -> pd.DataFrame:
    """Return the reasons of the shown forecast for a place, the weightiest first."""
    run = forecast_run(view)
    return view.store.read(Driver, run_id=-1 if run is None else int(run["id"]), place_id=place_id).sort_values("rank")


def scores(view: View, place_id: str | None = None) -> pd.DataFrame:
    """Return how forecasts judged by the clock's day had done, of one counted place or of all together (None).

    Rows of `data.schema.score`; only what was known then judges them.
    """
    issued = len(view.store.read(ForecastRun, situation_id=view.situation_id))
    frame = _scores(view, issued)
    return frame[frame["place_id"].isna() if place_id is None else frame["place_id"] == place_id]


@lru_cache(maxsize=64)
def _scores(view: View, issued: int) -> pd.DataFrame:  # noqa: ARG001 - a new run makes a new entry
    """Judge all stored forecasts of a situation at the clock."""
    panel = Panel.read(view.store, view.situation_id, view.as_of_date)
    return judge(outcomes(view.store, panel), view.situation_id, view.as_of_date)


def capacities(view: View, place_id: str) -> pd.DataFrame:
    """Return the newest assessment of each capacity line of a place; empty: nothing was ever assessed."""
    return view.of(Capacity, place_id=place_id).sort_values("assessed_date").groupby("line").tail(1)


def standards(store: Store) -> pd.DataFrame:
    """Return the planning standards in their order."""
    return store.read(Standard).sort_values("sort_order")


def source_states(view: View) -> pd.DataFrame:
    """Return the last run of each source and how new its content was as known at the clock.

    ``checked_at`` is when we last looked (today's clock); ``newest_content_at`` is missing where nothing was known.
    """
    runs = view.store.read(SourceRun).sort_values("checked_at").groupby("source_id").tail(1)
    newest: dict[str, pd.Timestamp] = {}
    with view.store.engine.connect() as connection:
        for table in versioned_tables().values():
            if table.content_time is None:
                continue
            content = func.max(table.__table__.c[table.content_time])
            query = select(SourceRun.source_id, content).join(SourceRun, SourceRun.id == table.run_id)
            query = query.where(known(table, view.instant), ~table.is_deleted, view.store.visible(table))
            query = query.group_by(SourceRun.source_id)
            for source_id, value in connection.execute(query):
                found = pd.to_datetime(value, utc=True)
                newest[source_id] = max(found, newest.get(source_id, found))
    return runs.assign(newest_content_at=[newest.get(i, pd.NaT) for i in runs["source_id"]])


def _statuses(view: View) -> pd.DataFrame:
    """Return the status in force at the clock of each border point that has one."""
    return _in_force(view.of(StatusPeriod), pd.Timestamp(view.as_of_date))


def _in_force(periods: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the status of each border point on a day, and since when; points without a period are absent."""
    frame = periods[(periods["start_date"] <= day) & (periods["end_date"].isna() | (periods["end_date"] > day))]
    newest = frame.sort_values("start_date").groupby("border_point_id").tail(1)
    return newest[["border_point_id", "status", "start_date"]].rename(columns={"start_date": "status_since_date"})


def _any_status(view: View) -> bool:
    """Tell whether the status of any border point was ever reported: then silence means open."""
    return not view.of(StatusPeriod).empty


def _with_quantiles(view: View, frame: pd.DataFrame, measure: str, aggregation: str, days: int) -> pd.DataFrame:
    """Join the shown forecast's quantiles at one horizon."""
    run = forecast_run(view)
    wanted: dict[str, Any] = {"measure": measure, "aggregation": aggregation, "horizon_days": days}
    rows = view.store.read(Forecast, run_id=-1 if run is None else int(run["id"]), **wanted)
    return frame.merge(rows[["place_id", "q10", "q50", "q90"]], left_on="id", right_on="place_id", how="left")


def classed_points(view: View, horizon_days: int) -> pd.DataFrame:
    """Return the border points with their impact class and, where capacity was assessed, their gap level.

    ``impact`` is 1 to 5 (missing: no forecast); ``gap_level`` missing means not assessed.
    """
    frame = points(view, horizon_days)
    assessed = view.of(Capacity).sort_values("assessed_date").groupby(["place_id", "line"]).tail(1)
    lines = {
        place: dict(zip(rows["line"], rows["people"], strict=True)) for place, rows in assessed.groupby("place_id")
    }
    levels = [
        gap(lines[row.id], row.people_per_day, row.q50).level if row.id in lines and not pd.isna(row.q50) else None
        for row in frame.itertuples()
    ]
    known = pd.Series(levels, index=frame.index, dtype=object)
    return frame.assign(impact=impact(frame["people_per_day"]), gap_level=known.where(known != "not_assessed"))


def total_expected(view: View, horizon_days: int) -> pd.Series | None:
    """Return the quantiles of arrivals at all points together over the horizon, None without a forecast."""
    run = forecast_run(view)
    if run is None:
        return None
    wanted: dict[str, Any] = {"place_id": view.situation_id, "measure": "arrivals", "aggregation": "cumulative"}
    rows = view.store.read(Forecast, run_id=int(run["id"]), horizon_days=horizon_days, **wanted)
    return None if rows.empty else rows.iloc[0]


def progress(store: Store, situation_id: str) -> str:
    """Say how far the forecasts of earlier and later dates are computed, empty when all are there."""
    state = issue.progress(store, situation_id)
    if state.done >= state.total:
        return ""
    return f"{state.done} of {state.total} dates computed; the others follow in the background"
