"""Write the tables of the situation car2013 from the evidence: ``python build_car2013.py SHARED [TARGET]``.

A script and no part of the package ``data``: it derives border points with ``etl``, so run it with the project's root
on PYTHONPATH. SHARED is a folder with ``benchmark/situations/car2013``, ``samples/ucdp`` and ``samples/cod_ab``. The
same input gives the same bytes. What was done with the source, and why, is in the ``origin.json`` that it writes.
"""

import argparse
import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from etl.border_points import Derived, derive

START_DATE, END_DATE = "2013-12-01", "2016-02-29"
# Conflict before the start is the history that a forecast at the start may know; the month after is for its delay.
EVENTS_FROM, EVENTS_TO = "2012-06-01", "2016-03-31"
ISO3 = {"CAR": "CAF", "Cameroon": "CMR", "Chad": "TCD", "DRC": "COD", "RC": "COG"}
KINDS = {"town": "town", "conflict_zone": "town", "forwarding_hub": "hub", "camp": "site"}
NAMES = {"Brazaville": "Brazzaville", "RN1": "road 1", "RN8": "road 8", "N24": "road 24"}
SITE_KINDS = {
    "east": "regional_aggregate", "adamaoua": "regional_aggregate", "brazzaville": "urban", "bossobolo": "unknown",
}  # fmt: skip
PLACE_NOTES = {
    "east": "Counts the whole East Region of Cameroon, Gado-Badzere included; one point stands for the region.",
    "gado-badzere": "Its refugees are counted within East.",
    "adamaoua": "Counts the whole Adamawa Region of Cameroon; one point stands for the region.",
    "road-1": "A junction that the source calls RN1.",
    "road-8": "A junction that the source calls RN8.",
    "road-24": "A junction that the source calls N24.",
    "bossobolo": "The source has counts and no location; the country is known from the file that holds them.",
}
COLUMNS = {
    "situation": "id title origin_iso3 start_date end_date conflict_lag_days registration_lag_days source licence note",
    "places": "id name kind country_iso3 admin1_name longitude latitude coordinate_quality population note",
    "border_points": "id kind origin_iso3 host_iso3 opposite_id",
    "sites": "id kind",
    "links": "border_point_id site_id distance_km since_date",
    "routes": "from_id to_id distance_km border_point_id",
    "status_periods": "border_point_id origin_iso3 host_iso3 start_date end_date status note",
    "observations": "place_id measure direction population_group period_start_date period_end_date people"
    " window_start_hour window_end_hour quality source_id note",
}
# UCDP GED codebook 23.1, in the order of the published CSV. Free text is left empty: it is not used, it is most of the
# size, and it can name people.
EVENT_COLUMNS = (
    "id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id conflict_name dyad_dset_id"
    " dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a side_b_dset_id side_b_new_id side_b number_of_sources"
    " source_article source_office source_date source_headline source_original where_prec where_coordinates"
    " where_description adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id region event_clarity"
    " date_prec date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob"
)
LEFT_EMPTY = "relid source_article source_office source_date source_headline source_original where_description"
FABFLEE = {
    "origin": "FabFlee, config_files/validation/SWEEP/car2013, snapshot 99335a0063cb2c304aee5ff2a7af739fcb5b8e9a;"
    " the counts are registrations published on UNHCR's operational portal",
    "licence": "BSD-3-Clause, Copyright (c) 2018, Derek Groen (LICENSE-FabFlee.txt)",
    "date": "2025-07-18",
}
COD_AB = {
    "origin": "routes of FabFlee intersected with COD-AB Central African Republic admin 0 (OCHA, valid 2015-06-15)",
    "licence": "BSD-3-Clause (LICENSE-FabFlee.txt); CC BY 3.0 IGO (COD-AB, OCHA)",
    "date": "2025-07-18",
}
UCDP = {
    "origin": "UCDP GED 23.1, country 482, through the conversion github.com/optgeo/ucdp-23.1-482, carried back into"
    " the columns of the published CSV. Sundberg and Melander (2013), Introducing the UCDP Georeferenced Event Dataset,"
    " Journal of Peace Research 50(4); Davies, Pettersson and Öberg (2023), Organized violence 1989-2022, Journal of"
    " Peace Research 60(4)",
    "licence": "CC BY 4.0",
    "date": "2023",
}
OURS = {"origin": "written for Waypost", "licence": "Apache-2.0", "date": "2026-11-21"}
ORIGINS = {
    "situation": OURS, "places": FABFLEE, "sites": FABFLEE, "border_points": COD_AB, "links": COD_AB, "routes": COD_AB,
    "status_periods": FABFLEE, "observations": FABFLEE, "conflict_events": UCDP,
}  # fmt: skip
TREATMENT = [
    "Not used: population_or_capacity (capacities are future maxima, and a population is given exactly for the places"
    " in conflict), conflict_day and the type conflict_zone (another data set, not for passing on), conflict_schedule,"
    " registration_corrections (hindsight), total_refugees (sums), forced_redirection (empty).",
    "Observations are the registered stock of observed_clean.csv up to the situation's last day. Leading zeros are not"
    " counts and are left out: 2013-12-01 at Adamaoua, East, Betou and Bili, and 2015-04-01 at Bili, a day on which no"
    " other site of the country reports.",
    "Series of observed_extra_series.csv are left out. cam-gado is a part of East: on 16 days from 2014-03-18 to"
    " 2015-01-31 the source's total of Cameroon is exactly East + Adamaoua, which leaves nothing for the 3,881 to"
    " 18,792 people of cam-gado; on 9 days from 2014-07-27 to 2014-10-05 the total is 59,334 more, always the same,"
    " and from 2015-04-12 on it is 2,769 to 7,154 more, fewer than cam-gado has. Gado-Badzere as a site would count"
    " people twice; it stays a hub. The series of whole countries and of people outside camps have no place.",
    "Border points, links and the border_point_id of routes are derived (docs/formats/situation.md).",
    "relid is lost in the conversion (0 everywhere) and left empty, as are the free texts of events.",
]


