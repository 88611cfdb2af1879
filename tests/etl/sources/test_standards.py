"""The shipped standards: what lands, what is refused, and that a planner's edit is never undone."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import IdentityBreak, PayloadRejected
from data.schema.quarantine import Quarantine
from data.schema.standard import Standard
from etl import pipeline
from etl.archive import Archive
from etl.client import client
from etl.source import Keeps, Payload, Reject, Replaces, Rows, Window
from etl.sources.standards import COLUMNS, FILE, SHIPPED, source

PAYLOADS = Path(__file__).parents[2] / "payloads" / "standards"
SMALL = (PAYLOADS / "small.csv").read_text(encoding="utf-8")


def items(text: str) -> list:
    return list(source.parse(Payload("standards.csv", text.encode())))


def rows(text: str) -> pd.DataFrame:
    return next(item.frame for item in items(text) if isinstance(item, Rows))


def load(store, folder: Path, text: str) -> dict[str, int]:
    return pipeline.load(store, Archive(folder), source, [Payload("standards.csv", text.encode())])


def edit(store, standard_id: str, **changed) -> None:
    """Save a planner's edit as the page does."""
    row = store.read(Standard, id=standard_id)[list(COLUMNS)]
    with store.load("standards-page") as page:
        page.add(Standard, row.assign(edited_by="planner", **changed))


def quantity(store, standard_id: str) -> float:
    return store.read(Standard, id=standard_id)["quantity"].item()


def test_fetch_yields_the_shipped_file():
    with client("") as session:
        payloads = list(source.fetch(session, Window(datetime(2026, 1, 1, tzinfo=UTC))))
    assert [payload.name for payload in payloads] == ["standards.csv"]
    found = list(source.parse(payloads[0]))
    assert not [item for item in found if isinstance(item, Reject)]
    assert len(found[0].frame) == payloads[0].read(10**7).count(b"\n") - 1


def test_values_are_typed_and_the_rest_is_left_as_it_is():
    frame = rows(SMALL).set_index("id")
    assert frame.loc["covered-space", ["quantity", "unit", "basis"]].tolist() == [3.5, "m²", "people"]
    assert frame["per_day"].tolist() == [True, *[False] * 6]
    assert frame.loc["caseworkers", ["people_per_unit", "basis", "rounding"]].tolist() == [25, "uasc", "up"]
    assert frame.loc["water-standard", "trust_mark"] == "V2"


def test_every_fault_is_named_with_its_line_and_the_rest_lands():
    found = items((PAYLOADS / "faults.csv").read_text(encoding="utf-8"))
    reasons = {item.locator: item.reason for item in found if isinstance(item, Reject)}
    expected = {
        3: "quantity is no plain number (~1)", 4: "people_per_unit > 0", 5: "per_day is neither true nor false (yes)",
        6: "id is there twice (twice)", 7: "id is there twice (twice)", 8: "trust_mark in", 9: "source is missing",
        10: f"edited_by is not {SHIPPED!r}", 11: "basis is no standard that landed (taps)",
        12: "basis is no standard that landed (rests-on-taps)", 13: "id is no id", 14: "",
    }  # fmt: skip
    assert sorted(reasons) == sorted(f"line {line}" for line in expected)
    for line, said in expected.items():
        assert said in reasons[f"line {line}"]
    assert next(item.frame for item in found if isinstance(item, Rows))["id"].tolist() == ["water-standard"]


def test_a_file_with_rejected_rows_drops_no_standard():
    kinds = [type(item) for item in items((PAYLOADS / "faults.csv").read_text(encoding="utf-8"))]
    assert Keeps in kinds
    assert Replaces not in kinds
    assert Replaces in [type(item) for item in items(SMALL)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", SMALL.replace("edited_by", "edited_by,more"), "{}"])
def test_another_file_is_refused_whole(text):
    with pytest.raises(PayloadRejected):
        items(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(COLUMNS), st.text(max_size=30))
def test_whatever_a_cell_holds_each_row_lands_or_is_rejected(column, value):
    cells = dict.fromkeys(COLUMNS, "1") | {"id": "a", "basis": "people", "per_day": "true", "rounding": "up"}
    cells |= {"phase": "any", "trust_mark": "A", "edited_by": SHIPPED} | {column: value}
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    try:
        found = items(",".join(COLUMNS) + "\n" + line + "\n")
    except PayloadRejected:
        return
    landed = sum(len(item.frame) for item in found if isinstance(item, Rows))
    assert landed + sum(isinstance(item, Reject) for item in found) >= 1


def test_the_shipped_file_lands_whole(store, tmp_path):
    counts = pipeline.load(store, Archive(tmp_path), source, [Payload(FILE.name, FILE)])
    assert counts["new"] == counts["read"] == len(store.read(Standard)) > 90


def test_the_same_file_twice_changes_nothing(store, tmp_path):
    assert load(store, tmp_path, SMALL)["new"] == 7
    counts = load(store, tmp_path, SMALL)
    assert (counts["new"], counts["revised"], counts["deleted"], counts["unchanged"]) == (0, 0, 0, 7)


def test_a_later_release_changes_a_default_and_keeps_its_history(store, tmp_path):
    load(store, tmp_path, SMALL)
    assert load(store, tmp_path, SMALL.replace('standard",15,', 'standard",16,'))["revised"] == 1
    assert store.history(Standard, id="water-standard")["quantity"].tolist() == [15, 16]


def test_an_edited_standard_survives_the_same_file_and_a_later_release(store, tmp_path):
    load(store, tmp_path, SMALL)
    edit(store, "water-standard", quantity=20.0)
    later = SMALL.replace('standard",15,', 'standard",16,')
    for text, ignored in ((SMALL, 0), (later, 1), (SMALL, 1)):
        counts = load(store, tmp_path, text)
        assert (counts["revised"], counts["deleted"], counts["ignored"]) == (0, 0, ignored)
        assert quantity(store, "water-standard") == 20
    assert store.history(Standard, id="water-standard")["edited_by"].tolist() == [SHIPPED, "planner"]


def test_a_dropped_default_goes_unless_a_planner_has_edited_it(store, tmp_path):
    load(store, tmp_path, SMALL)
    edit(store, "covered-space", quantity=4.5)
    without = "".join(line for line in SMALL.splitlines(keepends=True) if not line.startswith(("covered", "toilets")))
    assert load(store, tmp_path, without)["deleted"] == 1
    assert quantity(store, "covered-space") == 4.5
    assert store.read(Standard, id="toilets-first").empty


def test_half_a_file_is_not_taken_for_a_release(store, tmp_path):
    load(store, tmp_path, SMALL)
    with pytest.raises(IdentityBreak):
        load(store, tmp_path, "".join(SMALL.splitlines(keepends=True)[:3]))
    assert len(store.read(Standard)) == 7


def test_faults_are_in_quarantine_and_nothing_is_deleted(store, tmp_path):
    load(store, tmp_path, SMALL)
    counts = load(store, tmp_path, (PAYLOADS / "faults.csv").read_text(encoding="utf-8"))
    assert (counts["quarantined"], counts["deleted"], counts["unchanged"]) == (12, 0, 1)
    assert len(store.read(Quarantine)) == 12
