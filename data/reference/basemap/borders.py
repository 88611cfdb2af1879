"""Land boundary lines between countries, each with the kind a United Nations map would give its line style by."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

INTERNATIONAL, DISPUTED, INDEFINITE, LINE_OF_CONTROL = "international", "disputed", "indefinite", "line_of_control"
# Every class the file holds: a kind, or None for lines that are no boundary between countries.
KIND_OF_CLASS: dict[str, str | None] = {
    "International boundary (verify)": INTERNATIONAL,
    "International boundary (Magics)": INTERNATIONAL,
    "ForgetMagics": None,  # the sand wall inside Western Sahara: a military position, no boundary
    "Disputed (please verify)": DISPUTED,
    "Indefinite (please verify)": INDEFINITE,
    "Indeterminant frontier": INDEFINITE,
    "Line of control (please verify)": LINE_OF_CONTROL,
    "Lease limit": None,
    "Overlay limit": None,
}
# Notes on United Nations maps: the Sudan - South Sudan boundary is not yet determined.
KIND_OF_PAIR: dict[frozenset[str], str] = {
    frozenset({"SDS", "SDN"}): INDEFINITE,
}
# The boundary of the Non-Self-Governing Territory, which the file lacks: 27 degrees 40 minutes north.
WESTERN_SAHARA_LINE = shapely.LineString([(-13.17, 27.0 + 40.0 / 60.0), (-8.67, 27.0 + 40.0 / 60.0)])
# Halaib: both Egypt and Sudan claim the land north of this stretch.
DISPUTED_STRETCHES: dict[frozenset[str], Any] = {frozenset({"EGY", "SDN"}): shapely.box(33.17, 21.5, 37.5, 22.7)}


def read_borders(magics: Path) -> Any:
    """Read boundary lines from an unpacked libmagics++-data package: columns kind, geometry (EPSG:4326).

    Raises KeyError for a class of line that KIND_OF_CLASS does not account for.
    """
    source = magics / "usr" / "share" / "magics" / "10m" / "ne_10m_admin_0_boundary_lines_land.shp"
    raw = gpd.read_file(source, columns=["featurecla", "adm0_a3_l", "adm0_a3_r"])
    rows: list[tuple[str, Any]] = [(INDEFINITE, WESTERN_SAHARA_LINE)]
    for line_class, left, right, line in zip(
        raw["featurecla"], raw["adm0_a3_l"], raw["adm0_a3_r"], raw.geometry, strict=True
    ):
        kind = KIND_OF_CLASS[line_class]
        if kind is None:
            continue
        pair = frozenset({left, right})
        stretch = DISPUTED_STRETCHES.get(pair)
        if stretch is not None:
            rows.append((DISPUTED, line.intersection(stretch)))
            line = line.difference(stretch)  # noqa: PLW2901
        rows.append((KIND_OF_PAIR.get(pair, kind), line))
    lines = pd.DataFrame(rows, columns=["kind", "geometry"])
    return gpd.GeoDataFrame(lines, geometry="geometry", crs="EPSG:4326").dissolve(by="kind", as_index=False)
