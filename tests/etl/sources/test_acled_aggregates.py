"""ACLED's published sums: one row an area and month, what is missing, what is no sum. All figures are invented."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from data.errors import InputRejected, PayloadRejected
from data.frames import check
from data.schema.indicator import Indicator
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.acled_aggregates import AcledAggregates

PAYLOADS = Path(__file__).parents[2] / "payloads" / "acled_aggregates"
GOOD, FAULTS = "political-violence-as-of-2025-01-10.xlsx", "faults-demonstration-events.xlsx"
NOW = datetime(2025, 2, 10, tzinfo=UTC)
SOURCE = AcledAggregates(clock=lambda: NOW)


def items(name: str, body: bytes | None = None) -> list:
    return list(SOURCE.parse(Payload(name, body or (PAYLOADS / name).read_bytes())))


def rows(found: list) -> pd.DataFrame:
    return pd.concat([i.frame for i in found if isinstance(i, Rows)], ignore_index=True)


def value(frame: pd.DataFrame, indicator: str, area: str, month: str) -> pd.Series:
    (found,) = frame[
        (frame["indicator"] == indicator) & (frame["area_id"] == area) & (frame["period_start_date"] == f"{month}-01")
    ].to_dict("records")
    return pd.Series(found)


def workbook(*lines: list, title: str = "HRP_1") -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    book.active.title = title
    for line in lines:
        book.active.append(line)
    book.save(buffer)
    return buffer.getvalue()


def test_two_areas_within_one_code_are_summed_and_each_month_is_whole():
    row = value(rows(items(GOOD)), "conflict_events", "TD9901", "2024-12")
    assert (row["value"], row["period_end_date"], row["unit"]) == (4, pd.Timestamp("2024-12-31"), "events")
    assert (row["admin_level"], row["area_id_kind"], row["country_iso3"]) == (2, "pcode", "TCD")
    assert value(rows(items(GOOD)), "conflict_fatalities", "TD9901", "2024-12")["value"] == 7
    assert set(rows(items(GOOD))["breakdown"]) == {"political_violence"}


def test_zero_is_a_quiet_month_and_an_empty_cell_is_missing():
    frame = rows(items(GOOD))
    assert value(frame, "conflict_fatalities", "TD9902", "2024-12")["value"] == 0
    assert pd.isna(value(frame, "conflict_fatalities", "TD9902", "2025-01")["value"])
    assert value(frame, "conflict_events", "TD9902", "2025-01")["value"] == 1
    assert pd.isna(value(frame, "conflict_fatalities", "COG", "2025-01")["value"])


def test_a_month_that_was_not_over_is_provisional():
    frame = rows(items(GOOD))
    assert frame.groupby("period_start_date")["quality"].unique().map(list).tolist() == [["reported"], ["provisional"]]


def test_f25_na_is_no_code_and_names_of_two_countries_stay_apart():
    found = check(rows(items(GOOD)), Indicator).good
    assert not found.duplicated(list(Indicator.key)).any()
    named = found[(found["area_id_kind"] == "name") & (found["indicator"] == "conflict_events")]
    assert named.set_index("country_iso3")["value"].to_dict() == {"TCD": 4, "SDN": 7}
    assert set(found.loc[found["admin_level"] == 0, "area_id"]) == {"XKX", "COG"}


def test_the_terms_are_ignored_by_name():
    assert [item.reason for item in items(GOOD) if isinstance(item, Ignored)] == ["the sheet TOU holds no sums"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (3, "stood before"), (4, "month is no English"), (5, "year is none since 1997"), (6, "country is no"),
        (7, "events is no plain"), (8, "year is missing"), (9, "country is no"),
    ],
)  # fmt: skip
def test_each_fault_is_rejected_with_its_place_and_reason(place, reason):
    reasons = {item.locator: item.reason for item in items(FAULTS) if isinstance(item, Reject)}
    assert len(reasons) == 7
    assert reason in reasons[f"sheet HRP_1 row {place}"]


def test_demonstrations_have_no_fatalities_and_new_columns_are_reported():
    found = items(FAULTS)
    assert set(rows(found)["indicator"]) == {"conflict_events"}
    assert set(rows(found)["breakdown"]) == {"demonstration"}
    assert any("Colour" in item.reason for item in found if isinstance(item, Ignored))
    assert rows(found).set_index("area_id")["value"].to_dict() == {"TD9901": 3, "TCD": 9}


def test_f43_a_month_that_has_not_begun_is_rejected():
    header = ["Country", "Month", "Year", "Events", "Fatalities"]
    body = workbook(header, ["Chad", "March", "2025", 1, 0], ["Chad", "February", "2025", 1, 0])
    found = items("political.xlsx", body)
    assert [item.reason for item in found if isinstance(item, Reject)] == ["month has not begun yet (March)"]
    assert rows(found)["quality"].tolist() == ["provisional", "provisional"]


@pytest.mark.parametrize(
    ("name", "body", "what"),
    [
        ("download.xlsx", None, "does not say in its name"),
        ("political.xlsx", b"<html>sign in</html>", "an HTML page"),
        ("political.xlsx", workbook(["Licensing"], ["terms"], title="TOU"), "has no sheet of sums"),
        ("political.xlsx", workbook(["Country", "Month", "Events"], ["Chad", "May", 1]), "lacks the columns year"),
        ("political-as-of-2025-02-30.xlsx", workbook(["Country", "Month", "Year", "Events"]), "impossible day"),
    ],
)
def test_f06_what_is_no_workbook_of_sums_is_refused(name, body, what):
    with pytest.raises(PayloadRejected, match=what):
        items(name, body or (PAYLOADS / GOOD).read_bytes())


def test_it_is_never_fetched():
    with pytest.raises(InputRejected, match="--from FILE"):
        SOURCE.fetch(None, Window(NOW))


CSV = """Country ISO3,Admin 1 PCode,Admin 1 Name,Admin 2 PCode,Admin 2 Name,Start Date,End Date,Event Type,Events,\
Fatalities
#country+code,#adm1+code,#adm1+name,#adm2+code,#adm2+name,#date+start,#date+end,#event+type,#event+num,#fatality+num
TCD,,,,,2024-01-01 00:00:00+00:00,2024-01-31 00:00:00+00:00,civilian_targeting,3,0
TCD,TD07,Lac,TD0701,Mamdi,2024-01-01 00:00:00+00:00,2024-01-31 00:00:00+00:00,demonstration,2,
TCD,TD07,Lac,TD0701,Mamdi,2024-01-01 00:00:00+00:00,2024-01-30 00:00:00+00:00,political_violence,2,1
"""


def test_a_csv_of_hdx_holds_all_kinds_and_only_whole_months():
    found = list(SOURCE.parse(Payload("conflict_events.csv", CSV.encode())))
    frame = pd.concat([item.frame for item in found if isinstance(item, Rows)])
    assert frame[["area_id", "breakdown", "indicator", "value"]].to_numpy().tolist() == [
        ["TCD", "civilian_targeting", "conflict_events", 3], ["TCD", "civilian_targeting", "conflict_fatalities", 0],
        ["TD0701", "demonstration", "conflict_events", 2],
    ]  # fmt: skip
    assert [item.locator for item in found if isinstance(item, Reject)] == ["line 5"]
    with pytest.raises(PayloadRejected, match="a kind of event that is not known"):
        list(SOURCE.parse(Payload("x.csv", CSV.replace("demonstration", "weather").encode())))
