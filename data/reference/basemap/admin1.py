"""First-level administrative units: the lines between them inside each country, and a label point for each."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from data.reference.basemap.names import LANGUAGES, without_unit_word

# Natural Earth's min_label of units that its own maps never label.
NEVER_LABELLED = 18


@dataclass(frozen=True)
class Unit:
    """One unit: the country's ISO alpha-2 code, names by language, Natural Earth's label zoom, polygon, label point."""

    alpha2: str
    names: dict[str, str]
    label_zoom: float
    polygon: BaseGeometry
    point: BaseGeometry


def read_units(package: Path) -> tuple[list[Unit], int]:
    """Read the units of an unpacked @fuzzysaj/nat-earth-geojson-cache; also how many polygons were repaired."""
    source = package / "package" / "data" / "ne_10m_admin_1_states_provinces.json.gz"
    with gzip.open(source, "rt", encoding="utf-8") as stream:
        features = json.load(stream)["features"]
    shapes = [shape(feature["geometry"]) for feature in features]
    repaired = sum(not polygon.is_valid for polygon in shapes)
    units = [
        _unit(feature["properties"], shapely.make_valid(polygon))
        for feature, polygon in zip(features, shapes, strict=True)
    ]
    return _without_shared_names(units), repaired


def inner_lines(polygons: Iterable[BaseGeometry]) -> BaseGeometry:
    """Return the edges that two of the polygons share, merged into lines.

    Natural Earth's neighbours share vertices exactly, so an edge seen twice lies between two units.

    >>> inner_lines([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]).wkt
    'LINESTRING (1 0, 1 1)'
    """
    seen: Counter[tuple[tuple[float, float], tuple[float, float]]] = Counter()
    for polygon in polygons:
        for ring in shapely.get_rings(shapely.get_parts(polygon)):
            corners = [(x, y) for x, y in shapely.get_coordinates(ring).tolist()]
            seen.update((min(a, b), max(a, b)) for a, b in pairwise(corners))
    return shapely.line_merge(shapely.MultiLineString([edge for edge, count in seen.items() if count > 1]))


def _unit(properties: dict[str, Any], polygon: BaseGeometry) -> Unit:
    names = {"en": properties["name_en"] or properties["name"]}
    names |= {language: properties[f"name_{language}"] for language in LANGUAGES[1:]}
    names = {language: without_unit_word(name, language) for language, name in names.items() if name}
    published = shapely.Point(properties["longitude"], properties["latitude"])
    code = properties["iso_3166_2"] or ""
    # The ISO 3166-2 code says the country where Natural Earth's own code says who controls the place (Crimea).
    alpha2 = code[:2] if code[:2].isalpha() else properties["iso_a2"]
    return Unit(
        alpha2=alpha2,
        names=names,
        label_zoom=float(properties["min_label"]),
        polygon=polygon,
        point=published if polygon.contains(published) else polygon.representative_point(),
    )


def _without_shared_names(units: list[Unit]) -> list[Unit]:
    """Drop a translated name that two units of a country bear: one of them is wrong, and it cannot be told which."""
    borne = Counter((unit.alpha2, language, name) for unit in units for language, name in unit.names.items())
    return [
        Unit(
            unit.alpha2,
            {k: v for k, v in unit.names.items() if k == "en" or borne[(unit.alpha2, k, v)] == 1},
            unit.label_zoom,
            unit.polygon,
            unit.point,
        )
        for unit in units
    ]
