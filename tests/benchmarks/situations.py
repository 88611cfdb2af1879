"""The benchmark's situations (BENCHMARK.md) as situation folders (docs/formats/situation.md), for the benchmarks only.

Their conflict schedules come from a data set whose licence forbids passing them on, so nothing written here is ever
committed: a benchmark converts into a temporary folder and says so when the source is not there.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from shapely.geometry.base import BaseGeometry

from etl.border_points import derive
from etl.crossing import distance_km

ISO3 = {
    "Burkina_Faso": "BFA", "Burundi": "BDI", "CAR": "CAF", "Cameroon": "CMR", "Chad": "TCD", "DRC": "COD",
    "Egypt": "EGY", "Iraq": "IRQ", "Jordan": "JOR", "Lebanon": "LBN", "Mali": "MLI", "Mauritania": "MRT",
    "Niger": "NER", "Nigeria": "NGA", "RC": "COG", "Rwanda": "RWA", "Syria": "SYR", "Tanzania": "TZA",
    "Turkey": "TUR", "Uganda": "UGA",
}  # fmt: skip
KINDS = {"town": "town", "conflict_zone": "town", "forwarding_hub": "hub", "camp": "site"}
FILE_COUNTRIES = {"dcon": "COD", "turkey": "TUR"}
SOURCE = "FabFlee (github.com/djgroen/FabFlee); counts from UNHCR operational portals"
LICENCE = "BSD-3-Clause (repository); not for passing on"
CONFLICT_LAG_DAYS = 30


def convert(source: Path, target: Path, outlines: Mapping[str, BaseGeometry]) -> None:
    """Write the situation in ``source`` as a folder ``target`` of tables, with border points derived from ``outlines``.

    Left out are the capacities of destinations (they hold future maxima) and leading zeros (before its first report a
    site is not reported). A site that has counts and no location gets its country from the name of its file.

    Raises FileNotFoundError when there is no such situation, KeyError for an unknown country.
    """
    start, end = re.findall(r"period (\S+) \.\. (\S+)", (source / "README.txt").read_text(encoding="utf-8"))[0]
    places = _places(pd.read_csv(source / "locations.csv"))
    places = pd.concat([places, _unlocated(pd.read_csv(source / "observed.csv"), places)], ignore_index=True)
    routes = _routes(pd.read_csv(source / "routes.csv"), places)
    origin_iso3 = str(places.loc[places["kind"] == "town", "country_iso3"].mode()[0])
    derived = derive(places, routes, outlines, origin_iso3)
    closures = pd.read_csv(source / "closures.csv")
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "situation.csv", [{
        "id": target.name, "title": f"Benchmark situation {source.name}", "origin_iso3": origin_iso3,
        "start_date": start, "end_date": end, "conflict_lag_days": CONFLICT_LAG_DAYS, "registration_lag_days": 0,
        "source": SOURCE, "licence": LICENCE, "note": "For benchmarks only.",
    }])  # fmt: skip
    places["note"] = places["id"].map(derived.remarks)
    _write(target / "places.csv", _records(pd.concat([places, derived.places], ignore_index=True)))
    _write(target / "border_points.csv", _records(derived.border_points))
    _write(target / "routes.csv", _records(derived.routes))
    _write(target / "links.csv", _records(_opened(derived.links, closures, start)))
    _write(target / "status_periods.csv", _status_periods(closures, derived.routes, end))
    _write(target / "conflict_periods.csv", _conflict_periods(pd.read_csv(source / "conflict_schedule.csv")))
    _write(target / "observations.csv", _observations(pd.read_csv(source / "observed_clean.csv")))


def slug(name: str) -> str:
    """Return a name as an id: lower case, letters and digits without marks, the rest a hyphen."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _places(locations: pd.DataFrame) -> pd.DataFrame:
    kind = locations["location_type"].map(KINDS)
    return pd.DataFrame({
        "id": locations["name"].map(slug), "name": locations["name"].str.replace("_", " "), "kind": kind,
        "country_iso3": locations["country"].map(ISO3.__getitem__),
        "admin1_name": locations["region"].str.replace("_", " "), "longitude": locations["longitude"],
        "latitude": locations["latitude"], "coordinate_quality": "published",
        "population": locations["population_or_capacity"].where(kind == "town").astype("Int64"),
    })  # fmt: skip


