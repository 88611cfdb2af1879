"""A published series of crossings as a situation with one place, so that the ordinary forecasting reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pandas as pd

from data.schema import Versioned
from data.schema.place import Place
from data.schema.situation import Situation
from etl.source import Item, Keeps, Rows


@dataclass(frozen=True)
class Series:
    """What a series is about. ``place_id`` is without the situation's prefix, ``lag_days`` the delay of publication.

    ``origin_iso3`` is the country of the far side, ``country_iso3`` the one that counts. Coordinates are where the
    place is drawn, degrees.
    """

    situation_id: str
    title: str
    origin_iso3: str
    lag_days: int
    source: str
    licence: str
    note: str
    place_id: str
    name: str
    kind: str
    country_iso3: str
    longitude: float
    latitude: float

    @property
    def full_place_id(self) -> str:
        """Return the place's id with the situation's prefix."""
        return f"{self.situation_id}:{self.place_id}"


def series_items(series: Series, start: date, detail: type[Versioned], **facts: str) -> Iterator[Item]:
    """Yield the situation from its first counted day, its place, and its row in ``detail`` (site, border point).

    A situation that is known from an earlier day on stays as it is: a part of a file does not shorten it.
    """
    known = {"assumed_known_at": datetime.combine(start, time(), UTC)}
    situation = {
        "id": series.situation_id, "title": series.title, "origin_iso3": series.origin_iso3, "start_date": start,
        "end_date": None, "conflict_lag_days": 0, "registration_lag_days": series.lag_days, "source": series.source,
        "licence": series.licence, "note": series.note,
    }  # fmt: skip
    place = {
        "id": series.full_place_id, "situation_id": series.situation_id, "name": series.name, "kind": series.kind,
        "country_iso3": series.country_iso3, "longitude": series.longitude, "latitude": series.latitude,
        "coordinate_quality": "centroid", "note": series.note,
    }  # fmt: skip
    rows: dict[type[Versioned], dict[str, object]] = {
        Situation: situation, Place: place, detail: {"id": series.full_place_id, **facts},
    }  # fmt: skip
    for table, row in rows.items():
        yield Rows(table, pd.DataFrame([{**row, **known}]), pd.Series(["derived"]))
    values = {"id": series.situation_id, "start": start}
    yield Keeps(Situation, "t.id = :id AND t.start_date <= :start", values)
