"""GDACS: alerts for earthquakes, cyclones, floods, volcanoes, droughts, wildfires and tsunamis, from its RSS feed.

Observed quirks: a byte order mark, plain or mangled; a gzip or HTML body; longitudes below -180; a drought as one item
with the code of its first country; codes beginning with X for territories. The colour is the canonical level.
"""

import gzip
import html
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import httpx
import pandas as pd
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from data.errors import PayloadRejected
from data.schema.hazard_event import HazardEvent
from etl.client import get
from etl.source import Ignored, Item, Payload, Reject, Rows, Spec, Window

KINDS = {
    "EQ": "earthquake", "TC": "tropical_cyclone", "FL": "flood", "VO": "volcano", "DR": "drought", "WF": "wildfire",
    "TS": "tsunami",
}  # fmt: skip
LEVELS = ("green", "orange", "red")
_GDACS = "{http://www.gdacs.org}"
_GEORSS = "{http://www.georss.org/georss}point"
_GEO = "{http://www.w3.org/2003/01/geo/wgs84_pos#}"
_MARKS = (b"\xc3\xaf\xc2\xbb\xc2\xbf", b"\xef\xbb\xbf")
_MODIFIED = (f"{_GDACS}datemodified", f"{_GDACS}dateadded", "pubDate")
"""When an item last changed; feeds before 2020 only have the date of publication."""
_TAG = re.compile(r"<[^>]*>")
_TEXT_LIMIT = 500


