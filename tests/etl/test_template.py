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
    listed = "known places" if kind.place_column else "countries"
    assert set(book.sheetnames) == {"data", listed, "example", "instructions"}
    book["data"].append([cell.value for cell in book["example"][2]])
    filled = io.BytesIO()
    book.save(filled)
    seen = intake.preview(Sending(kind.id, Payload("t.xlsx", filled.getvalue()), "valley"))
    assert (seen.problems, seen.counts["new"]) == ([], 1)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_csv_template_has_the_columns_in_order(kind):
    assert csv_file(kind).decode("utf-8-sig").strip().split(",") == [column.name for column in kind.columns]


def test_lists_offer_the_places_it_can_be_about_and_the_words(store):
    book = openpyxl.load_workbook(io.BytesIO(workbook(KINDS["statuses"], valley(store).read(Place))))
    assert [row[0].value for row in book["known places"].iter_rows(min_row=2)] == ["valley:gate", "valley:ford"]
    rules = {str(rule.sqref): rule.formula1 for rule in book["data"].data_validations.dataValidation}
    assert rules == {"A2:A2001": "'known places'!$A$2:$A$3", "C2:C2001": '"open,restricted,closed"',
                     "F2:F2001": '"yes,no"'}  # fmt: skip


def test_countries_are_offered_where_a_table_is_about_them():
    book = openpyxl.load_workbook(io.BytesIO(workbook(KINDS["campaigns"], pd.DataFrame({"kind": [], "name": []}))))
    offered = {row[0].value: row[1].value for row in book["countries"].iter_rows(min_row=2)}
    assert (offered["TCD"], len(offered)) == ("Chad", 249)
    rules = {str(rule.sqref): rule.formula1 for rule in book["data"].data_validations.dataValidation}
    assert rules["D2:D2001"] == "'countries'!$A$2:$A$250"


def test_f71_the_name_of_a_place_is_no_formula():
    places = pd.DataFrame({"id": ["v:x"], "name": ["=cmd|' /C calc'!A1"], "kind": ["site"]})
    book = openpyxl.load_workbook(io.BytesIO(workbook(KINDS["occupancy"], places)))
    assert (book["known places"]["B2"].value, book["known places"]["B2"].data_type) == ("'=cmd|' /C calc'!A1", "s")
