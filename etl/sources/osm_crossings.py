"""Border crossings from OpenStreetMap: extracts of a country (``.osm.pbf``), and answers of the Overpass API.

What is decided here, where the map leaves it open:

- A crossing is mapped as several objects: those within 300 m of each other, or of one name within 2 km, are one. It
  stands in their middle, is called by their names, and keeps the lowest of their ids.
- The map does not say which countries a crossing joins: they are the two whose outlines are nearest, within 10 km. A
  border control without two such countries is rejected (an airport, a wrong outline), an inland customs office ignored.
- The map does not say from where to where people flee. ``origin_iso3`` is the country that the extract is named
  after, or else the one that most of its crossings join.
- Each extract is a situation of its own (``osm-liechtenstein``), the whole truth of its border points while none of it
  is rejected.
- The Open Database Licence asks that a database derived from the map is shared alike: the rows stay apart by their ids
  and carry the attribution.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np

from data.errors import PayloadRejected
from data.schema.border_point import BorderPoint
from data.schema.place import Place
from data.schema.situation import Situation
from etl.client import post
from etl.clusters import clusters
from etl.countries import HELP, iso3_of_name, wanted
from etl.crossing_rows import BorderPost, Facts, file_slug, rows
from etl.first_bytes import kind_of
from etl.markup import plain_text
from etl.near_border import FARTHEST_POST_KM, countries_near
from etl.osm_extract import Post, from_extract, from_overpass
from etl.source import Ignored, Item, Payload, Reject, Spec, Window

ATTRIBUTION = "© OpenStreetMap contributors"
PAUSE_SECONDS = 5.0
_QUERY = """[out:json][timeout:180];
rel["ISO3166-1:alpha3"="{iso3}"]["boundary"="administrative"]["admin_level"="2"]->.country;
way(r.country)->.border;
(nwr["barrier"="border_control"](around.border:3000);
nwr["amenity"="customs"](around.border:3000);
nwr["government"="customs"](around.border:3000););
out center;"""
_MOST_NAMES = 4


class OsmCrossings:
    """The source; see the module. ``clock`` tells now: the first day of a situation that no file was loaded for yet."""

    spec = Spec(
        id="osm_crossings",
        title="Border crossings of OpenStreetMap",
        publisher="OpenStreetMap contributors",
        url="https://overpass-api.de/api/interpreter",
        licence="ODbL 1.0 (share alike; © OpenStreetMap contributors)",
        cadence=timedelta(days=30),
        tables=(Situation, Place, BorderPoint),
        first_date=None,
        rows=(3, 100_000),
        key_setting="WAYPOST_COUNTRIES",
        key_help=HELP,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the map as it is
        """Yield one answer for each country in WAYPOST_COUNTRIES: what stands within 3 km of its border."""
        for number, iso3 in enumerate(wanted()):
            time.sleep(PAUSE_SECONDS if number else 0)
            body, kind = post(client, self.spec.url, self.spec.max_bytes, data=_QUERY.format(iso3=iso3))
            yield Payload(f"{iso3.lower()}.json", body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the situation, places and border points of one extract."""
        with payload.open() as stream:
            is_json = kind_of(stream.read(64)) == "a JSON document"
        extract = (from_overpass if is_json else from_extract)(payload, self.spec.max_bytes)
        name = file_slug(payload.name)
        if not name:
            raise PayloadRejected(payload.name, "has no name to call its situation by")
        if extract.relations:
            yield Ignored(extract.relations, "relations, which are compounds and no crossing points")
        rejects = [Reject("place", p.id, "has no coordinates", _raw([p])) for p in extract.posts if p.position is None]
        points: list[BorderPost] = []
        inland = 0
        for group in _groups(payload.name, [p for p in extract.posts if p.position is not None]):
            found = _border_post(group)
            if isinstance(found, BorderPost):
                points.append(found)
            elif any(p.tags.get("barrier") == "border_control" for p in group):
                rejects.append(Reject("place", _ids(group), found, _raw(group)))
            else:
                inland += len(group)
        yield from rejects
        if inland:
            yield Ignored(inland, f"customs offices without two countries within {FARTHEST_POST_KM:g} km")
        if points:
            yield from rows(
                self._facts(name), _turned(points, iso3_of_name(name.replace("-", " "))), is_whole=not rejects
            )

    def _facts(self, name: str) -> Facts:
        """Return the situation of an extract."""
        return Facts(
            id=f"osm-{name}",
            title=f"Border crossings of OpenStreetMap: {name}",
            start_date=self.clock().date(),
            source=ATTRIBUTION,
            licence="ODbL 1.0: a database derived from these rows is shared alike",
            note="Mapped by volunteers: a crossing that is not here may exist, one that is here may be closed.",
        )


