"""Every kind of table keeps what the doors promise of it; a new kind is tested by this file as soon as it exists."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.schema.place import Place
from data.store import Store
from etl import datasets
from etl.archive import Archive
from etl.intake import Intake, Sending
from etl.kinds import KINDS, Kind
from etl.source import Payload
from tests.doors import csv_of, shared, valley

DOCS = Path(__file__).parents[2] / "docs"
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@pytest.fixture
def intake(store, tmp_path) -> Intake:
    return Intake(valley(store), Archive(tmp_path / "raw"))


def example(kind: Kind, store: Store) -> dict[str, str]:
    """The row of a template's example, at a place it can be about."""
    row = {column.name: column.example for column in kind.columns}
    if kind.place_column:
        places = store.read(Place)
        row[kind.place_column] = places.loc[places["kind"].isin(kind.places), "id"].min()
    return row


def sending(kind: Kind, *rows: dict[str, str]) -> Sending:
    names = tuple(rows[0])
    body = csv_of(names, *(tuple(row[name] for name in names) for row in rows))
    return Sending(kind.id, Payload("t.csv", body), "valley")


def withdrawal(kind: Kind, row: dict[str, str]) -> dict[str, str]:
    """A row that takes another back: what tells rows apart, and nothing else."""
    return {name: row[name] if name in kind.key else "" for name in row} | {"withdrawn": "yes"}


@EVERY
def test_the_columns_are_those_of_the_format_and_each_is_explained(kind):
    names = [column.name for column in kind.columns]
    assert set(kind.form.required) <= set(names) <= set(kind.form.columns)
    assert {column.name for column in kind.columns if column.is_needed} <= set(kind.form.required)
    assert all(column.meaning for column in kind.columns)
    assert (kind.place_column is None) == (not kind.places)
    assert kind.place_column is None or kind.place_column in names
    assert names[-1] == "withdrawn"
    assert set(kind.form.key) <= set(kind.form.columns)
    docs = (DOCS / "sending-data.md").read_text()
    assert f"`{kind.id}`" in docs
    assert f"| {', '.join(f'`{name}`' for name in kind.key)} |" in docs


@EVERY
def test_its_example_loads_and_the_same_again_changes_nothing(kind, intake, store):
    row = sending(kind, example(kind, store))
    seen = intake.preview(row)
    assert (seen.refusal, seen.problems, seen.counts["new"]) == ("", [], 1)
    assert seen.span is not None
    assert seen.span[0] <= seen.span[1]
    assert intake.load(row).counts["new"] == 1
    assert intake.preview(row).counts["unchanged"] == 1


@EVERY
def test_what_one_owner_sent_no_other_can_change(kind, intake, store):
    for owner in ("police", "clinic"):
        datasets.add(store, shared(owner))
    good = example(kind, store)
    intake.load(replace(sending(kind, good), dataset_id="police"))
    seen = intake.preview(replace(sending(kind, good), dataset_id="clinic"))
    assert [(p.place, p.column) for p in seen.problems] == [("line 2", kind.own_column or kind.place_column)]
    assert "only they can change it: police, under the data set police" in seen.problems[0].reason
    if kind.own_column:
        own = replace(sending(kind, good | {kind.own_column: "clinic"}), dataset_id="clinic")
        assert intake.load(own).counts["new"] == 1


@EVERY
@pytest.mark.parametrize("column", ["Date of birth", "phone", "passport_no", "first name"])
def test_a_column_about_a_person_refuses_the_table(kind, column, intake, store, tmp_path):
    seen = intake.preview(sending(kind, example(kind, store) | {column: "x"}))
    assert "looks like data about a person" in seen.refusal
    assert not list(tmp_path.rglob("*.gz"))


@EVERY
def test_each_word_that_is_offered_may_stand_there(kind, intake, store):
    good = example(kind, store)
    rows = [good | {column.name: word} for column in kind.columns for word in column.words]
    seen = intake.preview(sending(kind, *rows))
    assert [problem for problem in seen.problems if "none of the words" in problem.reason] == []


@EVERY
def test_an_empty_cell_that_is_needed_and_a_day_that_is_none_are_told_by_line_and_column(kind, intake, store):
    good = example(kind, store)
    empty = [column.name for column in kind.columns if column.is_needed]
    days = [column.name for column in kind.columns if column.name.endswith("_date")]
    rows = [good | {name: ""} for name in empty] + [good | {name: "31/02/2026"} for name in days]
    hints = {(p.place, p.column): p.hint for p in intake.preview(sending(kind, *rows)).problems}
    assert {(f"line {line}", name) for line, name in enumerate([*empty, *days], start=2)} <= set(hints)
    for line, name in enumerate(days, start=2 + len(empty)):
        assert "the calendar has no such day" in hints[f"line {line}", name]
        assert [column for place, column in hints if place == f"line {line}"] == [name]


@EVERY
def test_two_rows_that_contradict_each_other_are_both_told(kind, intake, store):
    good = example(kind, store)
    other = next(n for n in ("people", "quantity", "value", "headline", "title", "note") if n in good)
    seen = intake.preview(sending(kind, good, good | {other: "7"}))
    assert [problem.place for problem in seen.problems] == ["line 2", "line 3"]
    assert ["keep the right one" in problem.hint for problem in seen.problems] == [True, True]


@EVERY
def test_a_row_is_withdrawn_by_its_key_keeps_its_history_and_comes_back_when_it_is_sent_again(kind, intake, store):
    (table,), good = kind.source.spec.tables, example(kind, store)
    row, gone = sending(kind, good), sending(kind, withdrawal(kind, good))
    (problem,) = intake.preview(gone).problems
    assert (problem.place, problem.column, problem.value) == ("line 2", "withdrawn", "yes")
    assert "there is nothing to withdraw" in problem.reason
    intake.load(row)
    before = datetime.now(UTC)
    assert intake.load(gone).counts["deleted"] == 1
    assert (len(store.read(table)), len(store.read(table, before))) == (0, 1)
    assert intake.load(gone).counts["unchanged"] == 1
    intake.load(row)
    assert len(store.read(table)) == 1
