"""GDACS through its JSON API (contract of 2026): events with wind areas, forecast cones, tracks, flooded and dry areas.

The RSS feed (`etl.sources.gdacs`) is the robust door, this one brings more.

What is decided here, where the feed leaves it open:

- Both doors fill the same rows. What the other door said of the same or a newer state of an event stays as it is.
- One call asks for one type at one level (the API refuses lists), the worst level first. What fails is named in the
  run's message as *degraded*, and what came is kept. A type without an event at any level is named too: an empty
  answer is unknown, not calm.
- Shapes are asked for current orange and red events only: one earthquake has 2 MB of them.
- Times are UTC without saying so. The end of an event that goes on is not known.
- Temporary events, which GDACS has not confirmed, are ignored by name; so are wind areas that are shrunk to a point
  (no wind of that strength then).
- A shape that carries a time in its label ("28/01 18:00") is valid then; cones, tracks and the areas over the whole
  life of a cyclone ("60 km/h") are of the whole event. Classes that are new here are kept as *other*, and named.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd

from data.schema.hazard_area import HazardArea
from data.schema.hazard_event import HazardEvent
from etl import gdacs_calls as calls
from etl.gdacs_calls import Fields, features_of, text_of
from etl.gdacs_codes import KINDS, SOURCE_ID, country_of, event_id, flag_of, level_of, on_the_map, possible
from etl.json_records import object_of, shown
from etl.markup import plain_text
from etl.not_fetched import note, noted
from etl.shapes import shape_of
from etl.source import Ignored, Item, Keeps, Payload, Reject, Replaces, Rows, Spec, Window

FETCH_SECONDS = 1200.0
"""How long the calls of one look may take together: one type alone can take 90 s."""
CLASSES = (
    ("Poly_Green", "wind_green"), ("Poly_Orange", "wind_orange"), ("Poly_Red", "wind_red"), ("Poly_Cones", "cone"),
    ("Line_", "track"), ("Point_", "position"), ("Poly_Affected", "affected"), ("Poly_area", "affected"),
    ("Poly_Global", "extent"), ("Poly_Circle", "other"), ("Poly_SMPInt_", "other"),
)  # fmt: skip
"""How GDACS's classes begin and what they are here."""
USED = frozenset((
    "eventtype", "eventid", "name", "description", "alertlevel", "istemporary", "iscurrent", "fromdate", "todate",
    "datemodified", "iso3", "severitydata", "Class", "polygonlabel", "polygondate", "forecast",
))  # fmt: skip
IGNORED = frozenset((
    "episodeid", "eventname", "glide", "htmldescription", "icon", "iconoverall", "url", "alertscore",
    "episodealertlevel", "episodealertscore", "country", "source", "sourceid", "affectedcountries", "countryonland",
    "episodes", "sendai", "impacts", "images", "additionalinfos", "documents", "cyclonesurge", "featuretype", "visible",
    "key", "iconeventlink", "iconitemlink", "intensity", "shakeid", "trackdate", "stormname", "stormstatus",
    "windspeed", "unsdn", "polygontype", "dateadded",
))  # fmt: skip
"""Properties that are known and not read; any other is reported."""

_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,7})?(?:Z|\+00:00)?")
_LABEL_TIME = re.compile(r"([0-9]{2})/([0-9]{2}) ([0-9]{2}:[0-9]{2})(?: UTC)?")
_LONGEST_FORECAST = timedelta(days=30)
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,20})?")


