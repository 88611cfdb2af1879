"""Assessed capacities: zero, not assessed and never assessed stay three things."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.capacity import Capacity
from data.schema.place import Place
from data.schema.quarantine import Quarantine
from data.schema.situation import Situation
from etl import pipeline
from etl.archive import Archive
from etl.client import client
from etl.source import Payload, Reject, Rows, Window
from etl.sources.capacities import COLUMNS, source

PAYLOADS = Path(__file__).parents[2] / "payloads" / "capacities"
ASSESSED = (PAYLOADS / "assessed.csv").read_text(encoding="utf-8")
FAULTS = (PAYLOADS / "faults.csv").read_text(encoding="utf-8")
HEADER = ",".join(COLUMNS) + "\n"


def items(text: str) -> list:
    return list(source.parse(Payload("capacities.csv", text.encode())))


def rows(text: str) -> pd.DataFrame:
    return pd.concat([item.frame for item in items(text) if isinstance(item, Rows)])


def rejects(text: str) -> dict[str, str]:
    return {item.locator: item.reason for item in items(text) if isinstance(item, Reject)}


@pytest.fixture
def valley(store):
    """A store that knows a gate and a camp."""
    places = pd.DataFrame({"id": ["valley:gate", "valley:camp"], "kind": ["border_point", "site"]})
    lags = {"conflict_lag_days": 0, "registration_lag_days": 0}
    about = {"id": "valley", "title": "Valley", "origin_iso3": "CAF", "source": "test", "licence": "test", "note": ""}
    situation = pd.DataFrame([about | lags | {"start_date": pd.Timestamp("2014-01-01"), "end_date": None}])
    places = places.assign(
        situation_id="valley", name="Gate", country_iso3="TCD", coordinate_quality="unknown", note=""
    )
    with store.load("situation") as target:
        target.add(Situation, situation)
        target.add(Place, places)
    return store


def load(store, folder: Path, text: str, situation_id: str | None = None) -> dict[str, int]:
    payload = Payload("capacities.csv", text.encode())
    return pipeline.load(store, Archive(folder), source, [payload], pipeline.Setting(situation_id))


def test_there_is_no_feed():
    with client("") as session, pytest.raises(ConfigurationMissing, match="--from FILE"):
        next(source.fetch(session, Window(datetime(2026, 1, 1, tzinfo=UTC))))


def test_zero_and_not_assessed_are_different():
    people = rows(ASSESSED).set_index(["line", "assessed_date"])["people"]
    first = pd.Timestamp("2014-03-01")
    assert people["toilets", first] == 0
    assert pd.isna(people["staff", first])
    assert people["toilets", pd.Timestamp("2014-03-15")] == 1200
    assert people.dtype == "Int64"


def test_every_fault_of_a_cell_is_named_with_its_line_and_the_row_as_it_stood():
    found = rejects(FAULTS)
    number, date = "people is no plain whole number", "assessed_date is no date"
    expected = {4: number, 5: number, 6: date, 7: date, 8: "differs", 9: "differs", 12: "has 3 fields instead of 5"}
    assert sorted(found) == sorted(f"line {line}" for line in expected)
    for line, said in expected.items():
        assert said in found[f"line {line}"]
    raw = [item.raw for item in items(FAULTS) if isinstance(item, Reject) and item.locator == "line 4"]
    assert raw == ["valley:gate;water;2014-03-01;~600;border service"]


@pytest.mark.parametrize(
    ("second", "refused"),
    [("100", 0), ("200", 2), ("", 2), ("~100", 1)],
    ids=["the same", "another number", "not assessed", "unreadable"],
)
def test_two_rows_for_one_fact_must_agree(second, refused):
    text = HEADER + f"a,water,2014-03-01,100,x\na,water,2014-03-01,{second},y\n"
    assert len(rejects(text)) == refused


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER.replace("people,", ""),
        HEADER.replace("people", "people,comment"),
        HEADER.replace("reported_by", "reported_by,phone"),
        HEADER.replace("line", "people"),
    ],
)
def test_another_file_is_refused_whole(text):
    with pytest.raises(PayloadRejected):
        items(text)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.fixed_dictionaries({name: st.text(max_size=12) for name in COLUMNS}), max_size=4))
def test_whatever_the_cells_hold_each_row_lands_or_is_rejected(cells):
    lines = [",".join('"' + row[name].replace('"', '""') + '"' for name in COLUMNS) for row in cells]
    try:
        found = items(HEADER + "\n".join(lines) + "\n")
    except PayloadRejected:
        return
    landed = sum(len(item.frame) for item in found if isinstance(item, Rows))
    assert landed + sum(isinstance(item, Reject) for item in found) == len(cells)


def test_assessments_land_and_the_same_file_twice_changes_nothing(valley, tmp_path):
    assert load(valley, tmp_path, ASSESSED)["new"] == 7
    counts = load(valley, tmp_path, ASSESSED)
    assert (counts["new"], counts["revised"], counts["unchanged"]) == (0, 0, 7)


def test_a_local_id_is_read_within_its_situation(valley, tmp_path):
    load(valley, tmp_path, ASSESSED.replace("valley:", ""), "valley")
    assert set(valley.read(Capacity)["place_id"]) == {"valley:gate", "valley:camp"}


def test_a_revised_assessment_keeps_its_history(valley, tmp_path):
    load(valley, tmp_path, ASSESSED)
    load(valley, tmp_path, ASSESSED.replace(",2400,", ",1800,"))
    assert valley.history(Capacity, line="water")["people"].tolist() == [2400, 1800]


def test_what_does_not_fit_is_in_quarantine_with_its_reason_and_the_rest_lands(valley, tmp_path):
    counts = load(valley, tmp_path, FAULTS)
    assert (counts["read"], counts["new"], counts["quarantined"]) == (14, 1, 13)
    reasons = " | ".join(valley.read(Quarantine)["reason"])
    for said in ("line in (", "people >= 0", "reported_by is missing", "place_id is missing", "names no known place"):
        assert said in reasons
    assert valley.read(Capacity)[["line", "people"]].to_numpy().tolist() == [["processing", 600]]
