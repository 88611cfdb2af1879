"""USGS earthquakes: the summary feeds, the FDSN event query and single events, which share one shape (GeoJSON).

What is decided here, where the feed leaves it open:

- One earthquake has several ids, and the preferred one changes. The row carries the preferred id; the others are
  deleted if they were known, so that an earthquake is never counted twice.
- ``alert`` is PAGER's colour for expected losses. GDACS and this map have no yellow (1 to 99 deaths): it is *orange*.
  Without a colour nobody estimated losses: the level is *green*, and an event below magnitude 4.5 is ignored by name.
  "pending" is no colour yet: USGS's own page says that the alert is under review. It is *green* too, and noted.
- The tables of the same service (CSV, text) and QuakeML tell no colour, and are refused.
- Quarry blasts, explosions and the like are no earthquakes, and ignored by name.
- A feed without an event is believed when its ``metadata`` count 0.
- ``deleted`` is a deletion, also where the event is told no longer (the service leaves out time and place then). An
  earthquake is over when it is reported.
- A newer state of an earthquake stays, whatever an old copy of the feed says of it.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.hazard_event import HazardEvent
from etl.client import get
from etl.columns import Columns
from etl.delimited import Chunk
from etl.first_bytes import kind_of
from etl.json_records import chunk_of_records, object_of, shown
from etl.json_text import read_json
from etl.markup import link_of, plain_text
from etl.source import Ignored, Item, Keeps, Payload, Replaces, Rows, Spec, Window

LEVELS = {"green": "green", "yellow": "orange", "orange": "orange", "red": "red", "pending": "green", "": "green"}
LEAST_MAGNITUDE = 4.5
QUERY = "https://earthquake.usgs.gov/fdsnws/event/1/query"
PAGE_EVENTS = 5_000
FIELDS = ("id", "mag", "time", "updated", "status", "type", "longitude", "latitude")
OPTIONAL = ("ids", "alert", "title", "place", "url")
IGNORED = (
    "tz", "detail", "felt", "cdi", "mmi", "tsunami", "sig", "net", "code", "sources", "types", "nst", "dmin", "rms",
    "gap", "magType", "products",
)  # fmt: skip
_ID = re.compile(r"[a-z0-9_-]{3,40}")


class Usgs:
    """The source; see the module. ``clock`` tells now: an event more than a day later is none."""

    spec = Spec(
        id="usgs",
        title="Earthquakes (USGS)",
        publisher="United States Geological Survey",
        url="https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/4.5_week.geojson",
        licence="public domain (U.S. Government work)",
        cadence=timedelta(minutes=15),
        tables=(HazardEvent,),
        first_date=date(1900, 1, 1),
        rows=(0, 100_000),
        max_bytes=100_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the week's feed, or for a longer window the pages of the event query, by time of update."""
        if window.start >= self.clock() - timedelta(days=7):
            body, kind = get(client, self.spec.url, self.spec.max_bytes)
            yield Payload("4.5_week.geojson", body, kind)
            return
        span = {"starttime": f"{window.start:%Y-%m-%dT%H:%M:%S}", "endtime": f"{window.end:%Y-%m-%dT%H:%M:%S}"}
        asked: dict[str, str | int] = {"format": "geojson", "minmagnitude": str(LEAST_MAGNITUDE), "orderby": "time-asc"}
        offset = 1
        while True:
            page = {"limit": PAGE_EVENTS, "offset": offset}
            body, kind = get(client, QUERY, self.spec.max_bytes, **asked, **span, **page)
            payload = Payload(f"query-{offset}.geojson", body, kind)
            yield payload
            if len(_features(payload, self.spec.max_bytes)) < PAGE_EVENTS:
                return
            offset += PAGE_EVENTS

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield each earthquake once, under its preferred id, and the deletion of its other ids."""
        features = _features(payload, self.spec.max_bytes)
        records = [_record(feature) for feature in features]
        chunk = chunk_of_records(payload.name, records, FIELDS, OPTIONAL, IGNORED, "event") if records else None
        if chunk is None:
            return
        if chunk.added:
            yield Ignored(0, f"fields that are new here and not read: {', '.join(chunk.added)[:500]}")
        chunk, gone = _without_bare(chunk)
        if gone:
            yield Ignored(0, f"events that are named as deleted, without time or place: {', '.join(gone)[:500]}")
            yield Replaces(HazardEvent, "t.source_id = 'usgs' AND t.event_id = ANY(:ids)", 1.0, {"ids": gone})
        others = chunk.frame["type"].str.casefold() != "earthquake"
        if others.any():
            yield Ignored(int(others.sum()), "an event that is no earthquake (quarry blast, explosion ...)")
            chunk = chunk.without(others)
        columns = Columns(chunk, "event")
        frame = columns.good(_events(columns, self.clock()))
        yield from columns.rejects("hazard_event")
        small = (frame["severity"] < LEAST_MAGNITUDE) & (chunk.frame["alert"][frame.index] == "") & ~frame["is_deleted"]
        if small.any():
            yield Ignored(int(small.sum()), f"an earthquake below magnitude {LEAST_MAGNITUDE} that PAGER did not rate")
            frame = frame[~small]
        if waits := int((chunk.frame["alert"][frame.index] == "pending").sum()):
            yield Ignored(0, f"PAGER's colour is under review (pending): {waits} events are green until it is told")
        if len(frame):
            rows = _once(frame, chunk.frame["ids"])
            yield Keeps(HazardEvent, "t.source_id = 'usgs' AND t.modified_at > s.modified_at", {})
            yield Rows(HazardEvent, rows.drop(columns="row"), "event " + rows["row"].astype("str"))


def _features(payload: Payload, max_bytes: int) -> list[Any]:
    """Return the features of a collection, or the one feature of a detail file."""
    body = payload.read(max_bytes)
    if (form := kind_of(body[:64])) != "a JSON document":
        raise PayloadRejected(
            payload.name, f"is {form or 'a text'}: only GeoJSON tells PAGER's colour (format=geojson)"
        )
    document = read_json(payload.name, body)
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return [document]
    features = document.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list):
        raise PayloadRejected(payload.name, f"is no GeoJSON feature collection (type {str(kind)[:40]!r})")
    told = document.get("metadata")
    if not features and (not isinstance(told, dict) or str(told.get("count")) != "0"):
        raise PayloadRejected(payload.name, "holds no event and its metadata do not say so: it is not taken for calm")
    return features


def _record(feature: Any) -> object:
    """Return a feature as one flat record; one without properties is returned as a text, and rejected later."""
    try:
        properties = object_of(object_of(feature).get("properties"))
    except ValueError:
        return shown(feature)
    geometry = feature.get("geometry")
    position = geometry.get("coordinates") if isinstance(geometry, dict) else None
    longitude, latitude = position[:2] if isinstance(position, list) and len(position) > 1 else (None, None)
    return {**properties, "id": feature.get("id"), "longitude": longitude, "latitude": latitude}


def _without_bare(chunk: Chunk) -> tuple[Chunk, list[str]]:
    """Return a chunk without the deleted events of which only ids are told, and these ids."""
    frame = chunk.frame
    is_bare = (frame[["time", "longitude", "latitude"]] == "").any(axis=1)
    bare = (frame["status"].str.lower() == "deleted") & is_bare
    told = ",".join([*frame["id"][bare], *frame["ids"][bare]]).split(",")
    return chunk.without(bare), sorted(filter(_ID.fullmatch, set(told)))


def _events(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the events of a chunk; what is wrong with them is noted in ``columns``."""
    raw = columns.chunk.frame
    columns.fault(raw["id"].str.fullmatch(_ID) != True, "id", "is no id of an event")  # noqa: E712
    columns.fault(~raw["status"].str.lower().isin(["automatic", "reviewed", "deleted", ""]), "status", "is not known")
    columns.fault(~raw["alert"].isin(list(LEVELS)), "alert", f"is none of {', '.join(filter(None, LEVELS))}")
    started_at, modified_at = _instant(columns, "time", now), _instant(columns, "updated", now)
    longitude = columns.number("longitude", needed=True)
    return pd.DataFrame(
        {
            "source_id": "usgs",
            "event_id": raw["id"],
            "kind": "earthquake",
            "title": [plain_text(t or p) or "Earthquake" for t, p in zip(raw["title"], raw["place"], strict=True)],
            "alert_level": raw["alert"].map(LEVELS),
            "started_at": started_at,
            "ended_at": started_at,
            "modified_at": modified_at,
            "is_current": False,
            "country_iso3": None,
            "longitude": longitude.where(longitude.abs() <= 180, (longitude + 180) % 360 - 180),
            "latitude": columns.number("latitude", needed=True),
            "severity": columns.number("mag"),
            "severity_unit": "M",
            "url": [link_of(text) for text in raw["url"]],
            "is_deleted": raw["status"].str.lower() == "deleted",
        }
    )


