"""GloFAS river discharge at points of interest, past days and 30 days ahead, through Open-Meteo's flood API.

What is decided here, where the feed leaves it open:

- The points come from the setting ``WAYPOST_GLOFAS_POINTS``: "id:latitude,longitude" with semicolons between them.
- A cell is 5 km wide and a point beside the river sees a brook: the point and its eight neighbours are asked for, and
  the cell with the most water over the whole span is taken. The row's position is that cell's.
- All values are of a model: past days are *estimated*, days from the day of the look on are a *forecast*. Fetched
  payloads carry that day in their names; for other files it is the day of reading.
- ``river_discharge`` is the run's own value, ``river_discharge_max`` the highest of the ensemble. null is missing (the
  sea, or a day beyond the forecast), 0 is a dry bed.
- No flood threshold is applied: whether a discharge is dangerous depends on the river.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.indicator import Indicator
from etl.client import get
from etl.json_records import object_of, shown
from etl.json_text import read_json
from etl.not_fetched import noted, part_by_part
from etl.numbers import to_date, to_number
from etl.source import Ignored, Item, Payload, Reject, Rows, Spec, Window

SERIES = {"river_discharge": "", "river_discharge_max": "highest of the ensemble"}
"""The names of the series and the breakdown under which their values are kept."""
UNITS = frozenset(("m³/s", "m3/s"))
IGNORED = frozenset((
    "generationtime_ms", "utc_offset_seconds", "timezone", "timezone_abbreviation", "elevation", "location_id",
))  # fmt: skip
FORECAST_DAYS = 30
FIRST_DATE = date(1984, 1, 1)
CELL_DEGREES = 0.05
NEIGHBOUR_DEGREES = 0.2
MOST_POINTS = 500
MOST_DISCHARGE = 1e6
"""The Amazon's greatest is about 4e5 m3/s."""
_POINT = re.compile(r"([A-Za-z0-9_.-]{1,60}):([+-]?[0-9]{1,2}(?:\.[0-9]{1,10})?),([+-]?[0-9]{1,3}(?:\.[0-9]{1,10})?)")
_NAME = re.compile(r"point-([A-Za-z0-9_.-]{1,60})-([0-9]{4}-[0-9]{2}-[0-9]{2})\.json")

Fields = dict[str, Any]