def main() -> None:
    """Read the two paths and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("target", type=Path, nargs="?", default=Path(__file__).with_name("car2013"))
    options = parser.parse_args()
    build(options.shared, options.target)


def build(shared: Path, target: Path) -> None:
    """Write every table and ``origin.json`` into ``target``."""
    source = shared / "benchmark" / "situations" / "car2013"
    derived, places = _geography(source, shared / "samples" / "cod_ab" / "caf_admin0.parquet")
    target.mkdir(parents=True, exist_ok=True)
    tables: dict[str, Iterable[Mapping[str, Any]]] = {
        "situation": [_situation()],
        "places": _records(places),
        "border_points": _records(derived.border_points),
        "sites": [
            {"id": site, "kind": SITE_KINDS.get(site, "camp")} for site in places.loc[places["kind"] == "site", "id"]
        ],
        "links": _records(derived.links),
        "routes": _records(derived.routes),
        "status_periods": _status_periods(pd.read_csv(source / "closures.csv"), derived.border_points),
        "observations": _observations(pd.read_csv(source / "observed_clean.csv")),
    }
    for name, rows in tables.items():
        _write(target / f"{name}.csv", COLUMNS[name].split(), rows)
    collection = shared / "samples" / "ucdp" / "ged231_central_african_republic.geojson"
    events = _events(json.loads(collection.read_text(encoding="utf-8")))
    _write(target / "conflict_events.csv", EVENT_COLUMNS.split(), events)
    _write_origin(target)


def slug(name: str) -> str:
    """Return a name as a local id: ASCII lower case letters and digits, anything else a hyphen."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def local_id(name: str) -> str:
    """Return the id of a place by its name in the source."""
    return slug(NAMES.get(name, name))


def _situation() -> dict[str, Any]:
    return {
        "id": "car2013", "title": "Central African Republic, December 2013 to February 2016", "origin_iso3": "CAF",
        "start_date": START_DATE, "end_date": END_DATE, "conflict_lag_days": 30, "registration_lag_days": 0,
        "source": "UNHCR registrations and closures through FabFlee; UCDP GED 23.1; COD-AB",
        "licence": "BSD-3-Clause (FabFlee); CC BY 4.0 (UCDP); CC BY 3.0 IGO (COD-AB)",
        "note": "Counts are registered stocks 10 to 31 days apart, not arrivals. Assumed: a registration is known on"
        " its date, a conflict event 30 days after it. Border points are derived and approximate. No capacity was"
        " assessed.",
    }  # fmt: skip