def _instant(columns: Columns, name: str, now: datetime) -> "pd.Series[pd.Timestamp]":
    """Return instants out of milliseconds since 1970; before 1900 or more than a day ahead is a fault."""
    milliseconds = columns.whole_number(name, least=-2_208_988_800_000, needed=True)
    latest = (now + timedelta(days=1)).timestamp() * 1000
    columns.fault((milliseconds > latest).fillna(value=False), name, "is more than a day ahead")
    return pd.to_datetime(milliseconds.where(milliseconds <= latest), unit="ms", utc=True)


def _once(frame: pd.DataFrame, ids: "pd.Series[str]") -> pd.DataFrame:
    """Return each earthquake under its newest preferred id, and its other ids as deleted; ``row`` is where it stood."""
    live: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for label in frame.sort_values("modified_at", kind="stable").index:
        own = {frame.at[label, "event_id"], *filter(None, ids[label].split(","))}
        for one in own:
            live.pop(one, None)
            named[one] = label
        live[frame.at[label, "event_id"]] = label
    wanted = pd.DataFrame({"event_id": list(named), "row": list(named.values())})
    rows = frame.drop(columns="event_id").loc[wanted["row"]].reset_index(drop=True).join(wanted)
    rows["is_deleted"] = rows["is_deleted"] | ~rows["event_id"].isin(list(live))
    return rows


source = Usgs()