class GdacsEvents:
    """The source; see the module. ``clock`` tells now: an instant more than a day later is no observation."""

    spec = Spec(
        id="gdacs_events",
        title="GDACS hazard events with their areas",
        publisher="Global Disaster Alert and Coordination System (EC JRC and UN OCHA)",
        url=calls.EVENTS,
        licence="public domain (stated in the feed); GDACS asks to be named",
        cadence=timedelta(hours=6),
        tables=(HazardEvent, HazardArea),
        first_date=date(2000, 1, 1),
        rows=(1, 100_000),
        max_bytes=50_000_000,
        rows_of=SOURCE_ID,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the list of each type and level, the shapes of current orange and red events, and what failed."""
        look = calls.Look(client, self.spec.max_bytes, time.monotonic() + FETCH_SECONDS)
        for level in calls.LEVELS:
            for kind in calls.TYPES:
                yield from look.events(kind, level, window)
        if look.error is not None and not look.answers:
            raise look.error
        look.failed += look.unheard()
        yield from look.shapes()
        if look.failed:
            yield note(look.failed)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the events and shapes of a list, of one event, or of an event's geometry."""
        missed = noted(payload)
        if missed is not None:
            yield Ignored(0, f"degraded: {missed.reason}")
            return
        latest = self.clock() + timedelta(days=1)
        events: list[Fields] = []
        shapes: list[Fields] = []
        strangers: set[str] = set()
        rejected = False
        for number, feature in enumerate(features_of(payload, self.spec.max_bytes), start=1):
            try:
                fields = object_of(object_of(feature).get("properties"))
                strangers |= fields.keys() - USED - IGNORED
                key = event_id(text_of(fields, "eventtype"), text_of(fields, "eventid"))
                where = f"feature {number} ({key} {text_of(fields, 'Class')[:40]})"
                if flag_of("istemporary", text_of(fields, "istemporary")):
                    yield Ignored(1, "a temporary event, which GDACS has not confirmed")
                elif _is_event(fields, feature):
                    events.append({"locator": where, **_event(key, fields, feature.get("geometry"), latest)})
                else:
                    shapes.append({"locator": where, **_shape(key, fields, feature.get("geometry"), latest)})
            except ValueError as error:
                rejected = True
                yield Reject(_table_of(feature), f"feature {number}", str(error), shown(feature))
        if strangers:
            yield Ignored(0, f"properties that are new here and not read: {', '.join(sorted(strangers))[:500]}")
        yield from _event_items(events)
        yield from _shape_items(shapes, is_whole=bool(events) and not rejected)


def _is_event(fields: Fields, feature: Fields) -> bool:
    """Tell whether a feature is the event itself: its centroid, or a point that is nothing else."""
    kind = object_of(feature.get("geometry") or {}).get("type")
    return text_of(fields, "Class") in {"Point_Centroid", ""} and kind in {"Point", None}


def _table_of(feature: Any) -> str:
    """Return the table that a rejected feature was meant for."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    is_shape = isinstance(geometry, dict) and geometry.get("type") != "Point"
    return "hazard_area" if is_shape else "hazard_event"


def _event(key: str, fields: Fields, geometry: Any, latest: datetime) -> Fields:
    """Return an event as a row; raise ValueError with what is wrong with it."""
    title = plain_text(text_of(fields, "name") or text_of(fields, "description"))
    if not title:
        raise ValueError("name is missing")
    is_current = flag_of("iscurrent", text_of(fields, "iscurrent"))
    longitude, latitude = _position(geometry)
    severity, unit = _severity(fields.get("severitydata"))
    kind = key[:2]
    return {
        "source_id": SOURCE_ID,
        "event_id": key,
        "kind": KINDS[kind],
        "title": title,
        "alert_level": level_of(text_of(fields, "alertlevel")),
        "started_at": _instant(fields, "fromdate", latest, needed=True),
        "ended_at": None if is_current else _instant(fields, "todate"),
        "modified_at": _instant(fields, "datemodified", latest, needed=True),
        "is_current": is_current,
        "country_iso3": country_of(text_of(fields, "iso3")),
        "longitude": longitude,
        "latitude": latitude,
        "severity": severity,
        "severity_unit": unit,
        "url": f"https://www.gdacs.org/report.aspx?eventtype={kind}&eventid={key[2:]}",
    }


def _position(geometry: Any) -> tuple[float, float]:
    """Return longitude, brought back from beyond the antimeridian, and latitude."""
    found = object_of(geometry).get("coordinates") if geometry is not None else None
    pair = found[:2] if isinstance(found, list) else []
    if len(pair) != 2 or not all(isinstance(n, str) and _NUMBER.fullmatch(n) for n in pair):
        raise ValueError(f"position {str(found)[:60]} is not [longitude, latitude]")
    longitude, latitude = map(float, pair)
    if not (-360 <= longitude <= 360 and -90 <= latitude <= 90):
        raise ValueError(f"position {longitude:g}, {latitude:g} is not on Earth")
    return on_the_map(longitude), latitude


def _severity(found: Any) -> tuple[float | None, str | None]:
    """Return the severity and its unit; a number without a unit (floods say 0) is no severity."""
    if found is None:
        return None, None
    fields = object_of(found)
    value, unit = text_of(fields, "severity"), text_of(fields, "severityunit")
    if not value or not unit:
        return None, None
    if _NUMBER.fullmatch(value) is None:
        raise ValueError(f"severity {value[:40]!r} is no plain number")
    return float(value), plain_text(unit)


def _instant(fields: Fields, name: str, latest: datetime | None = None, *, needed: bool = False) -> datetime | None:
    """Return a time like 2026-01-28T06:00:00, which is UTC; None when absent."""
    text = text_of(fields, name)
    if not text and not needed:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{name} {text[:60]!r} is no time like 2026-01-28T06:00:00" if text else f"{name} is missing")
    try:
        instant = datetime.fromisoformat(f"{found[1]}+00:00")
    except ValueError as error:
        raise ValueError(f"{name} {text[:60]!r} is no date of the calendar") from error
    return possible(instant, latest, f"{name} {text[:60]!r}")


def _shape(key: str, fields: Fields, geometry: Any, latest: datetime) -> Fields:
    """Return what a shape is, with its geometry as it came; raise ValueError with what is wrong with it."""
    name, label = text_of(fields, "Class"), plain_text(text_of(fields, "polygonlabel"))
    found = next((area for start, area in CLASSES if name.startswith(start)), None)
    is_wind_of_another = found is not None and found.startswith("wind") and not key.startswith("TC")
    area_class = "other" if found is None or is_wind_of_another else found
    drawn_at = _instant(fields, "polygondate", latest + _LONGEST_FORECAST)
    if area_class == "track":
        forecast = ", forecast" if flag_of("forecast", text_of(fields, "forecast")) else ""
        label = f"{label}{forecast} ({name})"
    if area_class == "other":
        label = f"{label} ({name})".strip()
    valid_at = _labelled(label, drawn_at)
    if valid_at is None and area_class in {"affected", "extent", "other"}:
        valid_at = drawn_at
    return {
        "event_id": key,
        "area_class": area_class,
        "label": label or name,
        "valid_at": valid_at,
        "modified_at": _instant(fields, "datemodified", latest, needed=True),
        "stranger": name if found is None else "",
        "geometry": geometry,
    }


def _labelled(label: str, drawn_at: datetime | None) -> datetime | None:
    """Return the time within a label ("28/01 18:00 UTC"), in the year nearest to ``drawn_at``; None without one."""
    found = _LABEL_TIME.fullmatch(label)
    if found is None or drawn_at is None:
        return None
    times = []
    for year in (drawn_at.year - 1, drawn_at.year, drawn_at.year + 1):
        with suppress(ValueError):  # 29 February is not in every year
            times.append(datetime.fromisoformat(f"{year:04}-{found[2]}-{found[1]}T{found[3]}:00+00:00"))
    return min(times, key=lambda instant: abs(instant - drawn_at), default=None)


def _event_items(events: list[Fields]) -> Iterator[Item]:
    """Yield the newest state of each event, and that a state of the other door stays unless it is older."""
    if not events:
        return
    frame = pd.DataFrame(events).sort_values("modified_at", kind="stable")
    newest = frame.drop_duplicates("event_id", keep="last").sort_index()
    if len(newest) < len(frame):
        yield Ignored(len(frame) - len(newest), "an older state of an event that the answer names again")
    yield Keeps(HazardEvent, "t.source_id = :source AND t.modified_at >= s.modified_at", {"source": SOURCE_ID})
    yield Rows(HazardEvent, newest.drop(columns="locator"), newest["locator"].astype("str"))


def _shape_items(shapes: list[Fields], *, is_whole: bool) -> Iterator[Item]:
    """Yield the shapes; several of one class and label are one. ``is_whole`` says that the answer is about events."""
    groups: dict[tuple[str, str, str], list[Fields]] = {}
    for shape in shapes:
        groups.setdefault((shape["event_id"], shape["area_class"], shape["label"]), []).append(shape)
    rows, shrunk, strangers = [], 0, sorted({shape["stranger"] for shape in shapes} - {""})
    for group in groups.values():
        try:
            area = shape_of([shape["geometry"] for shape in group])
        except ValueError as error:
            raw = shown(group[0]["geometry"])
            yield Reject("hazard_area", group[0]["locator"], f"{group[0]['label']}: {error}", raw)
            is_whole = False
            continue
        shrunk += len(group) if area is None else 0
        row = {key: value for key, value in group[0].items() if key not in {"geometry", "stranger"}}
        rows += [] if area is None else [{**row, "source_id": SOURCE_ID, "area_wkt": area}]
    if strangers:
        yield Ignored(0, f"classes that are new here, kept as other: {', '.join(strangers)[:500]}")
    if shrunk:
        yield Ignored(shrunk, "an area that is shrunk to a point: there is none")
    if is_whole and len({shape["event_id"] for shape in shapes}) == 1:
        scope = "t.source_id = :source AND t.event_id = :event"
        yield Replaces(HazardArea, scope, 1.0, {"source": SOURCE_ID, "event": shapes[0]["event_id"]})
    if rows:
        frame = pd.DataFrame(rows)
        yield Rows(HazardArea, frame.drop(columns="locator"), frame["locator"].astype("str"))


source = GdacsEvents()
