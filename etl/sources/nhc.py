"""Active tropical cyclones of the US National Hurricane Center: North Atlantic, eastern and central North Pacific.

What is decided here, where the feed leaves it open:

- The list is the whole truth: a storm that it no longer names is no active one, and its row ends. An empty list is the
  usual state out of season and believed, but only within an intact answer: an object with the list ``activeStorms``.
  While an entry is rejected nothing ends: it may be the storm that seems to be missing.
- The feed has no alert colour: it follows from the wind (`etl.cyclones`). Without a wind a hurricane is *orange* by its
  name, any other storm *green*; the severity is then missing.
- The feed does not say when a storm began. Advisories come every six hours and are numbered: the beginning is counted
  back from the number of the newest forecast advisory, and is the last update where there is none.
- The end is not known. Classes that are new here are kept, and named.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.hazard_area import HazardArea
from data.schema.hazard_event import HazardEvent
from etl.client import get
from etl.cyclones import level_of_wind
from etl.json_records import object_of, shown
from etl.json_text import read_json
from etl.markup import link_of, plain_text
from etl.shapes import points_of
from etl.source import Ignored, Item, Payload, Reject, Replaces, Rows, Spec, Window

CLASSES = {
    "TD": "Tropical depression", "STD": "Subtropical depression", "TS": "Tropical storm", "STS": "Subtropical storm",
    "HU": "Hurricane", "MH": "Major hurricane", "TY": "Typhoon", "PTC": "Potential or post-tropical cyclone",
    "PC": "Post-tropical cyclone", "PT": "Post-tropical cyclone", "EX": "Extratropical cyclone", "LO": "Low",
    "WV": "Tropical wave", "DB": "Disturbance",
}  # fmt: skip
HURRICANES = frozenset(("HU", "MH", "TY"))
USED = frozenset((
    "id", "name", "classification", "intensity", "latitude", "longitude", "latitudeNumeric", "longitudeNumeric",
    "lastUpdate", "publicAdvisory", "forecastAdvisory",
))  # fmt: skip
IGNORED = frozenset((
    "binNumber", "pressure", "movementDir", "movementSpeed", "windSpeedProbabilities", "forecastDiscussion",
    "forecastGraphics", "forecastTrack", "windWatchesWarnings", "trackCone", "initialWindExtent",
    "forecastWindRadiiGIS", "bestTrackGIS", "earliestArrivalTimeTSWindsGIS", "mostLikelyTimeTSWindsGIS",
    "windSpeedProbabilitiesGIS", "stormSurgeWatchWarningGIS", "potentialStormSurgeFloodingGIS", "peakSurgeKML",
))  # fmt: skip
ADVISORY_INTERVAL = timedelta(hours=6)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}(?:\.[0-9]{1,10})?")
_WORDED = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,10})?) ?([NSEW])")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

Fields = dict[str, Any]


class Nhc:
    """The source; see the module. ``clock`` tells now: an update more than a day later is none."""

    spec = Spec(
        id="nhc",
        title="Active tropical cyclones (US National Hurricane Center)",
        publisher="NOAA National Hurricane Center",
        url="https://www.nhc.noaa.gov/CurrentStorms.json",
        licence="public domain (U.S. Government work)",
        cadence=timedelta(hours=6),
        tables=(HazardEvent, HazardArea),
        first_date=date(2019, 1, 1),
        rows=(0, 200),
        max_bytes=5_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the list has no window
        """Yield the list as it stands now."""
        body, kind = get(client, self.spec.url, self.spec.max_bytes)
        yield Payload("CurrentStorms.json", body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the active storms with their positions; known storms that are not named end."""
        storms = _storms(payload, self.spec.max_bytes)
        latest = self.clock() + timedelta(days=1)
        events: dict[str, Fields] = {}
        strangers: set[str] = set()
        is_whole = True
        for number, storm in enumerate(storms, start=1):
            where = f"storm {number}"
            try:
                fields = object_of(storm)
                strangers |= fields.keys() - USED - IGNORED
                event = {**_event(fields, latest), "locator": f"{where} ({_text(fields, 'id')[:40]})"}
                if event["event_id"] in events:
                    yield Ignored(1, "a storm that the list names twice: the later entry is taken")
                if _text(fields, "classification") not in CLASSES:
                    yield Ignored(0, f"classification {_text(fields, 'classification')[:40]!r} is new here")
                events[event["event_id"]] = event
            except ValueError as error:
                is_whole = False
                yield Reject("hazard_event", where, str(error), shown(storm))
        if strangers:
            yield Ignored(0, f"fields that are new here and not read: {', '.join(sorted(strangers))[:500]}")
        if not storms:
            yield Ignored(0, "no active storm")
        for table in self.spec.tables if is_whole else ():
            yield Replaces(table, "t.source_id = :source", 1.0, {"source": self.spec.id})
        if events:
            frame = pd.DataFrame(list(events.values()))
            where_from = frame.pop("locator").astype("str")
            yield Rows(HazardEvent, frame, where_from)
            yield Rows(HazardArea, _areas(frame), where_from)


