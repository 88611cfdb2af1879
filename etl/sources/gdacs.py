"""GDACS: alerts for earthquakes, cyclones, floods, volcanoes, droughts, wildfires and tsunamis, from its RSS feed.

What is decided here, where the feed leaves it open:

- The colour is the level; the scores differ between GDACS's own feeds and are ignored.
- An item marked ``temporary`` is an automatic first estimate that GDACS has not confirmed: it is ignored by name.
- The end of an event that goes on is not known: ``todate`` is then the day of the last look, and is left out. An item
  that does not say whether it goes on (feeds before 2017) is taken as over.
- ``iso3`` is the first country only. Codes that begin with X (XJE: Jersey) are GDACS's own: the country is missing.
- A newer state of an event, which the JSON API (source ``gdacs_events``) may have told before, stays.
- ``datemodified`` is missing before 2020: then it is the date of publication.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.hazard_event import HazardEvent
from etl.client import get
from etl.gdacs_codes import KINDS, SOURCE_ID, country_of, event_id, flag_of, level_of, on_the_map, possible
from etl.markup import link_of, parse_xml, plain_text
from etl.source import Ignored, Item, Keeps, Payload, Reject, Rows, Spec, Window

USED = frozenset((
    "title", "link", "pubDate", "guid", "gdacs:temporary", "gdacs:datemodified", "gdacs:iscurrent", "gdacs:fromdate",
    "gdacs:todate", "gdacs:bbox", "gdacs:eventtype", "gdacs:alertlevel", "gdacs:eventid", "gdacs:severity",
    "gdacs:iso3", "geo:Point", "georss:point",
))  # fmt: skip
IGNORED = frozenset((
    "description", "enclosure", "gdacs:dateadded", "gdacs:durationinweek", "gdacs:year", "dc:subject",
    "gdacs:cap", "gdacs:icon", "gdacs:version", "gdacs:alertscore", "gdacs:episodealertlevel",
    "gdacs:episodealertscore", "gdacs:eventname", "gdacs:episodeid", "gdacs:calculationtype", "gdacs:population",
    "gdacs:vulnerability", "gdacs:country", "gdacs:glide", "gdacs:mapimage", "gdacs:maplink", "gdacs:gtsimage",
    "gdacs:gtslink", "gdacs:resources", "gdacs:identifiers",
))  # fmt: skip
"""Elements of an item that are known and not read; any other is reported."""

_PREFIXES = {
    "http://www.gdacs.org": "gdacs:",
    "http://www.georss.org/georss": "georss:",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo:",
    "http://purl.org/dc/elements/1.1/": "dc:",
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,20})?")
_RFC822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) (?:GMT|UTC?|[+-]0000)"
)
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
_BOX_MARGIN_DEGREES = 1.0
_RAW_CHARACTERS = 4_000

Fields = dict[str, Element]


class Gdacs:
    """The source; see the module. ``clock`` tells now: an instant more than a day later is no observation."""

    spec = Spec(
        id="gdacs",
        title="GDACS hazard alerts",
        publisher="Global Disaster Alert and Coordination System (EC JRC and UN OCHA)",
        url="https://www.gdacs.org/xml/rss.xml",
        licence="public domain (stated in the feed); GDACS asks to be named",
        cadence=timedelta(hours=1),
        tables=(HazardEvent,),
        first_date=date(2000, 1, 1),
        rows=(1, 5_000),
        max_bytes=10_000_000,
        least_share_of_usual=0.2,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the feed has no window
        """Yield the feed as it stands now."""
        body, kind = get(client, self.spec.url, self.spec.max_bytes)
        yield Payload("rss.xml", body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the newest state of each event; older states of the same event are ignored by name."""
        root = parse_xml(payload.name, payload.read(self.spec.max_bytes), self.spec.max_bytes)
        channel = root.find("channel")
        if root.tag != "rss" or channel is None:
            raise PayloadRejected(payload.name, f"is no RSS feed: its root is <{root.tag[:60]}>")
        latest = self.clock() + timedelta(days=1)
        rows: list[dict[str, Any]] = []
        strangers: set[str] = set()
        for number, item in enumerate(channel.findall("item"), start=1):
            fields = {_short(child.tag): child for child in reversed(item)}
            strangers |= fields.keys() - USED - IGNORED
            name = f"item {number} ({_text(fields, 'guid')[:40] or 'no guid'})"
            try:
                if _flag(fields, "gdacs:temporary"):
                    yield Ignored(1, "a temporary item, which GDACS has not confirmed")
                else:
                    rows.append({"locator": name, **_event(fields, latest)})
            except ValueError as error:
                raw = "; ".join(f"{key}={_text(fields, key)}" for key in reversed(fields))
                yield Reject("hazard_event", name, str(error), raw[:_RAW_CHARACTERS])
        if strangers:
            yield Ignored(0, f"elements that are new here and not read: {', '.join(sorted(strangers))[:500]}")
        if rows:
            frame = pd.DataFrame(rows).sort_values("modified_at", kind="stable")
            newest = frame.drop_duplicates("event_id", keep="last").sort_index()
            if len(newest) < len(frame):
                yield Ignored(len(frame) - len(newest), "an older state of an event that the feed names again")
            yield Keeps(HazardEvent, "t.source_id = :source AND t.modified_at > s.modified_at", {"source": SOURCE_ID})
            yield Rows(HazardEvent, newest.drop(columns="locator"), newest["locator"].astype("str"))