def _geography(source: Path, outline: Path) -> tuple[Derived, pd.DataFrame]:
    """Return what derives from the routes, and all places with what is to be said of each."""
    locations = pd.read_csv(source / "locations.csv")
    places = pd.DataFrame({
        "id": locations["name"].map(local_id), "name": locations["name"].replace(NAMES),
        "kind": locations["location_type"].map(KINDS), "country_iso3": locations["country"].map(ISO3),
        "admin1_name": locations["region"].str.replace("_", " "), "longitude": locations["longitude"],
        "latitude": locations["latitude"], "coordinate_quality": "published",
    })  # fmt: skip
    regions = places["id"].map(SITE_KINDS) == "regional_aggregate"
    places.loc[regions, "coordinate_quality"] = "centroid"
    bossobolo = {"id": "bossobolo", "name": "Bossobolo", "kind": "site", "country_iso3": "COD"}
    places = pd.concat([places, pd.DataFrame([bossobolo | {"coordinate_quality": "unknown"}])], ignore_index=True)
    edges = pd.read_csv(source / "routes.csv")
    routes = pd.DataFrame({
        "from_id": edges["name1"].map(local_id), "to_id": edges["name2"].map(local_id),
        "distance_km": edges["distance_km"].astype(float),
    })  # fmt: skip
    derived = derive(places, routes, {"CAF": gpd.read_parquet(outline).geometry.union_all()}, "CAF")
    notes = [[PLACE_NOTES.get(place), derived.remarks.get(place)] for place in places["id"]]
    places["note"] = [" ".join(filter(None, texts)) for texts in notes]
    # Sorted, because the source's order tells which places came into conflict, and when.
    return derived, pd.concat([places, derived.places], ignore_index=True).sort_values("id", ignore_index=True)


def _status_periods(closures: pd.DataFrame, border_points: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each closure of a border for each of its points; an end that is only the file's end is no end."""
    for closure in closures.itertuples():
        if closure.closure_type != "country" or closure.name1 != "CAR":
            raise ValueError(f"unknown closure: {closure}")
        for point in border_points[border_points["host_iso3"] == ISO3[closure.name2]].itertuples():
            yield {
                "border_point_id": point.id, "start_date": closure.start_date, "status": "closed",
                "end_date": closure.end_date if closure.end_date < END_DATE else None,
                "note": f"Border with {point.host_iso3} closed as a whole, by the source's closures.csv.",
            }  # fmt: skip


def _observations(observed: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the stocks by site and date, each first report and large step with what it is not."""
    observed = observed[observed["date"] <= END_DATE].sort_values(["camp", "date"], kind="stable")
    for camp, series in observed.groupby("camp"):
        reported = series[series["count"].cummax() > 0]
        for previous, row in zip([None, *reported.itertuples()][:-1], reported.itertuples(), strict=True):
            yield {
                "place_id": local_id(str(camp)), "measure": "stock", "direction": "present",
                "population_group": "refugees", "period_start_date": row.date, "period_end_date": row.date,
                "people": row[3], "window_start_hour": 0, "window_end_hour": 24, "quality": "reported",
                "source_id": "unhcr", "note": _remark(str(camp), previous, row),
            }  # fmt: skip


def _remark(camp: str, previous: Any, row: Any) -> str:
    """Return what must be known of a count that is no ordinary step from the one before; nothing for the others."""
    if previous is None:
        return "First report: before it the site is not reported, which is not zero. May include people long there."
    change = row[3] - previous[3]
    if (camp, row.date) in {("East", "2014-10-19"), ("East", "2015-04-12"), ("Adamaoua", "2015-04-12")}:
        return f"{change:+,} since {previous.date}: registration catch-up, not arrivals."
    if camp == "Betou" and change < -10_000:
        return f"{change:+,} since {previous.date}: the report before stands alone; not departures."
    return ""


def _events(collection: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events that end in the window, by date and id, in the shape of the published CSV."""
    features = [feature for feature in collection["features"] if _ends_within(feature["properties"])]
    for feature in sorted(features, key=lambda f: (f["properties"]["date_start"], f["properties"]["id"])):
        facts = dict(feature["properties"])
        longitude, latitude = feature["geometry"]["coordinates"]
        dates = {name: facts[name].replace("T00:00:00", " 00:00:00.000") for name in ("date_start", "date_end")}
        place = {"longitude": longitude, "latitude": latitude, "geom_wkt": f"POINT ({longitude} {latitude})"}
        yield facts | dates | place | dict.fromkeys(LEFT_EMPTY.split(), "")


def _ends_within(facts: Mapping[str, Any]) -> bool:
    return EVENTS_FROM <= str(facts["date_end"])[:10] <= EVENTS_TO


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values, missing as None and distances to 100 m."""
    if "distance_km" in frame:
        frame = frame.assign(distance_km=frame["distance_km"].round(1))
    records: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return records


def _write(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_origin(target: Path) -> None:
    """Write origin, licence, date and SHA-256 of each table."""
    files = {}
    for name, origin in ORIGINS.items():
        content = (target / f"{name}.csv").read_bytes()
        size = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        files[f"{name}.csv"] = {**origin, "rows": content.count(b"\n") - 1, **size}
    described = {"files": files, "treatment": TREATMENT}
    text = json.dumps(described, ensure_ascii=False, indent=2)
    (target / "origin.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
