"""Panels of border points that count arrivals, made without a database."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
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

Flow = Mapping[str, Sequence[tuple[int, int, float]]]


def situation(flow: Flow, start: date) -> dict[type[Versioned], pd.DataFrame]:
    """Return the rows of a situation ``w`` of points: place -> (first day, last day, people), days after ``start``."""
    places = pd.DataFrame(
        {
            "id": [f"w:{p}" for p in flow], "situation_id": "w", "name": list(flow), "kind": "border_point",
            "country_iso3": "BBB", "longitude": np.linspace(0, 10, len(flow)), "latitude": 0.0,
            "coordinate_quality": "published", "note": "",
        }
    )  # fmt: skip
    counted = [(p, a, b, people) for p, periods in flow.items() for a, b, people in periods]
    rows = pd.DataFrame(counted, columns=["place_id", "a", "b", "people"])
    begin = pd.Timestamp(start)
    reports = pd.DataFrame(
        {
            "place_id": "w:" + rows["place_id"], "measure": "flow", "direction": "arrival", "population_group": "all",
            "period_start_date": begin + pd.to_timedelta(rows["a"], unit="D"),
            "period_end_date": begin + pd.to_timedelta(rows["b"], unit="D"), "source_id": "made-up",
            "people": rows["people"], "quality": "reported",
        }
    )  # fmt: skip
    whole = {
        "id": "w", "title": "W", "origin_iso3": "AAA", "start_date": start, "end_date": None, "conflict_lag_days": 0,
        "registration_lag_days": 0, "source": "made up", "licence": "none", "note": "",
    }  # fmt: skip
    points = pd.DataFrame({"id": places["id"], "kind": "official", "origin_iso3": "AAA", "host_iso3": "BBB"})
    found = {Situation: pd.DataFrame([whole]), Place: places, BorderPoint: points, Observation: reports}
    known = {Observation: reports["period_end_date"]}
    empty = (Site, Link, Route, StatusPeriod, ConflictEvent, ConflictPeriod, HazardEvent)
    every = {**found, **{table: pd.DataFrame(columns=list(table.content())) for table in empty}}
    return {
        table: _versions(table, frame, known.get(table, start - timedelta(days=1))) for table, frame in every.items()
    }


def _versions(table: type[Versioned], frame: pd.DataFrame, known: "pd.Series | date") -> pd.DataFrame:
    """Return checked rows, each known since a day."""
    checked = check(frame, table)
    if checked.reasons:
        raise AssertionError(checked.reasons)
    since = pd.Series(known, index=frame.index, dtype="datetime64[us]").dt.tz_localize("UTC")
    return checked.good.assign(
        version_id=range(len(frame)),
        known_from=since,
        known_to=pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]"),
        is_deleted=False,
        run_id=1,
    )
