"""How late the counts and the conflict data are that a chart rests on, as known at the replay clock.

A situation that is over is never late: its feeds have nothing more to say. While it goes on, everything is judged at
the clock, or now where the clock's day is not over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
from sqlalchemy import text

from dashboard.queries import View, forecast_run
from dashboard.queries_sources import point_freshness
from data import freshness
from data.access import gate
from data.freshness import LATENESS, Looks, State
from data.schema.conflict_event import ConflictEvent
from data.schema.conflict_period import ConflictPeriod
from data.schema.link import Link
from data.schema.observation import Observation
from data.schema.situation import Situation
from data.schema.source_run import SourceRun
from data.store import reported
from etl.registry import sources

SAID = (State.OVERDUE, State.DELINQUENT)
"""The states that a chart says; data that are merely due are on their way."""
_CONFLICT = {ConflictEvent, ConflictPeriod}
_RUNS = """
    SELECT source_id, coalesce(max(checked_at) FILTER (WHERE is_look), max(checked_at)) AS good_at,
        max(newest_content_at) AS newest_content_at FROM source_run r
    WHERE status IN ('ok', 'unchanged') AND checked_at <= :at AND source_id = ANY(:ids) AND {visible} GROUP BY source_id
"""
_COUNTED_BY = """
    SELECT DISTINCT r.source_id FROM observation o JOIN source_run r ON r.id = o.run_id
    WHERE o.place_id = ANY(:places) AND o.known_from <= :at AND (o.known_to IS NULL OR o.known_to > :at)
        AND NOT o.is_deleted AND {visible}
"""


@dataclass(frozen=True)
class Late:
    """A feed that a chart rests on and that is overdue or worse; ``newest_at`` is missing where it brought nothing."""

    title: str
    state: State
    newest_at: datetime | None


@dataclass(frozen=True)
class Basis:
    """What a chart rests on: its late feeds, and its places' counts.

    ``places`` is how many places were ever counted, ``late_places`` how many of them are overdue or delinquent by
    their own rhythm, ``state`` the worst of these (on time without any), ``newest_date`` the newest day counted
    (missing: none). ``data_date`` is the newest day counted that the shown forecast knew, given only when that was
    older than the places' own rhythm allows.
    """

    late: tuple[Late, ...] = ()
    places: int = 0
    late_places: int = 0
    state: State = State.ON_TIME
    newest_date: pd.Timestamp | None = None
    data_date: pd.Timestamp | None = None


def judged_at(view: View) -> datetime:
    """Return the instant at which lateness is judged: the end of the clock's day, or now."""
    return min(view.instant, datetime.now(UTC))


def is_live(view: View) -> bool:
    """Tell whether a situation goes on, so that silence means something."""
    found = view.store.read(Situation, id=view.situation_id)
    return not found.empty and bool(pd.isna(found["end_date"].iloc[0]))


def counted(view: View) -> pd.DataFrame:
    """Return how fresh each counted place is, see `queries_sources.point_freshness`; on time once it is over."""
    frame = point_freshness(view.store, view.situation_id, judged_at(view))
    return frame if is_live(view) else frame.assign(state=str(State.ON_TIME))


def rests_on(links: pd.DataFrame, places: pd.DataFrame, place_id: str) -> pd.DataFrame:
    """Return the rows of `counted` that a place's chart rests on: its own counts, else those of the sites it feeds."""
    own = places[places["id"] == place_id]
    fed = links.loc[links["border_point_id"] == place_id, "site_id"]
    return own if len(own) else places[places["id"].isin(fed)]


def basis(view: View, place_id: str | None = None) -> Basis:
    """Return what the chart of a place rests on; without one, what the whole situation rests on."""
    places = counted(view)
    if place_id is not None:
        places = rests_on(view.of(Link), places, place_id)
    late = places[places["state"].isin([str(state) for state in SAID])]
    return Basis(
        late=tuple(late_feeds(view, places["id"])) if is_live(view) else (),
        places=len(places),
        late_places=len(late),
        state=max((State(s) for s in late["state"]), key=LATENESS.index, default=State.ON_TIME),
        newest_date=None if places.empty else pd.Timestamp(places["newest_date"].max()),
        data_date=data_date(view, set(places["id"])),
    )


def late_feeds(view: View, place_ids: Iterable[str]) -> list[Late]:
    """Return the feeds behind the counts of these places and behind the conflict data that are overdue or worse.

    Files that come when somebody sends them have no rhythm and are never late, nor is a feed that brought nothing yet
    or brought only what the store's audience may not read.
    """
    known, at = sources(), judged_at(view)
    conflict = [i for i, s in known.items() if _CONFLICT & set(s.spec.tables)]
    audience = view.store.audience
    counted_by = text(_COUNTED_BY.format(visible=gate(Observation, audience, "o")))
    seen = text(_RUNS.format(visible=gate(SourceRun, audience, "r")))
    with reported(), view.store.engine.connect() as connection:
        named = connection.execute(counted_by, {"places": list(place_ids), "at": at}).scalars().all()
        runs = connection.execute(seen, {"ids": sorted({*named, *conflict} & set(known)), "at": at}).all()
    found = []
    for run in runs:
        spec = known[run.source_id].spec
        looks = Looks(run.good_at, "ok", "", run.good_at, run.newest_content_at)
        state = freshness.state(spec.cadence, spec.publication_delay, looks, at)
        if state in SAID:
            found.append(Late(spec.title, state, run.newest_content_at))
    return sorted(found, key=lambda one: one.title)


def data_date(view: View, place_ids: set[str]) -> pd.Timestamp | None:
    """Return the newest day counted that the shown forecast knew, None when that was as new as usual or never was."""
    run = forecast_run(view)
    if run is None:
        return None
    origin = View(view.store, view.situation_id, run["origin_date"].date())
    known = point_freshness(view.store, view.situation_id, judged_at(origin))
    known = known[known["id"].isin(place_ids)]
    if known.empty:
        return None
    newest, gaps = max(known["newest_date"]), known["interval_days"].dropna()
    if gaps.empty or origin.as_of_date - newest <= timedelta(days=int(gaps.min())):
        return None
    return pd.Timestamp(newest)
