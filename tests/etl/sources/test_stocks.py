"""Stocks in our own contract: nothing left and not counted are two things."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.stock import Stock
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.stocks import FORM, REQUIRED, Stocks
from tests.doors import book_of, csv_of

ROOT = Path(__file__).parents[3]
WAREHOUSE = (ROOT / "tests" / "payloads" / "stocks" / "warehouse.csv").read_bytes()
SOURCE = Stocks(clock=lambda: datetime(2026, 4, 1, tzinfo=UTC))
ROW = ("gate", "blanket", "2026-03-01", "12", "piece", "warehouse")


def items(body: bytes) -> list:
    return list(SOURCE.parse(Payload("stocks", body)))


def reasons(*rows: tuple[str, ...]) -> list[str]:
    found = items(csv_of(REQUIRED, *rows))
    told = [item.reason for item in found if isinstance(item, Reject)]
    return told + [why for item in found if isinstance(item, Rows) for why in check(item.frame, Stock).reasons.values()]


def test_nothing_left_and_not_counted_are_different_and_the_owner_is_the_reporter():
    (rows,) = [item.frame for item in items(WAREHOUSE) if isinstance(item, Rows)]
    assert rows.set_index("item").loc["jerrycan 10 l", "quantity"] == 0
    assert rows.set_index("item")["quantity"].isna().to_dict()["tarpaulin"]
    assert rows.set_index("item").loc["tarpaulin", "owner"] == "camp-logistics"
    (reject,) = [item for item in items(WAREHOUSE) if isinstance(item, Reject)]
    assert (reject.locator, reject.reason) == ("line 6", "quantity is no plain number (~300)")


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [(3, "-1", "quantity >= 0"), (3, "1,200", "no plain number"), (2, "03/04/2026", "no date"), (2, "", "is missing"),
     (2, "2026-04-03", "no date"), (1, " ", "item is missing"), (4, "", "unit is missing"), (5, "", "is missing")],
)  # fmt: skip
def test_what_does_not_fit_says_why(place, value, why):
    row = [*ROW[:place], value, *ROW[place + 1 :]]
    assert why in reasons(tuple(row))[0]


def test_a_workbook_is_the_same_table_and_names_rows():
    rows = [list(REQUIRED), [*ROW[:3], 12, *ROW[4:]], [*ROW[:3], "?", *ROW[4:]]]
    found = items(book_of({"data": rows}))
    assert [item.locator for item in found if isinstance(item, Reject)] == ["row 3"]
    assert [item.locators.tolist() for item in found if isinstance(item, Rows)] == [["row 2"]]


def test_f27_other_columns_are_left_aside_and_data_about_people_refuse_the_table():
    found = items(csv_of((*REQUIRED, "shelf"), (*ROW, "4")))
    assert [item.reason for item in found if isinstance(item, Ignored)] == ["columns that no stock has: shelf"]
    with pytest.raises(PayloadRejected, match="looks like data about a person"):
        items(csv_of((*REQUIRED, "phone"), (*ROW, "4")))


def test_there_is_no_feed():
    with pytest.raises(ConfigurationMissing, match="--from FILE"):
        SOURCE.fetch(None, Window(datetime(2026, 1, 1, tzinfo=UTC)))


def test_the_document_names_every_column():
    document = (ROOT / "docs" / "formats" / "stocks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", document, re.MULTILINE)) == {*FORM.columns}