def _unlocated(observed: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    sites = observed.drop_duplicates("camp")
    sites = sites[~sites["camp"].map(slug).isin(places["id"])]
    return pd.DataFrame(
        {
            "id": sites["camp"].map(slug),
            "name": sites["camp"],
            "kind": "site",
            "country_iso3": sites["source_file"].str.split("-").str[0].map(FILE_COUNTRIES.__getitem__),
            "coordinate_quality": "unknown",
        }
    )


def _routes(routes: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Keep one road between two places: the shortest that is not shorter than the straight line."""
    position = {p.id: (p.longitude, p.latitude) for p in places.itertuples()}
    best: dict[frozenset[str], tuple[bool, float, str, str]] = {}
    for route in routes.itertuples():
        start, end = slug(route.name1), slug(route.name2)
        too_short = route.distance_km < distance_km(position[start], position[end])
        candidate = (too_short, float(route.distance_km), start, end)
        pair = frozenset((start, end))
        best[pair] = min(candidate, best.get(pair, candidate))
    rows = [(start, end, distance) for _, distance, start, end in best.values()]
    return pd.DataFrame(rows, columns=["from_id", "to_id", "distance_km"])


def _status_periods(closures: pd.DataFrame, routes: pd.DataFrame, end: str) -> Iterable[dict[str, Any]]:
    """Return closed borders between two countries, and closed roads between two places that cross a border."""
    point = {frozenset((r.from_id, r.to_id)): r.border_point_id for r in routes.dropna().itertuples()}
    for closure in closures.itertuples():
        row = {
            "border_point_id": None, "origin_iso3": None, "host_iso3": None, "start_date": closure.start_date,
            "end_date": closure.end_date if closure.end_date < end else None, "status": "closed",
        }  # fmt: skip
        pair = frozenset((slug(closure.name1), slug(str(closure.name2))))
        if closure.closure_type == "country":
            yield row | {"origin_iso3": ISO3[closure.name1], "host_iso3": ISO3[closure.name2]}
        elif closure.closure_type == "location" and pair in point:
            yield row | {"border_point_id": point[pair]}


def _opened(links: pd.DataFrame, closures: pd.DataFrame, start: str) -> pd.DataFrame:
    """Return the links with the date since which they hold: a site that is closed at first is fed from its opening."""
    at_first = closures[closures["closure_type"].isin(["location", "camp"]) & (closures["start_date"] == start)]
    opening = dict(zip(at_first["name1"].map(slug), at_first["end_date"], strict=True))
    return links.assign(since_date=links["site_id"].map(opening))


def _conflict_periods(schedule: pd.DataFrame) -> Iterable[dict[str, Any]]:
    """Return the periods; one that lasts until the end of the file has not ended."""
    last = schedule["end_date_excl"].max()
    for row in schedule.itertuples():
        end = row.end_date_excl if row.end_date_excl < last else None
        yield {
            "place_id": slug(row.location), "start_date": row.start_date, "end_date": end,
            "intensity": row.intensity, "source": "conflict schedule of the benchmark",
        }  # fmt: skip


def _observations(observed: pd.DataFrame) -> Iterable[dict[str, Any]]:
    observed = observed.sort_values(["camp", "date"], kind="stable")
    reported = observed.groupby("camp")["count"].cummax() > 0
    for row in observed[reported].rename(columns={"count": "people"}).itertuples():
        yield {
            "place_id": slug(row.camp), "measure": "stock", "direction": "present", "population_group": "refugees",
            "period_start_date": row.date, "period_end_date": row.date, "people": int(row.people),
            "source_id": "unhcr",
        }  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
