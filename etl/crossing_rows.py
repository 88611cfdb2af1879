"""Rows of a situation that is no more than a list of border points: nobody was counted there yet."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath

import pandas as pd

from data.schema.border_point import BorderPoint
from data.schema.place import Place
from data.schema.situation import Situation
from etl.source import Item, Keeps, Replaces, Rows

MOST_VANISHED_SHARE = 0.5


@dataclass(frozen=True)
class Facts:
    """What the situation is: id, title, its first day, where it comes from and under which licence."""

    id: str
    title: str
    start_date: date
    source: str
    licence: str
    note: str


@dataclass(frozen=True)
class BorderPost:
    """One border point: its local id, the two countries (people arrive in ``host_iso3``), and where it stood.

    ``longitude`` and ``latitude`` are missing where nobody published them.
    """

    id: str
    name: str
    kind: str
    origin_iso3: str
    host_iso3: str
    longitude: float | None
    latitude: float | None
    note: str
    locator: str


def slug(text: str) -> str:
    """Return a text as a local id: lower-case ASCII letters and digits with single hyphens, at most 80 characters.

    >>> slug("Uhryniv - Dolhobyczów"), slug("Хребенне")
    ('uhryniv-dolhobyczow', '')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:80].strip("-")


def file_slug(name: str) -> str:
    """Return what a file is about, from its name without endings, "latest" and a date.

    >>> file_slug("UKR_Border_Crossings_20230530.geojson"), file_slug("liechtenstein-latest.osm.pbf")
    ('ukr-border-crossings', 'liechtenstein')
    """
    return re.sub(r"(-(latest|\d{6,8}|\d{4}-\d\d-\d\d))+$", "", slug(PurePosixPath(name).name.partition(".")[0]))


def rows(facts: Facts, points: Sequence[BorderPost], *, is_whole: bool) -> Iterator[Item]:
    """Yield the situation, its places and its border points.

    The situation stays as it was first told, so that its first day does not move with each new file. ``is_whole``
    says that it has no other border points: what it lacks is deleted (as a version).
    """
    prefix = f"{facts.id}:"
    origin = Counter(point.origin_iso3 for point in points)
    first = {
        **facts.__dict__, "origin_iso3": min(origin, key=lambda iso3: (-origin[iso3], iso3)), "end_date": None,
        "conflict_lag_days": 0, "registration_lag_days": 0, "assumed_known_at": instant(facts.start_date),
    }  # fmt: skip
    yield Keeps(Situation, "t.id = :id", {"id": facts.id})
    yield Rows(Situation, pd.DataFrame([first]), pd.Series(["the file as a whole"], dtype="str"))
    frame = pd.DataFrame([point.__dict__ for point in points])
    locators = frame["locator"].astype("str")
    ids = prefix + frame["id"]
    known = instant(facts.start_date)
    places = frame[["name", "longitude", "latitude", "note"]].assign(
        id=ids, situation_id=facts.id, kind="border_point", country_iso3=frame["host_iso3"], assumed_known_at=known,
        coordinate_quality=frame["longitude"].notna().map({True: "published", False: "unknown"}),
    )  # fmt: skip
    yield Rows(Place, places, locators)
    yield Rows(
        BorderPoint, frame[["kind", "origin_iso3", "host_iso3"]].assign(id=ids, assumed_known_at=known), locators
    )
    if is_whole:
        yield Replaces(Place, "starts_with(t.id, :prefix)", MOST_VANISHED_SHARE, {"prefix": prefix})
        yield Replaces(BorderPoint, "starts_with(t.id, :prefix)", 1.0, {"prefix": prefix})


def instant(day: date) -> datetime:
    """Return the first instant of a day, UTC."""
    return datetime.combine(day, time(), UTC)
