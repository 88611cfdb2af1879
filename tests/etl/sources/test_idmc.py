"""IDMC: what adds up, what only supports, what is missing."""

import json
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.displacement import Displacement
from etl.registry import source
from etl.source import Ignored, Payload, Reject, Rows, Window

PAYLOADS = Path(__file__).parents[2] / "payloads" / "idmc"


def items(name: str) -> list:
    return list(source("idmc").parse(Payload(name, PAYLOADS / name)))


def rows(name: str) -> pd.DataFrame:
    return pd.concat([i.frame for i in items(name) if isinstance(i, Rows)]).set_index("record_id")


def test_only_a_recommended_figure_adds_up():
    frame = rows("idus.json")
    assert frame["is_additive"].to_dict() == {"1": True, "2": False, "3": True, "4": True, "5": True}
    assert frame.loc["1", "series"] == frame.loc["2", "series"] == "9001"
    assert frame.loc["5", "series"] == "Chad: clashes (invented)"


def test_zero_is_not_missing_and_markup_is_gone():
    frame = rows("idus.json")
    assert frame.loc["3", "people"] == 0
    assert pd.isna(frame.loc["4", "people"])
    assert "<b>" not in frame.to_csv()
    assert frame.loc["5", "note"].startswith("more than")
    assert frame.loc["1", "area_name"] == "Place A; Place B"


@pytest.mark.parametrize("centroid", ["[9.5, 18.25]", "9.5,18.25", ["9.5", "18.25"]])
def test_a_centroid_stands_in_for_a_missing_position_and_for_no_other(centroid):
    records = json.loads((PAYLOADS / "idus.json").read_text())[:2]
    for record, latitude, longitude in zip(records, (None, "7.0"), (None, "17.0"), strict=True):
        record |= {"centroid": centroid, "latitude": latitude, "longitude": longitude}
    found = list(source("idmc").parse(Payload("x", json.dumps(records).encode())))
    (frame,) = [item.frame for item in found if isinstance(item, Rows)]
    assert frame[["latitude", "longitude"]].to_numpy().tolist() == [[9.5, 18.25], [7.0, 17.0]]


def test_the_yearly_data_set_is_a_source_of_its_own():
    row = rows("gidd.geojson").loc["5"]
    assert (row["source_id"], row["measure"], row["quality"]) == ("idmc_gidd", "stock", "reported")


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (2, "iso3 is no"),
        (3, "figure is no plain"),
        (4, "role is none"),
        (5, "come together"),
        (6, "is no date"),
        (8, "no object"),
    ],
)
def test_each_fault_is_rejected_with_its_place_and_reason(place, reason):
    reasons = {item.locator: item.reason for item in items("faults.json") if isinstance(item, Reject)}
    assert reason in reasons[f"record {place}"]


def test_a_period_that_ends_before_it_begins_does_not_fit_the_table():
    reasons = check(rows("faults.json").reset_index(), Displacement).reasons
    assert ["period_end_date" in reason for reason in reasons.values()] == [True]


def test_new_fields_are_reported():
    assert any("new_thing" in item.reason for item in items("faults.json") if isinstance(item, Ignored))


def test_f13_without_a_client_id_it_is_not_configured(monkeypatch):
    monkeypatch.delenv("WAYPOST_IDMC_CLIENT_ID", raising=False)
    with pytest.raises(ConfigurationMissing, match="WAYPOST_IDMC_CLIENT_ID"):
        list(source("idmc").fetch(None, Window(pd.Timestamp("2025-01-01", tz="UTC").to_pydatetime())))


def test_another_document_is_refused():
    with pytest.raises(PayloadRejected, match="no list of displacement updates"):
        list(source("idmc").parse(Payload("x", b'{"detail": "Invalid client"}')))
