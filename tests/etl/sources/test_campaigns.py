"""Campaign calendars in our own contract: what is planned may lie ahead."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.campaign import Campaign
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.campaigns import FORM, REQUIRED, Campaigns
from tests.doors import book_of, csv_of

ROOT = Path(__file__).parents[3]
PAYLOADS = ROOT / "tests" / "payloads" / "campaigns"
SOURCE = Campaigns(clock=lambda: datetime(2026, 4, 1, tzinfo=UTC))
ROW = ("p1", "vaccination", "Polio", "TCD", "2026-05-04", "2026-05-08", "MoH")


def items(body: bytes) -> list:
    return list(SOURCE.parse(Payload("calendar", body)))


def reasons(body: bytes) -> dict[str, str]:
    found = items(body)
    told = {item.locator: item.reason for item in found if isinstance(item, Reject)}
    for item in found:
        if isinstance(item, Rows):
            told |= {item.locators[label]: why for label, why in check(item.frame, Campaign).reasons.items()}
    return told


def test_a_calendar_becomes_rows_and_a_target_that_is_not_told_is_not_zero():
    (frame,) = [item.frame for item in items((PAYLOADS / "rounds.csv").read_bytes()) if isinstance(item, Rows)]
    good = check(frame, Campaign).good.set_index("campaign_id")
    assert good["target_people"].isna().tolist() == [False, True, False]
    assert good.loc["wfp-2026-05", "target_people"] == 0
    assert good.loc["moh-2026-polio-3", "start_date"] == pd.Timestamp("2026-11-02")
    assert good["area_pcode"].isna().tolist() == [False, True, False]


def test_every_fault_says_why_and_the_good_row_stays():
    told = reasons((PAYLOADS / "faults.csv").read_bytes())
    expected = ("country_iso3", "kind", "start_date, end_date", "start_date", "end_date", "target_people", "title")
    assert [told[f"line {line}"].startswith(why) for line, why in zip(range(3, 10), expected, strict=True)] == [
        True
    ] * 7
    assert len(told) == 7


def test_f25_the_country_na_is_no_iso3_and_namibia_is():
    assert "country_iso3" in reasons(csv_of(REQUIRED, (*ROW[:3], "NA", *ROW[4:])))["line 2"]
    assert not reasons(csv_of(REQUIRED, (*ROW[:3], "NAM", *ROW[4:])))


def test_a_workbook_is_the_same_table():
    (rows,) = items(book_of({"data": [list(REQUIRED), list(ROW)]}))
    assert rows.locators.tolist() == ["row 2"]


def test_f27_other_columns_are_left_aside_and_data_about_people_refuse_the_table():
    found = items(csv_of((*REQUIRED, "budget"), (*ROW, "4")))
    assert [item.reason for item in found if isinstance(item, Ignored)] == ["columns that no campaign has: budget"]
    with pytest.raises(PayloadRejected, match="about a person"):
        items(csv_of((*REQUIRED, "telephone"), (*ROW, "4")))
    with pytest.raises(PayloadRejected, match="lacks the columns organiser"):
        items(csv_of(REQUIRED[:-1], ROW[:-1]))


def test_calendars_are_files():
    with pytest.raises(ConfigurationMissing, match="--from FILE"):
        list(SOURCE.fetch(None, Window(datetime(2026, 1, 1, tzinfo=UTC))))


def test_the_page_names_every_column():
    page = (ROOT / "docs" / "formats" / "campaigns.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`([a-z0-9_]+)`", page)) >= {*FORM.columns}
