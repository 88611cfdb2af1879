"""Templates: what is downloaded can be filled in and sent back."""

import io

import openpyxl
import pandas as pd
import pytest

from data.schema.place import Place
from etl.archive import Archive
from etl.intake import Intake, Sending
from etl.kinds import KINDS
from etl.source import Payload
from etl.template import csv_file, workbook
from tests.doors import valley


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_example_of_a_template_moved_to_its_data_can_be_loaded(kind, store, tmp_path):
    body = workbook(kind, valley(store).read(Place, situation_id="valley"))
    intake = Intake(store, Archive(tmp_path))
    empty = intake.preview(Sending(kind.id, Payload("t.xlsx", body), "valley"))
    assert empty.refusal == "it has no rows below its column names"
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert set(book.sheetnames) == {"data", "known places", "example", "instructions"}
    book["data"].append([cell.value for cell in book["example"][2]])
    filled = io.BytesIO()
    book.save(filled)
    seen = intake.preview(Sending(kind.id, Payload("t.xlsx", filled.getvalue()), "valley"))
    assert (seen.problems, seen.counts["new"]) == ([], 1)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_columns_are_those_of_the_format_and_each_is_explained(kind):
    names = [column.name for column in kind.columns]
    assert set(kind.form.required) <= set(names) <= set(kind.form.columns)
    assert {c.name for c in kind.columns if c.is_needed} <= set(kind.form.required)
    assert all(column.meaning for column in kind.columns)
    assert csv_file(kind).decode("utf-8-sig").strip().split(",") == names
    assert {kind.place_column, kind.date_column} <= set(names)


def test_lists_offer_the_places_it_can_be_about_and_the_words(store):
    book = openpyxl.load_workbook(io.BytesIO(workbook(KINDS["statuses"], valley(store).read(Place))))
    assert [row[0].value for row in book["known places"].iter_rows(min_row=2)] == ["valley:gate", "valley:ford"]
    rules = {str(rule.sqref): rule.formula1 for rule in book["data"].data_validations.dataValidation}
    assert rules == {"A2:A2001": "'known places'!$A$2:$A$3", "C2:C2001": '"open,restricted,closed"'}


def test_f71_the_name_of_a_place_is_no_formula():
    places = pd.DataFrame({"id": ["v:x"], "name": ["=cmd|' /C calc'!A1"], "kind": ["site"]})
    book = openpyxl.load_workbook(io.BytesIO(workbook(KINDS["occupancy"], places)))
    assert (book["known places"]["B2"].value, book["known places"]["B2"].data_type) == ("'=cmd|' /C calc'!A1", "s")
