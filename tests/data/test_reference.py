"""The committed reference situation: unchanged since it was built, and true to what its source is."""

import csv
import hashlib
import importlib.util
import json
from datetime import date
from pathlib import Path

import pytest

import data

SITUATIONS = Path(data.__file__).parent / "reference" / "situations"
CAR2013 = SITUATIONS / "car2013"
EVIDENCE = Path(__file__).parents[3] / "shared"

CROSSINGS = {
    "Gamboula–Lolo": (4.139, 15.107), "Baboua–Gado-Badzere": (5.775, 14.627), "Paoua–Borgop": (6.987, 15.143),
    "Beboura–Gore": (7.760, 16.635), "Kabo–Belom": (8.233, 18.719), "road 8–Moyo": (9.842, 21.129),
    "Bangui–Mole": (4.345, 18.561), "Mobaye–Gbadolite": (4.315, 21.161), "Zemio–Mboti": (5.014, 25.148),
    "Mbaiki–Betou": (3.494, 18.235),
}  # fmt: skip
"""Latitude and longitude of the crossings, as the project's brief lists them."""


def rows(name: str) -> list[dict[str, str]]:
    with (CAR2013 / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_table_has_its_origin_and_is_unchanged():
    described = json.loads((CAR2013 / "origin.json").read_text(encoding="utf-8"))["files"]
    assert set(described) == {path.name for path in CAR2013.glob("*.csv")}
    for name, origin in described.items():
        content = (CAR2013 / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == origin["sha256"], name
        assert len(content) == origin["bytes"]
        assert origin["origin"]
        assert origin["licence"]
        assert origin["date"]


def test_the_folder_stays_small():
    assert sum(path.stat().st_size for path in CAR2013.iterdir()) < 600_000


def test_the_ten_crossings_are_where_they_must_be():
    points = {row["name"]: row for row in rows("places") if row["kind"] == "border_point"}
    assert set(points) == set(CROSSINGS)
    for name, (latitude, longitude) in CROSSINGS.items():
        assert float(points[name]["latitude"]) == pytest.approx(latitude, abs=0.01)
        assert float(points[name]["longitude"]) == pytest.approx(longitude, abs=0.01)
        assert points[name]["coordinate_quality"] == "derived_approximate"
    assert {row["id"] for row in rows("border_points")} == {row["id"] for row in points.values()}


def test_nothing_of_what_must_not_be_passed_on_is_there():
    for path in CAR2013.glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0]
        assert "conflict_day" not in header
        assert "capacity" not in header
    places = rows("places")
    assert {row["kind"] for row in places} == {"town", "hub", "site", "border_point"}
    # The source gives a population exactly for the places in conflict, in the order in which conflict reached them.
    assert {row["population"] for row in places} == {""}
    assert [row["id"] for row in places] == sorted(row["id"] for row in places)
    assert not (CAR2013 / "conflict_periods.csv").exists()


def test_no_zero_stands_for_no_report():
    observations = rows("observations")
    assert len(observations) == 377
    assert min(int(row["people"]) for row in observations) > 0
    first = {}
    for row in observations:
        first.setdefault(row["place_id"], row["period_end_date"])
    assert {site: first[site] for site in ("adamaoua", "east", "betou", "bili")} == {
        "adamaoua": "2014-03-18", "east": "2014-03-18", "betou": "2014-03-22", "bili": "2015-04-27",
    }  # fmt: skip
    assert all("2013-12-01" <= row["period_end_date"] <= "2016-02-29" for row in observations)


def test_what_is_not_known_is_missing_and_said():
    places = {row["id"]: row for row in rows("places")}
    assert (places["bossobolo"]["longitude"], places["bossobolo"]["latitude"]) == ("", "")
    linked = {row["site_id"] for row in rows("links")}
    sites = {row["id"]: row["kind"] for row in rows("sites")}
    assert set(sites) - linked == {"bili", "bossobolo", "brazzaville"}
    assert all(places[site]["note"] for site in set(sites) - linked)
    assert (sites["east"], sites["adamaoua"]) == ("regional_aggregate", "regional_aggregate")


def test_closures_are_per_border_point_and_only_one_has_ended():
    periods = {(row["start_date"], row["end_date"]): set() for row in rows("status_periods")}
    for row in rows("status_periods"):
        periods[row["start_date"], row["end_date"]].add(row["border_point_id"])
    assert periods == {
        ("2013-12-06", "2014-07-01"): {"bangui-mole", "mobaye-gbadolite", "zemio-mboti"},
        ("2014-05-13", ""): {"beboura-gore", "kabo-belom", "road-8-moyo"},
    }


def test_events_have_the_published_columns_and_no_free_text():
    events = rows("conflict_events")
    assert len(events[0]) == 49
    assert len({row["id"] for row in events}) == len(events) == 835
    ends = [date.fromisoformat(row["date_end"][:10]) for row in events]
    assert (min(ends) >= date(2012, 6, 1), max(ends) <= date(2016, 3, 31)) == (True, True)
    for column in ("source_article", "source_headline", "source_original", "where_description"):
        assert {row[column] for row in events} == {""}


@pytest.mark.skipif(not EVIDENCE.is_dir(), reason="the evidence the tables are built from is not beside the project")
def test_building_again_gives_the_same_bytes(tmp_path):
    spec = importlib.util.spec_from_file_location("build_car2013", SITUATIONS / "build_car2013.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    build.build(EVIDENCE, tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (CAR2013 / path.name).read_bytes(), path.name


@pytest.mark.skipif(not EVIDENCE.is_dir(), reason="the evidence the tables are built from is not beside the project")
def test_gado_is_a_part_of_east():
    source = EVIDENCE / "benchmark" / "situations" / "car2013"
    series: dict[str, dict[str, int]] = {}
    for name, key in (("observed_clean.csv", "camp"), ("observed_extra_series.csv", "series")):
        for row in csv.DictReader((source / name).open(encoding="utf-8")):
            series.setdefault(row[key], {})[row["date"]] = int(row["count"])
    east, adamaoua, gado, country = (series[name] for name in ("East", "Adamaoua", "cam-gado", "cameroon"))
    days = sorted(day for day in set(east) & set(adamaoua) & set(country) if country[day])
    rest = {day: country[day] - east[day] - adamaoua[day] for day in days}
    assert [len([day for day in days if rest[day] == value]) for value in (0, 59_334)] == [16, 9]
    assert max(rest[day] for day in days if day >= "2015-04-12") < min(gado[d] for d in gado if d >= "2015-04-12")
    assert all(gado[day] <= east[day] for day in set(gado) & set(east))
