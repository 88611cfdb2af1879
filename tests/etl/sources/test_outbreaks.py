"""Notices of outbreaks in our own contract: totals, never people; replaced and ended notices are no longer in force."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.alerts_in_force import in_force
from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.public_alert import PublicAlert
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.outbreaks import FORM, REQUIRED, SEVERITIES, URGENCIES, Outbreaks
from tests.doors import csv_of

ROOT = Path(__file__).parents[3]
PAYLOADS = ROOT / "tests" / "payloads" / "outbreaks"
SOURCE = Outbreaks(clock=lambda: datetime(2026, 4, 1, tzinfo=UTC))
ROW = ("a", "Cholera", "TCD", "2025-08-04", "WHO")


def items(body: bytes) -> list:
    return list(SOURCE.parse(Payload("notices", body)))


def rows(body: bytes) -> pd.DataFrame:
    (found,) = [item.frame for item in items(body) if isinstance(item, Rows)]
    checked = check(found, PublicAlert)
    assert not checked.reasons
    return checked.good


def test_a_notice_is_a_health_alert_with_its_totals_in_words():
    row = rows((PAYLOADS / "notices.csv").read_bytes()).iloc[1]
    assert (row["sender"], row["identifier"], row["status"]) == ("ministry-of-health", "chd-2025-01", "actual")
    assert (row["severity"], row["urgency"], row["certainty"]) == ("extreme", "immediate", "observed")
    assert (row["categories"], row["event"], row["language"]) == ("Health", "Cholera", "fr")
    assert row["description"] == "cases: 412, deaths: 0"
    assert row["geocodes"] == "ISO3=TCD; P-code=TD14"
    assert row["reference_list"] == "ministry-of-health,chd-2025-01,2025-08-04T00:00:00+00:00"


def test_not_told_is_not_zero():
    frame = rows((PAYLOADS / "notices.csv").read_bytes()).set_index("identifier")
    assert pd.isna(frame.loc["mea-2025-07", "description"])
    assert frame.loc["mea-2025-07", ["severity", "urgency", "certainty"]].tolist() == ["unknown", "unknown", "likely"]
    assert frame.loc["prep-1", ["description", "certainty"]].tolist() == ["cases: 0", "possible"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2025-08-03", {"mea-2025-07"}), ("2025-08-10", {"chd-2025-01", "mea-2025-07"}), ("2025-09-30", {"mea-2025-07"}),
     ("2025-10-01", set())],
)  # fmt: skip
def test_f18_what_is_in_force_follows_from_replaced_and_ended_notices(day, expected):
    frame = rows((PAYLOADS / "notices.csv").read_bytes())
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    for order in (frame, frame[::-1]):
        found = in_force(order[order["identifier"] != "prep-1"], at)
        first = found[found["message_type"] == "alert"]
        assert set(first["identifier"]) == expected
    assert len(in_force(frame, datetime(2025, 9, 1, tzinfo=UTC)).query("identifier == 'chd-2025-01'")) == 1


def test_every_fault_is_rejected_with_its_line_and_value_and_the_good_row_stays():
    told = {
        item.locator: item.reason for item in items((PAYLOADS / "faults.csv").read_bytes()) if isinstance(item, Reject)
    }
    columns = (
        "notice_id", "disease", "country_iso3", "reported_date", "level", "url", "organisation", "cases", "deaths",
        "replaces_date", "ended_date",
    )  # fmt: skip
    assert [told[f"line {line}"].split()[0] for line in range(3, 14)] == list(columns)
    assert "(~500)" in told["line 10"]
    frame = rows((PAYLOADS / "faults.csv").read_bytes())
    assert frame[["identifier", "headline", "geocodes"]].to_numpy().tolist() == [
        ["ok", "Cholera", "ISO3=TCD; P-code=0012"]
    ]


@pytest.mark.parametrize(
    "column", ["Patient initials", "date of birth", "case_id", "nom du malade", "name", "linelist_no"]
)
def test_data_about_people_refuse_the_file(column):
    with pytest.raises(PayloadRejected, match="about a person"):
        items(csv_of((*REQUIRED, column), (*ROW, "x")))


def test_f27_a_missing_column_refuses_the_file_and_a_new_one_is_reported():
    with pytest.raises(PayloadRejected, match="lacks the columns organisation"):
        items(csv_of(REQUIRED[:-1], ROW[:-1]))
    found = items(csv_of((*REQUIRED, "vector"), (*ROW, "water")))
    assert [item.reason for item in found if isinstance(item, Ignored)] == ["columns that no notice has: vector"]


@settings(max_examples=15)
@given(st.sampled_from(sorted(SEVERITIES)), st.integers(0, 10**9), st.none() | st.integers(0, 10**9))
def test_every_level_and_total_gives_a_row_that_fits_or_a_reject(level, cases, deaths):
    told = (*ROW, level, str(cases), "" if deaths is None else str(deaths))
    found = items(csv_of((*REQUIRED, "level", "cases", "deaths"), told))
    if deaths is not None and deaths > cases:
        assert [item.reason.split()[0] for item in found] == ["deaths"]
    else:
        row = check(found[0].frame, PublicAlert).good.iloc[0]
        assert (row["severity"], row["urgency"]) == (SEVERITIES[level], URGENCIES[level])


def test_f06_a_page_is_no_table_and_nobody_publishes_a_feed():
    with pytest.raises(PayloadRejected, match="HTML page"):
        items(b"<!DOCTYPE html><title>Sign in</title>")
    with pytest.raises(ConfigurationMissing, match="--from FILE"):
        list(SOURCE.fetch(None, Window(datetime(2026, 1, 1, tzinfo=UTC))))


def test_the_page_names_every_column():
    page = (ROOT / "docs" / "formats" / "outbreaks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`([a-z0-9_]+)`", page)) >= {*FORM.columns}
