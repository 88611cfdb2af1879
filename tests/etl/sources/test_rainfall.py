"""Rainfall by P-code and dekad. Fault numbers are those of the fault list."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.indicator import Indicator
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.rainfall import MEASURES, Rainfall
from tests.faulty_server import answer, serving

PAYLOADS = Path(__file__).parents[2] / "payloads" / "rainfall"
NOW = datetime(2025, 1, 15, tzinfo=UTC)
SOURCE = Rainfall(clock=lambda: NOW)
NEW, OLD = "tst-rainfall-subnat-5ytd.csv", "tst-rainfall-adm2-full.csv"
HEADER = (PAYLOADS / NEW).read_text().splitlines()[0]
KEY = ["area_id", "indicator", "period_end_date"]


def items(name: str, body: bytes | None = None) -> list:
    return list(SOURCE.parse(Payload(name, body if body is not None else (PAYLOADS / name).read_bytes())))


def rows(name: str, body: bytes | None = None) -> pd.DataFrame:
    frame = pd.concat([item.frame for item in items(name, body) if isinstance(item, Rows)], ignore_index=True)
    checked = check(frame.drop(columns="assumed_known_at"), Indicator)
    assert not checked.reasons
    assert not checked.good.duplicated(list(Indicator.key)).any()
    return checked.good.join(frame["assumed_known_at"])


def test_a_line_is_nine_indicators_each_with_the_period_it_sums_up():
    frame = rows(NEW)
    first = frame[(frame["area_id"] == "TD14") & (frame["period_end_date"] == "2025-01-10")].set_index("indicator")
    assert set(first.index) == {name for name, _, _ in MEASURES.values()}
    assert first["period_start_date"].dt.strftime("%Y-%m-%d").to_dict() == {
        **dict.fromkeys(("rainfall_mm", "rainfall_average_mm", "rainfall_percent_of_normal"), "2025-01-01"),
        **{f"rainfall_1_month_{what}": "2024-12-11" for what in ("mm", "average_mm", "percent_of_normal")},
        **{f"rainfall_3_months_{what}": "2024-10-11" for what in ("mm", "average_mm", "percent_of_normal")},
    }
    assert first["value"].to_dict()["rainfall_3_months_percent_of_normal"] == 61.4
    assert first.loc["rainfall_1_month_percent_of_normal", "unit"] == "%"
    assert (first["country_iso3"] == "TCD").all()


def test_no_rain_is_zero_and_no_figure_is_missing():
    frame = rows(NEW).set_index(KEY)["value"]
    assert frame["TD14", "rainfall_mm", "2025-01-10"] == 0
    assert frame["TD1401", "rainfall_mm", "2025-01-10"] == 0
    assert pd.isna(frame["TD1401", "rainfall_1_month_mm", "2025-01-10"])
    assert rows(OLD).set_index(KEY)["value"].isna().loc["0012", :, "1981-01-31"].sum() == 3


def test_the_version_says_the_quality_and_when_it_was_known_at_the_latest_now():
    frame = rows(NEW).drop_duplicates(["area_id", "period_end_date"]).set_index("period_end_date")
    assert frame.loc["2025-01-20", "quality"] == "provisional"
    assert frame.loc["2025-01-31", "quality"] == "forecast"
    assert frame["assumed_known_at"].max() <= pd.Timestamp(NOW)
    old = rows(OLD)
    assert old.loc[old["area_id"] == "HU002008", "assumed_known_at"].iloc[0] == pd.Timestamp("1981-03-01", tz="UTC")


def test_f26_codes_stay_text_and_the_older_files_say_the_level_by_their_column():
    frame = rows(OLD).drop_duplicates("area_id").set_index("area_id")
    assert frame.loc["0012", "admin_level"] == 2
    assert frame["country_iso3"].isna().to_dict() == {"HU002008": False, "0012": True}


@pytest.mark.parametrize(
    ("line", "reason"),
    [(5, "no first day of a dekad"), (6, "rfh is below zero (-9999)"), (7, "(~3)"), (8, "(guess)"), (9, "(2099-01-01)"),
     (10, "(1981/03/01)"), (11, "ADM2_PCODE is missing")],
)  # fmt: skip
def test_what_cannot_be_is_rejected_with_its_line_and_value(line, reason):
    (found,) = [i.reason for i in items(OLD) if isinstance(i, Reject) and i.locator == f"line {line}"]
    assert reason in found


def test_f43_only_a_forecast_may_be_of_a_dekad_that_has_not_begun():
    line = "2025-01-21,1,1,TD14,1,1,1,1,1,1,1,1,1,1,"
    (found,) = items(NEW, f"{HEADER}\n{line}final\n".encode())
    assert "has not begun, and this is no forecast (2025-01-21)" in found.reason
    assert len(rows(NEW, f"{HEADER}\n{line}forecast\n".encode())) == 9


def test_f27_hxl_tags_and_new_columns_are_named_and_missing_ones_refuse_the_file():
    assert [(i.rows, i.reason.split(",")[0]) for i in items(OLD) if isinstance(i, Ignored)] == [
        (0, "columns that are new here and not read: soil"), (1, "a line of HXL tags"),
    ]  # fmt: skip
    with pytest.raises(PayloadRejected, match="lacks the columns r3q"):
        items(NEW, HEADER.replace("r3q,", "").encode())
    with pytest.raises(PayloadRejected, match="0 columns of P-codes"):
        items(NEW, HEADER.replace("PCODE,", "").encode())
    with pytest.raises(PayloadRejected, match="HAPI"):
        items(NEW, b"location_code,aggregation_period,rainfall\n")


def test_every_dekad_ends_before_the_next_begins():
    firsts = [date(year, month, day) for year in range(2019, 2024) for month in range(1, 13) for day in (1, 11, 21)]
    lines = "".join(f"{first},1,1,TD14,1,1,1,1,1,1,1,1,1,1,final\n" for first in firsts)
    frame = rows(NEW, f"{HEADER}\n{lines}".encode())
    rain = frame[frame["indicator"] == "rainfall_mm"]
    assert rain["period_start_date"].dt.date.tolist() == firsts
    assert (rain["period_end_date"].iloc[:-1] + pd.Timedelta(days=1)).dt.date.tolist() == firsts[1:]
    for name, before in (("rainfall_1_month_mm", 2), ("rainfall_3_months_mm", 8)):
        starts = frame.loc[frame["indicator"] == name, "period_start_date"].dt.date.tolist()
        assert starts[before:] == firsts[:-before]


@settings(max_examples=20)
@given(st.decimals(-5, 5000, places=2), st.sampled_from(["", "NA", "None", "~3", "1,5"]))
def test_every_figure_is_a_value_missing_or_a_reject(rain, average):
    (item,) = items(NEW, f'{HEADER}\n2024-01-01,1,1,TD14,1,{rain},"{average}",1,1,1,1,1,1,1,final\n'.encode())
    is_good = rain >= 0 and average not in {"~3", "1,5"}
    assert isinstance(item, Rows) == is_good
    if is_good:
        values = item.frame.set_index("indicator")["value"]
        assert values["rainfall_mm"] == float(rain)
        assert pd.isna(values["rainfall_average_mm"])


def catalogue(url: str) -> bytes:
    named = [("tst-rainfall-subnat-full.csv", "full"), ("tst-rainfall-subnat-5ytd.csv", "5ytd")]
    files = [{"name": name, "url": f"{url}/{what}.csv", "format": "CSV"} for name, what in named]
    return json.dumps({"result": {"resources": [{"name": "map", "url": url, "format": "PDF"}, *files]}}).encode()


def test_fetch_takes_the_short_file_of_each_country_and_names_one_that_fails(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD, CAF")
    with serving(answer(b"no", "404 Not Found")) as server, httpx.Client() as client:
        there = Rainfall(clock=lambda: NOW)
        there.spec = replace(there.spec, url=server.url)
        server.answers[:] = [answer(catalogue(server.url)), answer(b"the file"), answer(b"no", "404 Not Found")]
        found = list(there.fetch(client, Window(datetime(2024, 6, 1, tzinfo=UTC))))
    assert [payload.name for payload in found] == ["tst-rainfall-subnat-5ytd.csv", "not-fetched.json"]
    assert b"GET /feed?id=tcd-rainfall-subnational" in server.requests[0]
    (missed,) = SOURCE.parse(found[1])
    assert missed == Ignored(0, "not fetched: CAF: HTTPStatusError")


def test_fetch_raises_when_no_country_can_be_had_or_none_is_set(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD")
    with serving(answer(b"no", "404 Not Found")) as server, httpx.Client() as client:
        there = Rainfall(clock=lambda: NOW)
        there.spec = replace(there.spec, url=server.url)
        with pytest.raises(httpx.HTTPStatusError):
            list(there.fetch(client, Window(datetime(2024, 6, 1, tzinfo=UTC))))
        monkeypatch.delenv("WAYPOST_COUNTRIES")
        with pytest.raises(ConfigurationMissing, match="WAYPOST_COUNTRIES"):
            list(there.fetch(client, Window(datetime(2024, 6, 1, tzinfo=UTC))))


def test_the_little_rain_of_deserts_is_read_as_exports_write_it():
    line = "2024-01-01,1,900,EG01,9,0,1.5e-05,0,2E-4,0,1e-3,0,0,0,final"
    header = "date,adm_level,adm_id,PCODE,n_pixels,rfh,rfh_avg,r1h,r1h_avg,r3h,r3h_avg,rfq,r1q,r3q,version"
    found = rows("x.csv", f"{header}\n{line}\n".encode()).set_index("indicator")["value"]
    averages = ["rainfall_average_mm", "rainfall_1_month_average_mm", "rainfall_3_months_average_mm"]
    assert found[averages].tolist() == [1.5e-05, 2e-4, 1e-3]
    assert not [i for i in items("x.csv", f"{header}\n{line.replace('-05', '5')}\n".encode()) if isinstance(i, Rows)]
