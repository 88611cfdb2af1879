"""Small made-up situations as panels, for the tests of the forecasting house.

One country of origin (AAA) with a town, one host (BBB) with sites, a border point before each site, roads joining them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from data.frames import check
from data.schema import Versioned
from data.schema.border_point import BorderPoint
from data.schema.conflict_event import ConflictEvent
from data.schema.conflict_period import ConflictPeriod
from data.schema.hazard_event import HazardEvent
from data.schema.link import Link
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.route import Route
from data.schema.site import Site
from data.schema.situation import Situation
from data.schema.status_period import StatusPeriod
from data.store import Store
from models.panel import Panel

START = date(2020, 1, 1)
Reports = Mapping[str, Sequence[tuple[int, float]]]


def day(number: int) -> date:
    """The date so many days after the start."""
    return START + timedelta(days=number)


def facts(
    stock: Reports | None = None,
    flow: Mapping[str, Sequence[tuple[int, int, float]]] | None = None,
    *,
    extra_sites: Sequence[str] = (),
    status: Sequence[tuple[str, int, int | None, str]] = (),
    events: Sequence[tuple[int, float, float]] = (),
    conflict_lag_days: int = 0,
    late: Mapping[tuple[str, int], int] | None = None,
) -> dict[type[Versioned], pd.DataFrame]:
    """Rows of every table. ``stock`` is place -> (day, people), ``flow`` place -> (first day, last day, people).

    Places named ``p-...`` are border points, all others sites; each site has its point ``p-<site>``.
    ``status`` is (point,
    first day, last day or None, status), ``events`` (day, longitude, latitude), ``late`` the day a report was known.
    """
    stock, flow, late = stock or {}, flow or {}, late or {}
    named = {*stock, *flow, *extra_sites}
    sites = sorted({p.removeprefix("p-") for p in named})
    rows: list[dict] = []
    for place, reports in stock.items():
        rows += [_report(place, "stock", d, d, people, late.get((place, d), d)) for d, people in reports]
    for place, periods in flow.items():
        rows += [_report(place, "flow", a, b, people, late.get((place, b), b)) for a, b, people in periods]
    return {
        Situation: _rows(
            Situation,
            [{"id": "w", "title": "W", "origin_iso3": "AAA", "start_date": START, "end_date": None,
              "conflict_lag_days": conflict_lag_days, "registration_lag_days": 0,
              "source": "made up", "licence": "none",
              "note": ""}],
        ),
        Place: _rows(Place, [
            _place("town", "town", "AAA", 0.0),
            *[_place(f"p-{s}", "border_point", "BBB", 1.0, i) for i, s in enumerate(sites)],
            *[_place(s, "site", "BBB", 2.0, i) for i, s in enumerate(sites)],
        ]),
        BorderPoint: _rows(BorderPoint, [
            {"id": f"w:p-{s}", "kind": "official", "origin_iso3": "AAA", "host_iso3": "BBB"} for s in sites
        ]),
        Site: _rows(Site, [{"id": f"w:{s}", "kind": "camp"} for s in sites]),
        Link: _rows(Link, [
            {"border_point_id": f"w:p-{s}", "site_id": f"w:{s}", "distance_km": 100.0} for s in sites
        ]),
        Route: _rows(Route, [
            *[{"from_id": "w:town", "to_id": f"w:{s}", "distance_km": 220.0, "border_point_id": f"w:p-{s}"}
              for s in sites],
        ]),
        StatusPeriod: _rows(StatusPeriod, [
            {"border_point_id": f"w:{p}", "start_date": day(a), "end_date": None if b is None else day(b), "status": s,
             "note": "", "known_from": day(a)} for p, a, b, s in status
        ]),
        Observation: _rows(Observation, rows),
        ConflictEvent: _rows(ConflictEvent, [
            {"source_id": "made-up", "event_id": str(i), "kind": "state_based",
             "start_date": day(d), "end_date": day(d),
             "country_iso3": "AAA", "longitude": x, "latitude": y,
             "location_precision": "exact", "fatalities_best": 3,
             "known_from": day(d + conflict_lag_days)} for i, (d, x, y) in enumerate(events)
        ]),
        ConflictPeriod: _rows(ConflictPeriod, []),
        HazardEvent: _rows(HazardEvent, []),
    }  # fmt: skip


def panel(at: int, stock: Reports | None = None, flow: Mapping | None = None, **more) -> Panel:
    """The panel of a made-up situation as known so many days after the start."""
    return Panel(facts(stock, flow, **more), "w", day(at))


def growing(sites: int = 3, days: int = 300, step: int = 7) -> dict[str, list[tuple[int, float]]]:
    """Stocks that grow at different, changing paces, reported every ``step`` days."""
    return {
        f"s{i}": [
            (d, float(1000 * (i + 1) + (i + 1) * d + 40 * ((d // 30) % 3) * (i + 1))) for d in range(0, days, step)
        ]
        for i in range(sites)
    }


def load(store: Store, frames: Mapping[type[Versioned], pd.DataFrame]) -> None:
    """Load the rows into a database, each known when it was known."""
    with store.load("made-up") as target:
        for table, frame in frames.items():
            if not frame.empty:
                content = frame[[c for c in table.content() if c in frame]]
                target.add(table, content.assign(known_at=frame["known_from"]))


def known_rows(table: type[Versioned], rows: list[dict]) -> pd.DataFrame:
    """Rows of any table as versions, known from their ``known_from`` (missing: the start) on."""
    return _rows(table, rows)


def _rows(table: type[Versioned], rows: list[dict]) -> pd.DataFrame:
    """Rows with the types of the table, as versions known from ``known_from`` (missing: the start) on."""
    key = (table, repr(rows))
    if key not in _MADE:
        if len(_MADE) >= 200:
            _MADE.clear()
        _MADE[key] = _made(table, rows)
    return _MADE[key].copy()


_MADE: dict[tuple[type[Versioned], str], pd.DataFrame] = {}
"""Rows made before: checking them takes most of the time of the tests that use these worlds."""


def _made(table: type[Versioned], rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(
        rows, columns=sorted({k for r in rows for k in r}) if rows else [*table.content(), "known_from"]
    )
    known = frame["known_from"] if "known_from" in frame else pd.Series(START, index=frame.index)
    checked = check(frame.drop(columns="known_from", errors="ignore"), table)
    assert not checked.reasons, checked.reasons
    return checked.good.assign(
        version_id=range(len(frame)),
        known_from=pd.to_datetime(known, utc=True),
        known_to=pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]"),
        is_deleted=False,
        run_id=1,
    )


def _report(place: str, measure: str, start: int, end: int, people: float, known: int) -> dict:
    direction = "present" if measure == "stock" else "arrival"
    return {
        "place_id": f"w:{place}", "measure": measure, "direction": direction, "population_group": "all",
        "period_start_date": day(start), "period_end_date": day(end), "source_id": "made-up", "people": people,
        "quality": "reported", "known_from": datetime.combine(day(known), datetime.min.time(), UTC),
    }  # fmt: skip


def _place(name: str, kind: str, country: str, longitude: float, row: int = 0) -> dict:
    return {
        "id": f"w:{name}", "situation_id": "w", "name": name, "kind": kind, "country_iso3": country,
        "longitude": longitude, "latitude": 0.5 * row, "coordinate_quality": "published", "note": "",
    }  # fmt: skip
