"""Country indicators in our own contract: dated figures with their publisher, known since they were published."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.indicator import Indicator
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.country_indicators import FORM, REQUIRED, CountryIndicators
from tests.doors import csv_of

ROOT = Path(__file__).parents[3]
PAYLOADS = ROOT / "tests" / "payloads" / "country_indicators"
SOURCE = CountryIndicators(clock=lambda: datetime(2026, 4, 1, tzinfo=UTC))
ROW = ("exchange_rate", "SDN", "2025-01-01", "2025-01-31", "600.25", "SDG per USD", "Bank", "https://example.org/x")


def items(body: bytes) -> list:
    return list(SOURCE.parse(Payload("table", body)))


def frame_of(body: bytes) -> pd.DataFrame:
    return pd.concat([item.frame for item in items(body) if isinstance(item, Rows)])


def reasons(body: bytes) -> dict[str, str]:
    found = items(body)
    told = {item.locator: item.reason for item in found if isinstance(item, Reject)}
    for item in found:
        if isinstance(item, Rows):
            checked = check(item.frame.drop(columns="known_at"), Indicator)
            told |= {item.locators[label]: why for label, why in checked.reasons.items()}
    return told


def test_a_figure_becomes_a_row_of_its_publisher_and_none_is_not_zero():
    frame = frame_of((PAYLOADS / "economy.csv").read_bytes()).reset_index(drop=True)
    good = check(frame.drop(columns="known_at"), Indicator).good
    assert good["source_id"].tolist() == ["central-bureau-of-statistics"] * 2 + ["world-bank"] * 2
    assert good["value"].isna().tolist() == [False, True, False, False]
    assert good["value"].tolist()[2:] == [-4.2, 0]
    assert good["quality"].tolist() == ["reported", "reported", "forecast", "reported"]
    assert (good["area_id"] == good["country_iso3"]).all()
    assert frame["known_at"].tolist()[0] == pd.Timestamp("2025-02-20", tz="UTC")
    assert frame["known_at"].isna().tolist() == [False, True, False, True]


def test_every_fault_says_why_and_the_good_row_stays():
    told = reasons((PAYLOADS / "faults.csv").read_bytes())
    expected = (
        "indicator", "country_iso3", "period_start_date", "value", "unit", "publisher", "url", "period_end_date",
        "quality", "published_date",
    )  # fmt: skip
    assert [told[f"line {line}"].startswith(why) for line, why in zip(range(3, 13), expected, strict=True)] == [
        True
    ] * 10
    assert len(told) == 10


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("-0.5", -0.5), ("", None)])
def test_numbers_are_plain(text, value):
    (found,) = frame_of(csv_of(REQUIRED, (*ROW[:4], text, *ROW[5:])))["value"]
    assert pd.isna(found) if value is None else found == value


@pytest.mark.parametrize("text", ["1,200", "~5", "5-10", "1e12", "NaN"])
def test_f28_what_is_no_plain_number_is_rejected(text):
    assert f"({text})" in reasons(csv_of(REQUIRED, (*ROW[:4], text, *ROW[5:])))["line 2"]


def test_f28_a_typed_value_that_may_be_thousands_is_rejected_and_one_of_the_world_bank_is_read():
    assert "can be read in two ways (1.234)" in reasons(csv_of(REQUIRED, (*ROW[:4], "1.234", *ROW[5:])))["line 2"]
    body = (PAYLOADS / "world_bank.csv").read_bytes().replace(b"685.5", b"1.234")
    assert 1.234 in frame_of(body)["value"].tolist()


def test_f43_a_period_ahead_is_for_forecasts_only():
    ahead = (*ROW[:2], "2027-01-01", "2027-12-31", *ROW[4:])
    assert "no forecast" in reasons(csv_of(REQUIRED, ahead))["line 2"]
    assert not reasons(csv_of((*REQUIRED, "quality"), (*ahead, "forecast")))


def test_f27_columns_and_people():
    found = items(csv_of((*REQUIRED, "colour"), (*ROW, "red")))
    assert [i.reason for i in found if isinstance(i, Ignored)] == ["columns that no country indicator has: colour"]
    with pytest.raises(PayloadRejected, match="about a person"):
        items(csv_of((*REQUIRED, "passport"), (*ROW, "x")))
    with pytest.raises(PayloadRejected, match="lacks the columns url"):
        items(csv_of(REQUIRED[:-1], ROW[:-1]))


def test_tables_are_files():
    with pytest.raises(ConfigurationMissing, match="--from FILE"):
        list(SOURCE.fetch(None, Window(datetime(2026, 1, 1, tzinfo=UTC))))


def test_the_page_names_every_column():
    page = (ROOT / "docs" / "formats" / "country-indicators.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`([a-z0-9_]+)`", page)) >= {*FORM.columns}


def test_the_world_banks_years_become_figures_and_its_groups_of_countries_are_ignored_by_name():
    body = (PAYLOADS / "world_bank.csv").read_bytes()
    frame = frame_of(body).set_index(["country_iso3", "period_start_date"])["value"]
    assert frame.dropna().to_dict() == {
        ("TCD", pd.Timestamp("2023-01-01")): 685.5, ("SDN", pd.Timestamp("2023-01-01")): 0,
        ("SDN", pd.Timestamp("2024-01-01")): 12,
    }  # fmt: skip
    assert len(frame) == 4
    whole = frame_of(body)
    assert set(whole["unit"]) == {"invented US$"}
    assert set(whole["source_id"]) == {"world-bank"}
    assert [item.rows for item in items(body) if isinstance(item, Ignored)] == [1]


def test_a_long_file_of_hdx_says_the_same_and_one_without_years_is_refused():
    header = "Country Name,Country ISO3,Year,Indicator Name,Indicator Code,Value"
    lines = ["#country+name,#country+code,#date+year,#indicator+name,#indicator+code,#indicator+value+num",
             "Chad,TCD,2023,Invented (%),XX.INV,..", "Chad,TCD,20x3,Invented (%),XX.INV,1"]  # fmt: skip
    body = "\n".join([header, *lines]).encode()
    assert frame_of(body)["value"].isna().tolist() == [True]
    assert list(reasons(body)) == ["line 4"]
    with pytest.raises(PayloadRejected, match="neither columns of years"):
        items(b"Country Code,Indicator Name,Indicator Code\nTCD,a,b\n")