class GlofasSettings(BaseSettings):
    """``WAYPOST_GLOFAS_POINTS``: "north-gate:9.25,22.5;old-ford:9.4,22.1", latitude first."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_GLOFAS_", env_ignore_empty=True)

    points: str = ""


class Glofas:
    """The source; see the module. ``clock`` tells the day from which on values are a forecast."""

    spec = Spec(
        id="glofas",
        title="River discharge (GloFAS)",
        publisher="Copernicus Emergency Management Service, through Open-Meteo",
        url="https://flood-api.open-meteo.com/v1/flood",
        licence="CC BY 4.0",
        cadence=timedelta(days=1),
        tables=(Indicator,),
        first_date=FIRST_DATE,
        rows=(1, 10_000_000),
        max_bytes=50_000_000,
        key_setting="WAYPOST_GLOFAS_POINTS",
        key_help='set it to the points to watch, as "id:latitude,longitude" with semicolons between them',
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield one answer a point; a point that cannot be had is noted and leaves the others."""
        points, today, end = _points(), self.clock().date(), window.end.date()
        span = {
            "start_date": f"{max(window.start.date(), FIRST_DATE)}",
            "end_date": f"{end if end < today else today + timedelta(days=FORECAST_DAYS)}",
        }
        yield from part_by_part(
            {key: self._days(client, f"point-{key}-{today}.json", at, span) for key, at in points.items()}
        )

    def _days(
        self, client: httpx.Client, name: str, at: tuple[float, float], span: dict[str, str]
    ) -> Iterator[Payload]:
        """Yield the answer for a point (latitude, longitude)."""
        body, kind = get(client, self.spec.url, self.spec.max_bytes, **_cells(*at), daily=",".join(SERIES), **span)
        payload = Payload(name, body, kind)
        _locations(payload, self.spec.max_bytes)
        yield payload

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the days of a point, or of each location of an answer whose locations are no neighbours."""
        missed = noted(payload)
        if missed is not None:
            yield missed
            return
        named = _NAME.fullmatch(payload.name)
        today = _day(named[2]) if named else None
        cells: list[Fields] = []
        for number, found in enumerate(_locations(payload, self.spec.max_bytes), start=1):
            try:
                cells.append({"locator": f"location {number}", **_cell(found, self.clock())})
            except ValueError as error:
                yield Reject("indicator", f"location {number}", str(error), shown(found))
        strangers = sorted({name for cell in cells for name in cell["strangers"]})
        if strangers:
            yield Ignored(0, f"fields that are new here and not read: {', '.join(strangers)[:500]}")
        places = [cells] if cells and _are_neighbours(cells) else [[cell] for cell in cells]
        for place in places:
            key = named[1] if named and len(places) == 1 else f"{place[0]['latitude']:g},{place[0]['longitude']:g}"
            yield from _items(key, place, today or self.clock().date())


def _points() -> dict[str, tuple[float, float]]:
    """Return latitude and longitude of the points that are set, by id; raise ConfigurationMissing for what is none."""
    texts = [text.strip() for text in GlofasSettings().points.split(";") if text.strip()]
    if not texts:
        raise ConfigurationMissing("WAYPOST_GLOFAS_POINTS", f"is not set; {Glofas.spec.key_help}")
    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        parts = _POINT.fullmatch(text.replace(" ", ""))
        latitude, longitude = (float(parts[2]), float(parts[3])) if parts else (91.0, 181.0)
        if parts is None or abs(latitude) > 90 or abs(longitude) > 180:
            raise ConfigurationMissing("WAYPOST_GLOFAS_POINTS", f"has {text[:80]!r}; {Glofas.spec.key_help}")
        if parts[1] in found:
            raise ConfigurationMissing("WAYPOST_GLOFAS_POINTS", f"has the id {parts[1]} twice")
        found[parts[1]] = (latitude, longitude)
    if len(found) > MOST_POINTS:
        raise ConfigurationMissing("WAYPOST_GLOFAS_POINTS", f"has {len(found)} points, at most {MOST_POINTS}")
    return found


def _cells(latitude: float, longitude: float) -> dict[str, str]:
    """Return the point and its eight neighbours as the API takes them, the point first."""
    steps = sorted(((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)), key=lambda step: abs(step[0]) + abs(step[1]))
    latitudes = [min(max(latitude + y * CELL_DEGREES, -90), 90) for y, _ in steps]
    longitudes = [(longitude + x * CELL_DEGREES + 180) % 360 - 180 for _, x in steps]
    return {
        "latitude": ",".join(f"{value:.4f}" for value in latitudes),
        "longitude": ",".join(f"{value:.4f}" for value in longitudes),
    }


def _locations(payload: Payload, max_bytes: int) -> list[Any]:
    """Return the locations of an answer: one object, or a list of them; raise PayloadRejected for anything else."""
    document = read_json(payload.name, payload.read(max_bytes))
    if isinstance(document, dict) and "reason" in document:
        raise PayloadRejected(payload.name, f"is an error: {str(document['reason'])[:200]}")
    locations = document if isinstance(document, list) else [document]
    if not locations or not any(isinstance(found, dict) and "daily" in found for found in locations):
        raise PayloadRejected(payload.name, f"has no 'daily': it is no answer of the flood API: {shown(document)[:80]}")
    return locations


def _cell(found: Any, now: datetime) -> Fields:
    """Return a location as its position, days and series; raise ValueError with what is wrong with it."""
    fields = object_of(found)
    if "daily_units" not in fields:
        raise ValueError("daily_units is missing: nobody knows in which unit the discharge is")
    daily, units = object_of(fields.get("daily")), object_of(fields.get("daily_units"))
    latitude, longitude = _degrees(fields, "latitude", 90), _degrees(fields, "longitude", 180)
    texts = {name: _texts(daily, name) for name in ("time", *SERIES) if name in daily}
    if "time" not in texts or "river_discharge" not in texts:
        raise ValueError(f"daily lacks {', '.join(sorted({'time', 'river_discharge'} - texts.keys()))}")
    lengths = {name: len(values) for name, values in texts.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"daily has series of different lengths: {lengths}")
    days, unread = to_date(pd.Series(texts.pop("time"), dtype="str"), now=now + timedelta(days=366))
    if unread.any() or days.isna().any() or days.duplicated().any():
        raise ValueError("daily.time has a day that is none, or comes twice")
    series = {}
    for name, values in texts.items():
        if units.get(name) not in UNITS:
            raise ValueError(f"{name} is in {str(units.get(name))[:20]!r}, not in m³/s")
        numbers, bad = to_number(pd.Series(values, dtype="str"))
        bad |= (numbers < 0) | (numbers > MOST_DISCHARGE)
        if bad.any():
            raise ValueError(f"{name} {values[int(np.flatnonzero(bad)[0])][:40]!r} is no discharge in m³/s")
        series[name] = numbers
    strangers = (fields.keys() - IGNORED - {"latitude", "longitude", "daily", "daily_units"}) | (
        daily.keys() - SERIES.keys() - {"time"}
    )
    return {"latitude": latitude, "longitude": longitude, "days": days, "series": series, "strangers": strangers}


def _degrees(fields: Fields, name: str, most: float) -> float:
    """Return a coordinate in degrees."""
    text = fields.get(name)
    numbers, unread = to_number(pd.Series([text if isinstance(text, str) else ""], dtype="str"))
    if unread[0] or np.isnan(numbers[0]) or abs(numbers[0]) > most:
        raise ValueError(f"{name} {str(text)[:40]!r} is no coordinate in degrees")
    return float(numbers[0])


def _texts(daily: Fields, name: str) -> list[str]:
    """Return a series as texts, null as an empty one; raise ValueError when it is no list of plain values."""
    values = daily[name]
    if not isinstance(values, list) or not all(value is None or isinstance(value, str) for value in values):
        raise ValueError(f"daily.{name} is no list of plain values")
    return [value or "" for value in values]


def _day(text: str) -> date | None:
    """Return the day within a payload's name, None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _are_neighbours(cells: list[Fields]) -> bool:
    """Tell whether locations are cells around one point, also across the antimeridian."""
    first = cells[0]
    return all(
        abs(cell["latitude"] - first["latitude"]) <= NEIGHBOUR_DEGREES
        and abs((cell["longitude"] - first["longitude"] + 180) % 360 - 180) <= NEIGHBOUR_DEGREES
        for cell in cells
    )


def _items(key: str, cells: list[Fields], today: date) -> Iterator[Item]:
    """Yield the days of the cell with the most water."""
    cell = max(cells, key=lambda one: one["series"]["river_discharge"].sum())
    if len(cells) > 1:
        yield Ignored(len(cells) - 1, "a cell beside the one of a point that holds the most water")
    days = cell["days"]
    for name, numbers in cell["series"].items():
        frame = pd.DataFrame(
            {
                "source_id": "glofas",
                "indicator": "river_discharge_m3_per_s",
                "breakdown": SERIES[name],
                "country_iso3": None,
                "area_id": key,
                "area_id_kind": "point",
                "area_name": None,
                "admin_level": 0,
                "period_start_date": days,
                "period_end_date": days,
                "value": numbers,
                "unit": "m3/s",
                "quality": np.where(days >= pd.Timestamp(today), "forecast", "estimated"),
                "longitude": cell["longitude"],
                "latitude": cell["latitude"],
            }
        )
        if len(frame):
            yield Rows(Indicator, frame, f"{cell['locator']}, {name} of " + days.dt.strftime("%Y-%m-%d"))


source = Glofas()