def _groups(name: str, posts: Sequence[Post]) -> Iterator[list[Post]]:
    """Yield the objects that are one crossing, each group and the groups in the order of their ids."""
    ordered = sorted(posts, key=lambda p: (p.id[0], len(p.id), p.id))
    try:
        numbers = clusters([p.position or (0.0, 0.0) for p in ordered], [_name(p).casefold() for p in ordered])
    except ValueError as error:
        raise PayloadRejected(name, str(error)) from error
    groups: dict[int, list[Post]] = {}
    for post_, number in zip(ordered, numbers.tolist(), strict=True):
        groups.setdefault(number, []).append(post_)
    yield from groups.values()


def _border_post(group: Sequence[Post]) -> BorderPost | str:
    """Return the crossing of a group of objects, or in words why it is none."""
    longitude, latitude = np.mean([p.position for p in group if p.position], axis=0).round(7).tolist()
    near = countries_near((longitude, latitude))
    told = ", ".join(f"{iso3} {km:.1f} km" for iso3, km in near.items())
    if len(near) < 2:
        where = f"longitude {longitude}, latitude {latitude}"
        return f"{where} has no two countries within {FARTHEST_POST_KM:g} km ({told or 'none at all'})"
    first, second = sorted(list(near)[:2])
    third = f" A third country is near ({told}): which two it joins is less certain." if len(near) > 2 else ""
    names = list(dict.fromkeys(name for name in map(_name, group) if name))[:_MOST_NAMES]
    return BorderPost(
        id=group[0].id,
        name=" / ".join(names) or f"Crossing {first}-{second} ({group[0].id})",
        kind="official",
        origin_iso3=first,
        host_iso3=second,
        longitude=longitude,
        latitude=latitude,
        note=f"{ATTRIBUTION}, ODbL 1.0: {_ids(group)}.{third}",
        locator=_ids(group),
    )


def _turned(points: Sequence[BorderPost], home: str | None) -> list[BorderPost]:
    """Return the crossings with one country as the origin where they join it (missing: the one most of them join)."""
    joined = Counter(iso3 for point in points for iso3 in (point.origin_iso3, point.host_iso3))
    home = home if home in joined else min(joined, key=lambda iso3: (-joined[iso3], iso3))
    return [replace(p, origin_iso3=home, host_iso3=p.origin_iso3) if p.host_iso3 == home else p for p in points]


def _name(post_: Post) -> str:
    """Return what an object is called, "" without a name."""
    return next((text for key in ("name", "name:en", "ref") if (text := plain_text(post_.tags.get(key, "")))), "")


def _ids(group: Sequence[Post]) -> str:
    """Return the ids of objects."""
    return ", ".join(p.id for p in group[:20]) + (f" and {len(group) - 20} more" if len(group) > 20 else "")


def _raw(group: Sequence[Post]) -> str:
    """Return what the map says of objects."""
    return json.dumps([{"id": p.id, "position": p.position, "tags": p.tags} for p in group], ensure_ascii=False)[:2000]


source = OsmCrossings()
