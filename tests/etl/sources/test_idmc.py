"""IDMC: what adds up, what only supports, what is missing."""

import json
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.displacement import Displacement
from etl.archive import Archive
from etl.pipeline import load
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


def test_f52_a_figure_that_the_newest_answer_lacks_no_longer_adds_up_and_an_older_one_stays(store, tmp_path):
    record = json.loads((PAYLOADS / "idus.json").read_text())[0]

    def answer(*told: tuple[int, str]) -> Payload:
        days = [dict.fromkeys(("displacement_start_date", "displacement_end_date"), day) for _, day in told]
        records = [{**record, "id": number, **day} for (number, _), day in zip(told, days, strict=True)]
        return Payload("idus-last-180-days.json", json.dumps(records).encode())

    def loaded(payload: Payload) -> list[str]:
        load(store, Archive(tmp_path), source("idmc"), [payload])
        return sorted(store.read(Displacement)["record_id"])

    many = [(number, "2025-03-02") for number in range(10, 20)]
    assert len(loaded(answer((1, "2024-08-01"), (2, "2025-03-01"), *many))) == 12
    assert loaded(answer((3, "2025-03-01"), *many)) == ["1", *map(str, range(10, 20)), "3"]


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


def told(name: str, body: str | bytes) -> list:
    return list(source("idmc").parse(Payload(name, body.encode() if isinstance(body, str) else body)))


def frame_of(found: list) -> pd.DataFrame:
    return pd.concat([item.frame for item in found if isinstance(item, Rows)]).set_index("record_id")


YEARS = """ISO3,Name,Year,Conflict Stock Displacement,Conflict Stock Displacement (Raw),Disaster Internal Displacements
#country+code,#country+name,#date+year,#affected+idps+stock+conflict,,#affected+idps+disaster
TCD,Chad,2023,450000,449998,
AB9,Abyei,2023,0,0,3400
TCD,Chad,2999,1,1,1
"""


def test_sums_of_years_are_read_exact_and_a_stock_is_that_of_the_years_end():
    found = told("displacement_data.csv", YEARS)
    frame = frame_of(found)
    assert frame.loc["TCD|2023|conflict|stock", ["people", "measure", "cause"]].tolist() == [
        449998,
        "stock",
        "conflict",
    ]
    assert str(frame.loc["TCD|2023|conflict|stock", "period_start_date"]) == "2023-12-31 00:00:00"
    assert pd.isna(frame.loc["TCD|2023|disaster|flow", "people"])
    assert frame.loc["AB9|2023|conflict|stock", "people"] == 0
    assert set(frame["source_id"]) == {"idmc_gidd_years"}
    assert [item.locator for item in found if isinstance(item, Reject)] == ["line 5"]


@pytest.mark.parametrize(("name", "cause"), [("conflict.csv", "conflict"), ("idps_disasters.csv", "disaster")])
def test_columns_without_a_cause_take_it_from_the_files_name_or_are_refused(name, cause):
    body = "iso3,year,new_displacement,total_displacement\nTCD,2023,0,12\n"
    assert set(frame_of(told(name, body))["cause"]) == {cause}
    with pytest.raises(PayloadRejected, match="tells the cause neither"):
        told("figures.csv", body)


def test_disasters_of_one_name_and_day_stay_two_and_a_month_ends_with_its_last_day():
    body = (
        "iso3,year,start_date,end_date,end_date_accuracy,event_name,new_displacement,total_displacement\n"
        "TCD,2023,2023-02-03,2023-02-01,Month,Chad: Flood (invented),15,\n"
        "TCD,2023,2023-02-03,,,Chad: Flood (invented),20,7\n"
    )
    frame = frame_of(told("x.csv", body))
    assert frame["people"].tolist() == [15, 20, 7]
    assert frame["measure"].tolist() == ["flow", "flow", "stock"]
    assert frame["period_end_date"].dt.strftime("%Y-%m-%d").tolist() == ["2023-02-28", "2023-02-03", "2023-12-31"]
    assert check(frame.reset_index(), Displacement).reasons == {}


def test_updates_as_csv_give_what_the_json_gives():
    records = json.loads((PAYLOADS / "idus.json").read_text())
    names = list(dict.fromkeys(key for record in records for key in record))
    cells = [{**r, "locations_name": "; ".join(r.get("locations_name") or [])} for r in records]
    body = pd.DataFrame(cells, columns=names).to_csv(index=False)
    tagged = body.replace("\n", "\n" + ",".join(f"#x+{n}" for n in range(len(names))) + "\n", 1)
    pd.testing.assert_frame_equal(frame_of(told("idu.csv", tagged)), rows("idus.json"), check_dtype=False)


def test_a_page_of_the_api_holds_results_and_a_table_of_something_else_is_refused():
    results = [{"iso3": "TCD", "year": 2023, "event_name": "Chad: Flood", "start_date": "2023-02-03",
                "new_displacement": 15, "event_codes": []}]  # fmt: skip
    assert frame_of(told("d.json", json.dumps({"results": results})))["people"].tolist() == [15]
    with pytest.raises(PayloadRejected, match="neither updates nor"):
        told("x.csv", "iso3,year,rainfall\nTCD,2023,1\n")


def test_updates_that_were_saved_as_features_give_what_the_list_gives():
    records = json.loads((PAYLOADS / "idus.json").read_text())
    features = [{"type": "Feature", "geometry": None, "properties": record} for record in records]
    body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    found = pd.concat([i.frame for i in source("idmc").parse(Payload("x", body)) if isinstance(i, Rows)])
    pd.testing.assert_frame_equal(found.set_index("record_id"), rows("idus.json"))


def test_f22_half_a_character_in_the_name_of_a_field_harms_no_other_record():
    body = (PAYLOADS / "idus.json").read_bytes()
    broken = body.replace(b'"id"', b'"\xed\xa0\x80id"', 1)
    found = list(source("idmc").parse(Payload("idus.json", broken)))
    known = pd.concat([item.frame for item in found if isinstance(item, Rows)])["record_id"]
    assert set(known) == set(rows("idus.json").index) - {"1"}
    assert len([item for item in found if isinstance(item, Reject)]) == 1
