"""Statuses in our own contract: a new one ends the running one, an end is written when it has come."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.status_period import StatusPeriod
from etl.source import Payload, Reject, Rows, Window
from etl.sources.statuses import FORM, REQUIRED, Statuses
from tests.doors import book_of, csv_of

ROOT = Path(__file__).parents[3]
POINTS = (ROOT / "tests" / "payloads" / "statuses" / "points.csv").read_bytes()
SOURCE = Statuses(clock=lambda: datetime(2026, 4, 1, tzinfo=UTC))


def items(body: bytes) -> list:
    return list(SOURCE.parse(Payload("statuses", body)))


def rows(body: bytes) -> pd.DataFrame:
    return pd.concat([item.frame for item in items(body) if isinstance(item, Rows)])


def test_the_next_status_ends_the_one_before_and_the_last_one_runs():
    found = rows(POINTS).set_index(["border_point_id", "start_date"])["end_date"]
    gate = found.loc["valley:gate"]
    assert gate.dt.strftime("%m-%d").fillna("").tolist() == ["02-10", "02-20", ""]
    assert found.loc["valley:ford"].iloc[0] == pd.Timestamp("2026-02-05")


def test_a_day_that_is_none_is_rejected_with_its_line():
    (reject,) = [item for item in items(POINTS) if isinstance(item, Reject)]
    assert (reject.locator, "no date" in reject.reason) == ("line 6", True)


@pytest.mark.parametrize(
    ("second", "rejected"),
    [
        (("gate", "2026-02-01", "open", ""), 2),
        (("gate", "2026-02-01", "closed", ""), 0),
        (("gate", "2026-02-03", "open", ""), 1),
        (("ford", "2026-02-01", "open", ""), 0),
    ],
    ids=["contradicts", "repeats", "begins before the stated end", "another point"],
)
def test_rows_of_a_table_must_agree(second, rejected):
    first = ("gate", "2026-02-01", "closed", "2026-02-05")
    found = items(csv_of((*REQUIRED, "end_date"), first, second))
    assert sum(isinstance(item, Reject) for item in found) == rejected


@pytest.mark.parametrize(("status", "fits"), [("Closed", True), ("OPEN", True), ("shut", False), ("", False)])
def test_the_words_of_a_status(status, fits):
    found = rows(csv_of(REQUIRED, ("gate", "2026-02-01", status)))
    assert (not check(found, StatusPeriod).reasons) == fits


def test_f43_an_end_to_come_is_no_end():
    found = items(csv_of((*REQUIRED, "end_date"), ("gate", "2026-02-01", "closed", "2026-06-01")))
    assert next(item.reason for item in found if isinstance(item, Reject)).startswith("end_date is no date")


def test_a_workbook_and_data_about_people():
    table = [list(REQUIRED), ["gate", date(2026, 2, 1), "closed"]]
    assert rows(book_of({"data": table}))["status"].tolist() == ["closed"]
    with pytest.raises(PayloadRejected, match="looks like data about a person"):
        items(csv_of((*REQUIRED, "surname"), ("gate", "2026-02-01", "closed", "x")))


def test_there_is_no_feed():
    with pytest.raises(ConfigurationMissing, match="--from FILE"):
        SOURCE.fetch(None, Window(datetime(2026, 1, 1, tzinfo=UTC)))


def test_the_document_names_every_column():
    document = (ROOT / "docs" / "formats" / "statuses.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", document, re.MULTILINE)) == {*FORM.columns}