def _storms(payload: Payload, max_bytes: int) -> list[Any]:
    """Return the entries of the list; raise PayloadRejected when the answer is not the object that holds it."""
    document = read_json(payload.name, payload.read(max_bytes))
    storms = document.get("activeStorms") if isinstance(document, dict) else None
    if not isinstance(storms, list):
        raise PayloadRejected(payload.name, f"has no list 'activeStorms': {shown(document)[:120]}")
    return storms


def _text(fields: Fields, name: str) -> str:
    """Return a plain field as text, empty when it is absent or null; raise ValueError for anything else."""
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is no plain value")
    return (value or "").strip()


def _event(fields: Fields, latest: datetime) -> Fields:
    """Return a storm as a row; raise ValueError with what is wrong with it."""
    key, kind = _text(fields, "id"), _text(fields, "classification")
    if re.fullmatch(r"[A-Za-z]{2}[0-9]{6}", key) is None:
        raise ValueError(f"id {key[:40]!r} is no storm like al062023")
    updated_at = _instant(_text(fields, "lastUpdate"), "lastUpdate", latest)
    wind_kt = _wind(_text(fields, "intensity"))
    named = CLASSES.get(kind, "Tropical cyclone")
    return {
        "source_id": "nhc",
        "event_id": key.upper(),
        "kind": "tropical_cyclone",
        "title": f"{named} {plain_text(_text(fields, 'name'))}".strip(),
        "alert_level": "orange" if wind_kt is None and kind in HURRICANES else level_of_wind(wind_kt),
        "started_at": min(_began(fields.get("forecastAdvisory"), latest) or updated_at, updated_at),
        "ended_at": None,
        "modified_at": updated_at,
        "is_current": True,
        "country_iso3": None,
        "longitude": _degrees(fields, "longitude", 180, "EW"),
        "latitude": _degrees(fields, "latitude", 90, "NS"),
        "severity": wind_kt,
        "severity_unit": None if wind_kt is None else "kt",
        "url": _link(fields.get("publicAdvisory")),
    }


def _areas(events: pd.DataFrame) -> pd.DataFrame:
    """Return the position of each storm as a shape."""
    places = zip(events["longitude"], events["latitude"], strict=True)
    return pd.DataFrame(
        {
            "source_id": "nhc",
            "event_id": events["event_id"],
            "area_class": "position",
            "label": "last position",
            "valid_at": events["modified_at"],
            "modified_at": events["modified_at"],
            "area_wkt": [points_of([place]) for place in places],
        },
        index=events.index,
    )


def _wind(text: str) -> float | None:
    """Return the wind in knots, None when there is none."""
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None or not 0 <= float(text) <= 300:
        raise ValueError(f"intensity {text[:40]!r} is no wind in knots")
    return float(text)


def _degrees(fields: Fields, name: str, most: float, signs: str) -> float:
    """Return a coordinate: the number, or what is written like "58.4W"; raise ValueError where they disagree."""
    number, worded = _text(fields, f"{name}Numeric"), _text(fields, name)
    found = _WORDED.fullmatch(worded)
    if worded and (found is None or found[2] not in signs):
        raise ValueError(f"{name} {worded[:40]!r} is not written like 58.4{signs[-1]}")
    told = None if found is None else float(found[1]) * (1 if found[2] == signs[0] else -1)
    if number and _NUMBER.fullmatch(number) is None:
        raise ValueError(f"{name}Numeric {number[:40]!r} is no plain number")
    degrees = float(number) if number else told
    if degrees is None or abs(degrees) > most:
        raise ValueError(f"{name} {degrees} is not on Earth" if degrees is not None else f"{name} is missing")
    if told is not None and abs(degrees - told) > 0.11:  # the words are rounded to a tenth of a degree
        raise ValueError(f"{name}Numeric {degrees:g} and {name} {worded} disagree")
    return degrees


def _instant(text: str, name: str, latest: datetime) -> datetime:
    """Return a time like 2023-08-22T03:00:00.000Z."""
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"{name} {text[:40]!r} is no time like 2023-08-22T03:00:00.000Z")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{name} {text[:40]!r} is no date of the calendar") from error
    if not _EARLIEST <= instant <= latest:
        raise ValueError(f"{name} {text[:40]!r} is before {_EARLIEST.year} or more than a day ahead")
    return instant


def _began(advisory: Any, latest: datetime) -> datetime | None:
    """Return when the first of the numbered advisories was issued, None without a number."""
    fields = advisory if isinstance(advisory, dict) else {}
    number = re.match(r"[0-9]{1,3}", _text(fields, "advNum"))
    if number is None or not _text(fields, "issuance"):
        return None
    issued_at = _instant(_text(fields, "issuance"), "forecastAdvisory.issuance", latest)
    return issued_at - (max(int(number[0]), 1) - 1) * ADVISORY_INTERVAL


def _link(advisory: Any) -> str | None:
    """Return the address of the public advisory."""
    return link_of(_text(advisory, "url")) if isinstance(advisory, dict) else None


source = Nhc()