def _short(tag: str) -> str:
    """Return a tag with its usual prefix instead of its namespace."""
    space, _, name = tag.rpartition("}")
    return _PREFIXES.get(space.removeprefix("{"), space) + name


def _text(fields: Fields, name: str) -> str:
    """Return an element's text, also that of elements within it; empty when absent."""
    return "".join(fields[name].itertext()).strip() if name in fields else ""


def _event(fields: Fields, latest: datetime) -> dict[str, Any]:
    """Return an item as a row; raise ValueError with what is wrong with it."""
    kind, title = _text(fields, "gdacs:eventtype"), plain_text(_text(fields, "title"))
    key, level = event_id(kind, _text(fields, "gdacs:eventid")), level_of(_text(fields, "gdacs:alertlevel"))
    if not title:
        raise ValueError("title is missing")
    is_current = _flag(fields, "gdacs:iscurrent")
    longitude, latitude = _position(fields)
    severity, unit = _severity(fields)
    end = _instant(fields, "gdacs:todate")
    return {
        "source_id": SOURCE_ID,
        "event_id": key,
        "kind": KINDS[kind],
        "title": title,
        "alert_level": level,
        "started_at": _instant(fields, "gdacs:fromdate", latest),
        "ended_at": None if is_current else end,
        "modified_at": _instant(fields, "gdacs:datemodified", latest) or _instant(fields, "pubDate", latest),
        "is_current": is_current,
        "country_iso3": country_of(_text(fields, "gdacs:iso3")),
        "longitude": longitude,
        "latitude": latitude,
        "severity": severity,
        "severity_unit": unit,
        "url": link_of(_text(fields, "link")),
    }


def _flag(fields: Fields, name: str) -> bool:
    """Return a flag, which the feed writes as a word; absent is false."""
    return flag_of(name.removeprefix("gdacs:"), _text(fields, name))


def _numbers(text: str) -> list[float]:
    """Return the numbers of a text; raise ValueError when it holds anything else."""
    parts = text.split()
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueError(f"{text[:80]!r} is no list of plain numbers")
    return [float(part) for part in parts]


def _position(fields: Fields) -> tuple[float, float]:
    """Return longitude, brought back from beyond the antimeridian, and latitude."""
    text = _text(fields, "georss:point")
    if not text and "geo:Point" in fields:
        parts = {_short(child.tag): child for child in fields["geo:Point"]}
        text = f"{_text(parts, 'geo:lat')} {_text(parts, 'geo:long')}"
    numbers = _numbers(text)
    if len(numbers) != 2:
        raise ValueError(f"position {text[:80]!r} is not 'latitude longitude'")
    latitude, longitude = numbers
    box = _numbers(_text(fields, "gdacs:bbox"))
    if len(box) == 4 and not _holds(box, longitude, latitude) and _holds(box, latitude, longitude):
        raise ValueError(f"position {text!r} has its axes swapped: turned, it lies in the box {box}")
    if not (-360 <= longitude <= 360 and -90 <= latitude <= 90):
        raise ValueError(f"position {text!r} is not on Earth")
    return on_the_map(longitude), latitude


def _holds(box: list[float], longitude: float, latitude: float) -> bool:
    """Tell whether a box (least and most longitude, least and most latitude) holds a point, give or take a degree."""
    west, east, south, north = (
        edge + sign * _BOX_MARGIN_DEGREES for edge, sign in zip(box, (-1, 1, -1, 1), strict=True)
    )
    return south <= latitude <= north and any(west <= longitude + turn <= east for turn in (-360, 0, 360))


def _instant(fields: Fields, name: str, latest: datetime | None = None) -> datetime | None:
    """Return an RFC 822 date as the feed writes it ("Sun, 29 Dec 2019 12:00:00 GMT"), None when absent."""
    text = _text(fields, name)
    if not text:
        return None
    told = f"{name.removeprefix('gdacs:')} {text[:60]!r}"
    found = _RFC822.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        raise ValueError(f"{told} is no RFC 822 date in GMT")
    try:
        instant = datetime.fromisoformat(f"{found[3]}-{_MONTHS[found[2]]:02}-{int(found[1]):02}T{found[4]}+00:00")
    except ValueError as error:
        raise ValueError(f"{told} is no date of the calendar") from error
    return possible(instant, latest, told)


def _severity(fields: Fields) -> tuple[float | None, str | None]:
    """Return the severity and its unit; a number without a unit (floods say 0) is no severity."""
    if "gdacs:severity" not in fields:
        return None, None
    element = fields["gdacs:severity"]
    unit, value = element.get("unit", "").strip(), element.get("value", "").strip()
    if not unit or not value:
        return None, None
    if _NUMBER.fullmatch(value) is None:
        raise ValueError(f"severity {value[:40]!r} is no plain number")
    return float(value), unit


source = Gdacs()
