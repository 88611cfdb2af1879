"""IOM DTM: sums within a round and place, never over operations. All figures here are invented."""

from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from etl.registry import source
from etl.source import Ignored, Payload, Reject, Rows, Window

PAYLOADS = Path(__file__).parents[2] / "payloads" / "dtm"
SINCE = Window(pd.Timestamp("2024-01-01", tz="UTC").to_pydatetime())


def items(name: str) -> list:
    return list(source("dtm").parse(Payload(name, PAYLOADS / name)))


def rows(name: str) -> pd.DataFrame:
    return pd.concat([i.frame for i in items(name) if isinstance(i, Rows)])


def of(frame: pd.DataFrame, pcode: str, series: str = "Invented operation") -> pd.Series:
    return frame[(frame["area_pcode"] == pcode) & (frame["series"] == series)].iloc[0]


def test_rows_of_one_place_and_round_are_summed_and_operations_are_not():
    frame = rows("admin2.json")
    assert of(frame, "TD1401")["people"] == 150
    assert of(frame, "TD1401", "Another operation")["people"] == 80
    assert frame["record_id"].is_unique


def test_zero_stays_zero_and_a_sum_with_an_unknown_part_is_unknown():
    frame = rows("admin2.json")
    assert of(frame, "TD1402")["people"] == 0
    assert pd.isna(of(frame, "TD1404")["people"])


def test_one_kind_of_reason_is_the_cause_and_several_are_not_told():
    frame = rows("admin2.json")
    assert of(frame, "TD1401")["cause"] == "conflict"
    assert of(frame, "TD1403")["cause"] == "not_told"


def test_not_available_is_missing_and_the_level_above_holds():
    frame = rows("admin2.json")
    row = frame[frame["admin_level"] == 1].iloc[0]
    assert (row["area_pcode"], row["people"]) == ("TD14", 3)


def test_a_workbook_with_titles_and_hxl_tags_is_understood():
    frame = rows("workbook.xlsx").set_index("area_pcode")
    assert frame["people"].isna().tolist() == [False, False, True]
    assert frame.loc["TD1401", "people"] == 1200
    assert frame.loc["TD1401", "area_name"] == "Place A"


@pytest.mark.parametrize(
    ("place", "reason"),
    [(1, "idp_individuals is no plain"), (2, "1,200"), (3, "admin0_pcode"), (4, "03/04/2024"), (5, "object")],
)
def test_each_fault_is_rejected_with_its_place_and_reason(place, reason):
    reasons = {item.locator: item.reason for item in items("faults.json") if isinstance(item, Reject)}
    assert reason in reasons[f"row {place}"]
    assert any("colour" in item.reason for item in items("faults.json") if isinstance(item, Ignored))


def test_f13_without_a_key_it_is_not_configured(monkeypatch):
    monkeypatch.delenv("WAYPOST_DTM_KEY", raising=False)
    with pytest.raises(ConfigurationMissing, match="WAYPOST_DTM_KEY"):
        list(source("dtm").fetch(None, SINCE))


def test_a_level_that_cannot_be_had_does_not_take_the_others_with_it(monkeypatch):
    monkeypatch.setenv("WAYPOST_DTM_KEY", "secret")
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD")

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Ocp-Apim-Subscription-Key"] == "secret"
        if request.url.path.endswith("admin1"):
            return httpx.Response(403, text="<html>blocked</html>")
        return httpx.Response(200, content=(PAYLOADS / "admin2.json").read_bytes())

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        payloads = list(source("dtm").fetch(client, SINCE))
    assert [payload.name for payload in payloads] == ["TCD-admin2.json", "TCD-admin0.json", "not-fetched.json"]
    assert "TCD admin1" in next(iter(source("dtm").parse(payloads[-1]))).reason


def test_an_unsuccessful_answer_says_what_the_service_said():
    body = b'{"result": null, "isSuccess": false, "errorMessages": ["Operation is unknown"]}'
    with pytest.raises(PayloadRejected, match="Operation is unknown"):
        list(source("dtm").parse(Payload("x", body)))