class Gdacs:
    """The source; see the module."""

    spec = Spec(
        id="gdacs",
        title="GDACS hazard alerts",
        publisher="Global Disaster Alert and Coordination System (EC JRC and UN OCHA)",
        url="https://www.gdacs.org/xml/rss.xml",
        licence="public domain (stated in the feed)",
        cadence=timedelta(hours=6),
        tables=(HazardEvent,),
        first_date=date(2000, 1, 1),
        rows=(1, 5_000),
        max_bytes=20_000_000,
    )

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the feed has no window
        """Yield the feed as it stands now."""
        body, kind = get(client, self.spec.url, self.spec.max_bytes)
        yield Payload("rss.xml", body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the newest state of each event; older episodes of the same event are ignored by name."""
        root = _root(payload, self.spec.max_bytes)
        channel = root.find("channel")
        if root.tag != "rss" or channel is None:
            raise PayloadRejected(payload.name, f"is no RSS feed: its root is <{root.tag[:40]}>")
        rows: list[dict[str, Any]] = []
        for number, item in enumerate(channel.findall("item"), start=1):
            name = f"item {number} ({_text(item, 'guid') or 'no guid'})"
            try:
                rows.append({"locator": name, **_event(item)})
            except ValueError as error:
                raw = "; ".join(f"{child.tag.split('}')[-1]}={child.text}" for child in item)
                yield Reject("hazard_event", name, str(error), raw[:20_000])
        if not rows:
            return
        frame = pd.DataFrame(rows).sort_values("modified_at", kind="stable")
        newest = frame.groupby("event_id").tail(1)
        if len(frame) > len(newest):
            yield Ignored(len(frame) - len(newest), "an older state of an event that the feed names twice")
        yield Rows(HazardEvent, newest.drop(columns="locator"), newest["locator"])


def _root(payload: Payload, max_bytes: int) -> Element:
    """Return the root of the XML, whatever wrapping it came in."""
    body = payload.read(max_bytes)
    if body.startswith(b"\x1f\x8b"):
        body = _unzipped(body, payload.name, max_bytes)
    for mark in _MARKS:
        body = body.removeprefix(mark)
    body = body.lstrip()
    if body[:9].lower().startswith((b"<!doctype", b"<html")):
        raise PayloadRejected(payload.name, "is an HTML page, not the feed")
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise PayloadRejected(payload.name, f"holds a forbidden XML construct ({type(error).__name__})") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise PayloadRejected(payload.name, f"is no well-formed XML: {error}") from error
    return root


def _unzipped(body: bytes, name: str, max_bytes: int) -> bytes:
    """Return a gzip body unpacked, within the source's size."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(body)) as stream:
            plain = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PayloadRejected(name, f"is no readable gzip: {error}") from error
    if len(plain) > max_bytes:
        raise PayloadRejected(name, f"unpacks to more than {max_bytes:,} bytes")
    return plain


def _event(item: Element) -> dict[str, Any]:
    """Return an item as a row; raise ValueError with what is wrong with it."""
    code, number = _text(item, f"{_GDACS}eventtype"), _text(item, f"{_GDACS}eventid")
    if code not in KINDS:
        raise ValueError(f"eventtype {code!r} is none of {', '.join(KINDS)}")
    if not number.isdigit():
        raise ValueError(f"eventid {number!r} is no number")
    level = _text(item, f"{_GDACS}alertlevel").lower()
    if level not in LEVELS:
        raise ValueError(f"alertlevel {level!r} is none of {', '.join(LEVELS)}")
    longitude, latitude = _position(item)
    severity = item.find(f"{_GDACS}severity")
    iso3 = _text(item, f"{_GDACS}iso3")
    return {
        "source_id": "gdacs",
        "event_id": f"{code}{number}",
        "kind": KINDS[code],
        "title": _plain(_text(item, "title")) or f"{KINDS[code]} {number}",
        "alert_level": level,
        "started_at": _instant(item, f"{_GDACS}fromdate"),
        "ended_at": _instant(item, f"{_GDACS}todate"),
        "modified_at": next((at for name in _MODIFIED if (at := _instant(item, name))), None),
        "is_current": _text(item, f"{_GDACS}iscurrent").lower() == "true",
        "country_iso3": iso3 if re.fullmatch("[A-WYZ][A-Z]{2}", iso3) else None,
        "longitude": longitude,
        "latitude": latitude,
        "severity": _severity(severity),
        "severity_unit": (severity.get("unit") or None) if severity is not None else None,
        "url": _link(_text(item, "link")),
    }


def _text(item: Element, tag: str) -> str:
    """Return a child's text, empty when absent."""
    return (item.findtext(tag) or "").strip()


def _plain(text: str) -> str:
    """Return text without markup and control characters: a feed is shown, never run."""
    bare = _TAG.sub("", html.unescape(_TAG.sub("", text)))
    return "".join(c for c in bare if c.isprintable())[:_TEXT_LIMIT]


def _link(text: str) -> str | None:
    """Return a link only when it is http or https."""
    return text if re.fullmatch(r"https?://[^\s<>\"']{1,2000}", text) else None


def _position(item: Element) -> tuple[float, float]:
    """Return longitude and latitude; longitudes beyond the antimeridian are brought back."""
    parts = _text(item, _GEORSS).split() or [
        _text(item, f"{_GEO}Point/{_GEO}lat"),
        _text(item, f"{_GEO}Point/{_GEO}long"),
    ]
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"position {' '.join(parts)!r} is not 'latitude longitude'") from error
    if not (-360 <= longitude <= 360 and -90 <= latitude <= 90):
        raise ValueError(f"position {latitude} {longitude} is not on Earth")
    return (longitude + 180) % 360 - 180, latitude


def _instant(item: Element, tag: str) -> datetime | None:
    """Return one of the feed's RFC 822 dates as an instant, None when absent."""
    text = _text(item, tag)
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
        instant = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{tag.rsplit('}', maxsplit=1)[-1]} {text[:60]!r} is no RFC 822 date") from error
    if not 1900 <= instant.year <= datetime.now(UTC).year + 1:
        raise ValueError(f"{tag.rsplit('}', maxsplit=1)[-1]} {text[:60]!r} is out of range")
    return instant


def _severity(element: Element | None) -> float | None:
    """Return the severity's number, None when the feed gives none."""
    value = "" if element is None else element.get("value", "")
    return float(value) if re.fullmatch(r"[+-]?\d{1,12}(\.\d+)?", value) else None


source = Gdacs()
