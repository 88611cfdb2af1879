"""The benchmark's situations convert into folders that load; without the evidence there is nothing to convert."""

import csv
import importlib.util
from pathlib import Path

import pytest

from etl.outlines import outlines
from etl.situation import read
from etl.source import Reject, Rows
from etl.sources.situation import source

EVIDENCE = Path(__file__).parents[3] / "shared" / "benchmark" / "situations"
pytestmark = pytest.mark.skipif(not EVIDENCE.is_dir(), reason="the benchmark's situations are not beside the project")
spec = importlib.util.spec_from_file_location("situations", Path(__file__).with_name("situations.py"))
situations = importlib.util.module_from_spec(spec)
spec.loader.exec_module(situations)

NAMES = ["burundi2015", "car2013", "mali2012", "mali2017", "nigeria2016_adm2", "syria2013", "syria2017"]


@pytest.fixture(params=NAMES)
def folder(request, tmp_path) -> Path:
    situations.convert(EVIDENCE / request.param, tmp_path / request.param, outlines())
    return tmp_path / request.param


def test_a_converted_situation_lands_without_a_rejected_row(folder):
    items = list(source.parse(read(folder).payloads[0][1]))
    assert [item for item in items if isinstance(item, Reject)] == []
    landed = {item.table.__tablename__: len(item.frame) for item in items if isinstance(item, Rows)}
    for table, name in {"border_point": "border_points", "link": "links", "route": "routes", "place": "places"}.items():
        assert landed[table] == len(list(csv.DictReader((folder / f"{name}.csv").open(encoding="utf-8"))))


def test_a_converted_situation_holds_no_capacity_and_no_inserted_zero(folder):
    sites = [row for row in csv.DictReader((folder / "places.csv").open(encoding="utf-8")) if row["kind"] == "site"]
    assert {row["population"] for row in sites} == {""}
    seen = set()
    for row in csv.DictReader((folder / "observations.csv").open(encoding="utf-8")):
        assert row["place_id"] in seen or int(row["people"]) > 0
        seen.add(row["place_id"])
