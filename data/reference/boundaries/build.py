"""Build countries.parquet and countries.json: `python -m data.reference.boundaries.build`.

The polygons answer "does this point lie in the country it declares, within a tolerance"; they are not for drawing.
Needs what data.reference.basemap.build needs, except tippecanoe.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from data.reference.basemap.countries import Countries, iso3_of_alpha2, polygonal, read_countries
from data.reference.basemap.names import country_names
from data.reference.basemap.packages import DISCLAIMER, WORLD_ATLAS, fetch, sha256_of
from data.settings import read_settings

TARGET = Path(__file__).with_name("countries.parquet")
# Douglas-Peucker: a boundary moves by about 1 km at most, 2.5 km on some Arctic coasts.
TOLERANCE_DEGREES = 0.01
# Coordinates are kept to about 11 m, which makes the file compress to a third.
GRID_DEGREES = 0.0001
# Islands below about 1 km2 go, unless they are all a country has.
SMALLEST_PART_SQUARE_DEGREES = 1e-4


def main() -> None:
    """Download, simplify, and write the two files beside this module."""
    countries = read_countries(fetch(WORLD_ATLAS, read_settings().paths.var / "basemap"))
    frame = simplified(countries.frame)
    frame.to_parquet(TARGET, index=False, compression="zstd", compression_level=19)
    _write_origin(countries, frame)


def simplified(frame: Any) -> Any:
    """Columns iso3, name_en, geometry: valid polygons. Neighbours may overlap or leave a gap of up to the tolerance."""
    kept = [_without_specks(geometry) for geometry in frame.geometry]
    coarse = [polygonal(shapely.set_precision(geometry.simplify(TOLERANCE_DEGREES), GRID_DEGREES)) for geometry in kept]
    english = {iso3: country_names(alpha2).get("en") for alpha2, iso3 in iso3_of_alpha2().items()}
    return gpd.GeoDataFrame(
        {"iso3": frame["iso3"], "name_en": [english[iso3] for iso3 in frame["iso3"]]}, geometry=coarse, crs=frame.crs
    )


def _without_specks(geometry: Any) -> Any:
    parts = sorted(shapely.get_parts(geometry), key=lambda part: -float(part.area))
    return shapely.multipolygons(parts[:1] + [part for part in parts[1:] if part.area >= SMALLEST_PART_SQUARE_DEGREES])


def _write_origin(countries: Countries, frame: Any) -> None:
    origin = {
        "file": TARGET.name,
        "sha256": sha256_of(TARGET),
        "bytes": TARGET.stat().st_size,
        "built_date": datetime.now(UTC).date().isoformat(),
        "rebuild": "python -m data.reference.boundaries.build",
        "columns": ["iso3", "name_en", "geometry"],
        "crs": "EPSG:4326",
        "rows": len(frame),
        "vertices": int(shapely.get_num_coordinates(frame.geometry.values).sum()),
        "tolerance_degrees": TOLERANCE_DEGREES,
        "polygons_repaired": countries.repaired,
        "areas_left_out": list(countries.left_out),
        "iso3_without_polygon": list(countries.without_polygon),
        "corrections": [
            "Crimea and Sevastopol are Ukraine (General Assembly resolution 68/262)",
            "Western Sahara is the land south of 27 degrees 40 minutes north (Non-Self-Governing Territories)",
            "Somaliland is Somalia; northern Cyprus and the buffer zone are Cyprus",
        ],
        "disclaimer": DISCLAIMER,
        "origin": [WORLD_ATLAS.described()],
    }
    text = json.dumps(origin, ensure_ascii=False, indent=2)
    TARGET.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
