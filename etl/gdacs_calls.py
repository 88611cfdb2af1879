"""The calls of the GDACS JSON API: one type at one level each, because it refuses lists; what fails is noted.

What works was changed by GDACS several times in 2026: an answer is judged here before it counts as one.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from data.errors import PayloadRejected, WaypostError
from etl.client import get
from etl.gdacs_codes import event_id, flag_of
from etl.json_records import object_of, shown
from etl.json_text import read_json
from etl.source import Payload, Window

TYPES = ("TC", "FL", "EQ", "VO", "DR", "WF")
"""The types that the API lists; tsunamis come with the RSS feed only."""
LEVELS = ("Red", "Orange", "Green")
PAGE_EVENTS = 100
MOST_PAGES = 20
MOST_SHAPES = 30
EVENTS = "https://www.gdacs.org/gdacsapi/api/events/geteventlist/SEARCH"
GEOMETRY = "https://www.gdacs.org/gdacsapi/api/polygons/getgeometry"

Fields = dict[str, Any]


@dataclass
class Look:
    """The calls of one look, which ends at ``ends_at`` (monotonic seconds).

    ``failed`` says in words what could not be had, ``answers`` counts the calls that were answered, ``seen`` are the
    types of which an event was named, ``wanted`` the current orange and red ones with type, number and episode.
    """

    client: httpx.Client
    max_bytes: int
    ends_at: float
    failed: list[str] = field(default_factory=list)
    error: WaypostError | httpx.HTTPError | None = None
    answers: int = 0
    seen: set[str] = field(default_factory=set)
    wanted: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def events(self, kind: str, level: str, window: Window) -> Iterator[Payload]:
        """Yield the pages of one type and level that hold anything."""
        span = {"fromDate": f"{window.start:%Y-%m-%d}", "toDate": f"{window.end:%Y-%m-%d}"}
        # The list asks for eventlist; "Eventtype is required" was its complaint of August 2026. It gets both.
        asked: dict[str, str | int] = {"eventlist": kind, "eventtype": kind, "alertlevel": level, **span}
        for page in range(1, MOST_PAGES + 1):
            paged = {**asked, "pageSize": PAGE_EVENTS, "pageNumber": page}
            got = self._got(f"{kind} {level} page {page}", f"{kind}-{level.lower()}-{page}.json", EVENTS, paged)
            if got is None:
                return
            payload, features = got
            if features:
                self.seen.add(kind)
                yield payload
            if level != "Green":
                self.wanted |= dict(filter(None, map(_current, features)))
            if len(features) < PAGE_EVENTS:
                return
        self.failed.append(f"{kind} {level} after page {MOST_PAGES}")

    def unheard(self) -> list[str]:
        """Say for which types every call was answered and no event named: that is unknown, not calm."""
        silent = (kind for kind in TYPES if kind not in self.seen)
        return [
            f"{kind}: nothing named at any level (unknown, not calm)"
            for kind in silent
            if not any(part.startswith(f"{kind} ") for part in self.failed)
        ]

    def shapes(self) -> Iterator[Payload]:
        """Yield the geometry of the events that are wanted, the worst first."""
        wanted = list(self.wanted.items())
        for key, (kind, event, episode) in wanted[:MOST_SHAPES]:
            asked: dict[str, str | int] = {"eventtype": kind, "eventid": event, "episodeid": episode}
            got = self._got(f"shapes of {key}", f"geometry-{key}.json", GEOMETRY, asked)
            if got is not None and got[1]:
                yield got[0]
            elif got is not None:
                self.failed.append(f"shapes of {key}: an empty answer")
        if len(wanted) > MOST_SHAPES:
            self.failed.append(f"shapes of {len(wanted) - MOST_SHAPES} further events")

    def _got(self, what: str, name: str, url: str, asked: dict[str, str | int]) -> tuple[Payload, list[Any]] | None:
        """Return one answer and its features, none for an answer without a body (HTTP 204); None when it failed."""
        if time.monotonic() > self.ends_at:
            self.failed.append(f"{what}: no time left")
            return None
        try:
            body, kind = get(self.client, url, self.max_bytes, **asked)
            payload = Payload(name, body, kind)
            features = features_of(payload, self.max_bytes) if body else []
        except (httpx.HTTPError, WaypostError) as error:
            status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
            self.error = error
            self.failed.append(f"{what}: {f'HTTP {status}' if status else type(error).__name__}")
            return None
        self.answers += 1
        return payload, features


def features_of(payload: Payload, max_bytes: int) -> list[Any]:
    """Return the features of a collection, or the one of an event; raise PayloadRejected for anything else."""
    document = read_json(payload.name, payload.read(max_bytes))
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return [document]
    features = document.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list):
        raise PayloadRejected(payload.name, f"is no GeoJSON feature collection: {shown(document)[:120]}")
    return features


def text_of(fields: Fields, name: str) -> str:
    """Return a plain property as text, empty when it is absent or null; raise ValueError for anything else."""
    value = fields.get(name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is no plain value")
    return (value or "").strip()


def _current(feature: Any) -> tuple[str, tuple[str, str, str]] | None:
    """Return a current, confirmed event's id with its type, number and episode; None for any other."""
    try:
        fields = object_of(object_of(feature).get("properties"))
        kind, number, episode = (text_of(fields, name) for name in ("eventtype", "eventid", "episodeid"))
        is_current = flag_of("iscurrent", text_of(fields, "iscurrent"))
        is_temporary = flag_of("istemporary", text_of(fields, "istemporary"))
        return (event_id(kind, number), (kind, number, episode)) if is_current and not is_temporary else None
    except ValueError:  # it is rejected with its reason when it is parsed
        return None
