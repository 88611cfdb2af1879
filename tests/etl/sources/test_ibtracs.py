"""IBTrACS: one event and one track a storm, whatever the chunks. Fault numbers are those of the fault list."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import pytest
import shapely

from data.errors import PayloadRejected
from data.frames import check
from data.schema.hazard_area import HazardArea
from data.schema.hazard_event import HazardEvent
from etl import delimited
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.ibtracs import ACTIVE_FILE, YEARS_FILE, Ibtracs

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ibtracs"
SOURCE = Ibtracs()
NOW = datetime(2021, 4, 1, tzinfo=UTC)


def items(name: str) -> list:
    return list(SOURCE.parse(Payload(name, PAYLOADS / name)))


def rows(name: str, table=HazardEvent) -> pd.DataFrame:
    found = [item.frame for item in items(name) if isinstance(item, Rows) and item.table is table]
    return pd.concat(found, ignore_index=True).set_index("event_id")


def test_a_storm_is_one_event_at_its_newest_position_with_its_highest_wind():
    frame = rows("active.csv")
    storm = frame.loc["2021061N10300"]
    assert (storm["longitude"], storm["latitude"], storm["severity"], storm["severity_unit"]) == (-62, 11, 70, "kt")
    assert (storm["alert_level"], storm["title"]) == ("orange", "Tropical cyclone EXAMPLE (2021)")
    assert storm["started_at"] == datetime(2021, 3, 2, tzinfo=UTC)
    assert storm["ended_at"] == datetime(2021, 3, 2, 12, tzinfo=UTC)
    assert not check(frame.reset_index(), HazardEvent).reasons


def test_where_the_agency_gives_no_wind_the_one_minute_mean_counts_and_says_so():
    storm = rows("active.csv").loc["2021062S12178"]
    assert (storm["severity"], storm["severity_unit"], storm["alert_level"]) == (100, "kt (1-minute mean)", "red")
    assert storm["title"] == "Unnamed tropical cyclone of 2021"
    assert storm["longitude"] == -177.5


def test_f25_blanks_are_missing_and_na_is_a_name():
    storm = rows("active.csv").loc["2021063N05090"]
    assert pd.isna(storm["severity"])
    assert storm["title"] == "Tropical cyclone NA (2021)"


def test_f35_a_track_is_split_at_the_antimeridian_and_one_position_is_a_point():
    frame = rows("active.csv", HazardArea)
    assert not check(frame.reset_index(), HazardArea).reasons
    track = shapely.from_wkt(frame.loc["2021062S12178", "area_wkt"])
    assert (track.geom_type, track.bounds[0], track.bounds[2]) == ("MultiLineString", -180, 180)
    assert shapely.from_wkt(frame.loc["2021063N05090", "area_wkt"]).geom_type == "Point"


def test_spurs_and_new_columns_are_named_and_columns_of_agencies_are_known():
    told = {item.reason: item.rows for item in items("active.csv") if isinstance(item, Ignored)}
    assert list(told.values()) == [1]
    assert "spur" in next(iter(told))
    assert any("NEWTHING" in item.reason for item in items("faults.csv") if isinstance(item, Ignored))


def test_f41_f43_each_fault_is_rejected_with_its_line_and_reason():
    reasons = {item.locator: item.reason for item in items("faults.csv") if isinstance(item, Reject)}
    wanted = {
        3: "ISO_TIME is no time like", 4: "LAT is no latitude", 5: "LAT is missing", 6: "WMO_WIND is no plain number",
        7: "more than a day ahead", 8: "SID is no id", 9: "no wind in knots", 12: "comes again",
    }  # fmt: skip
    assert set(reasons) == {f"line {line}" for line in wanted}
    for line, words in wanted.items():
        assert words in reasons[f"line {line}"]
    assert list(rows("faults.csv").index) == ["1951003N31302", "1952003N31302"]


def test_a_storm_that_goes_on_in_the_next_chunk_is_one_storm(monkeypatch):
    whole = rows("active.csv"), rows("active.csv", HazardArea)
    monkeypatch.setattr(delimited, "_HEAD_BYTES", 700)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 130)
    with (PAYLOADS / "active.csv").open("rb") as stream:
        assert sum(1 for _ in delimited.read(stream, "active.csv", ("SID",))) > 3
    pd.testing.assert_frame_equal(rows("active.csv"), whole[0])
    pd.testing.assert_frame_equal(rows("active.csv", HazardArea), whole[1])


def test_no_active_storm_is_believed_with_the_row_of_units_only():
    head = (PAYLOADS / "active.csv").read_bytes().split(b"\n")
    assert list(SOURCE.parse(Payload("x", b"\n".join(head[:2]) + b"\n"))) == []
    with pytest.raises(PayloadRejected, match="neither a row of units"):
        list(SOURCE.parse(Payload("x", head[0] + b"\n")))


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"SID,ISO_TIME\n", b'{"a": 1}'])
def test_f06_what_is_no_file_of_tracks_is_refused(body):
    with pytest.raises(PayloadRejected):
        list(SOURCE.parse(Payload("x", body)))


@pytest.mark.parametrize(
    ("days", "names"), [(2, [ACTIVE_FILE]), (60, [YEARS_FILE]), (5000, [YEARS_FILE, "not-fetched.json"])]
)
def test_the_file_fits_the_window_and_what_is_too_large_is_named(days, names):
    body = (PAYLOADS / "active.csv").read_bytes()
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))) as client:
        found = list(Ibtracs(clock=lambda: NOW).fetch(client, Window(NOW - timedelta(days=days), NOW)))
    assert [payload.name for payload in found] == names
    if len(found) > 1:
        assert "storms before" in next(iter(SOURCE.parse(found[1]))).reason


HEADER = "SID,ISO_TIME,LAT,LON,WMO_WIND\n"
POSITION = "2019063S18038,2019-03-14 18:00:00,-19.8,35.0,105\n"


@pytest.mark.parametrize("units", ["", "nan,,degrees_north,degrees_east,kts\n", " , ,degrees_north,degrees_east,kts\n"])
def test_one_storm_is_read_without_the_row_of_units_and_with_one_that_was_saved_again(units):
    found = list(SOURCE.parse(Payload("x.csv", f"{HEADER}{units}{POSITION}".encode())))
    assert [type(item) for item in found] == [Rows, Rows]
    assert found[0].frame[["event_id", "latitude"]].to_numpy().tolist() == [["2019063S18038", -19.8]]
