"""INFORM Risk: trends and latest values. Fault numbers are those of the fault list."""

import io
from datetime import UTC, datetime
from pathlib import Path

import httpx
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import IdentityBreak, PayloadRejected
from data.frames import check
from data.schema.indicator import Indicator
from etl import pipeline
from etl.archive import Archive
from etl.countries import known
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.inform_risk import CODES, LEAST_COUNTRIES, InformRisk
from etl.whole import A_PART
from tests.faulty_server import answer, serving

PAYLOADS = Path(__file__).parents[2] / "payloads" / "inform_risk"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
SOURCE = InformRisk(clock=lambda: NOW)
HEADER = "CountryName,Iso3,GNAYear,IndicatorId,FullName,IndicatorScore,WorkflowId,MethodologyId\n"


def items(name: str, body: bytes | None = None) -> list:
    return list(SOURCE.parse(Payload(name, body if body is not None else (PAYLOADS / name).read_bytes())))


def rows(name: str, body: bytes | None = None) -> pd.DataFrame:
    frames = [item.frame for item in items(name, body) if isinstance(item, Rows)]
    checked = check(pd.concat(frames), Indicator)
    assert not checked.reasons
    return checked.good


def test_a_score_is_of_its_country_and_year():
    row = rows("trends.json").iloc[0]
    assert (row["indicator"], row["area_id"], row["country_iso3"]) == ("inform_risk", "TCD", "TCD")
    assert (row["period_start_date"], row["period_end_date"]) == (
        pd.Timestamp("2024-01-01"),
        pd.Timestamp("2024-12-31"),
    )
    assert (row["value"], row["unit"], row["area_id_kind"], row["admin_level"]) == (7.9, "0-10", "iso3", 0)


def test_zero_is_a_score_and_empty_or_null_is_missing():
    frame = rows("trends.json").set_index(["area_id", "indicator"])["value"]
    assert frame["TCD", "hazard_exposure"] == 0
    assert pd.isna(frame["TCD", "vulnerability"])
    assert pd.isna(frame["NAM", "lack_of_coping_capacity"])


@pytest.mark.parametrize(
    ("number", "reason"),
    [(6, "(XXX)"), (7, "not between 0 and 10 (10.1)"), (8, "(ZZ)"), (9, "GNAYear is later than 2027 (2203)"),
     (10, "several different scores"), (11, "several different scores")],
)  # fmt: skip
def test_what_cannot_be_a_score_is_rejected_with_its_place(number, reason):
    (found,) = [i.reason for i in items("trends.json") if isinstance(i, Reject) and i.locator == f"score {number}"]
    assert reason in found


def test_f27_new_fields_and_rows_without_a_year_are_named():
    assert [item for item in items("trends.json") if isinstance(item, Ignored)] == [
        Ignored(0, "columns that are new here and not read: Colour"),
        Ignored(1, "without a year (GNAYear is 0 or empty)"),
        A_PART,
    ]


def test_the_trends_file_gives_the_same_rows_as_the_api():
    frame = rows("inform-risk-index-trends.csv")
    assert frame["indicator"].tolist() == ["inform_risk", "inform_risk", "lack_of_coping_capacity"]
    assert [i.rows for i in items("inform-risk-index-trends.csv") if isinstance(i, Ignored)] == [1, 0]


def test_latest_values_under_one_name_are_ignored_where_they_differ_and_kept_where_not():
    frame = rows("inform-risk-index.csv").set_index("indicator")
    assert frame["value"].dropna().to_dict() == {
        "inform_population_grid": 17_000_000.0, "inform_coastal_flood": 0.0, "inform_government_effectiveness": -1.4,
    }  # fmt: skip
    assert frame.loc["inform_land_area", "unit"] == "not stated"
    told = {item.reason: item.rows for item in items("inform-risk-index.csv") if isinstance(item, Ignored)}
    assert told["a figure and its score under one name: nothing tells which is which"] == 2
    assert told["figures without a name"] == 1


@settings(max_examples=25)
@given(st.sampled_from(sorted(CODES)), st.decimals(-2, 12, places=1))
def test_every_score_is_a_row_or_a_reject(code, score):
    body = f"{HEADER}Chad,TCD,2023,{code},x,{score},1,1\n".encode()
    assert isinstance(items("t.csv", body)[0], Rows) == (0 <= score <= 10)


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"[]", "no score"), (b'{"Message": "An error has occurred."}', "no list"), (b"<html></html>", "HTML page"),
     (b"Iso3,IndicatorScore\nTCD,1\n", "neither the columns"), (b"Iso3,Score\nTCD,1\n", "lacks the columns")],
)  # fmt: skip
def test_f06_f07_what_is_no_index_is_refused(body, why):
    with pytest.raises(PayloadRejected, match=why):
        items("trends", body)


def test_fetch_asks_for_the_newest_index(monkeypatch):
    body = (PAYLOADS / "trends.json").read_bytes()
    with serving(answer(body, Content_Type="application/json")) as server, httpx.Client() as client:
        there = InformRisk()
        monkeypatch.setattr(there, "spec", SOURCE.spec.__class__(**{**vars(SOURCE.spec), "url": server.url}))
        (payload,) = there.fetch(client, Window(NOW))
    assert payload.content == body
    assert b"WorkflowId=0" in server.requests[0]


def workbook(title: str, *rows: list) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


NAMES = ["COUNTRY", "ISO3", "NATURAL", "HAZARD & EXPOSURE", "VULNERABILITY", "LACK OF COPING CAPACITY", "INFORM RISK"]


def test_the_sheet_of_results_of_a_workbook_gives_scores_of_the_year_in_its_title():
    units = ["(a-z)", "(a-z)", "(0-10)", "(0-10)", "(0-10)", "(0-10)", "(0-10)"]
    body = workbook("Results", ["INFORM RISK 2024"], NAMES, units, ["Chad", "TCD", 5.5, 0, 7, "x", 7.1])
    frame = pd.concat([item.frame for item in items("book.xlsx", body) if isinstance(item, Rows)]).set_index(
        "indicator"
    )
    assert frame["value"].dropna().to_dict() == {
        "inform_risk": 7.1, "hazard_exposure": 0, "hazard_exposure_natural": 5.5, "vulnerability": 7,
    }  # fmt: skip
    assert pd.isna(frame.loc["lack_of_coping_capacity", "value"])
    assert set(frame["period_start_date"].astype(str)) == {"2024-01-01"}


@pytest.mark.parametrize(
    ("title", "names", "what"),
    [("Results", NAMES[:3], "no sheet with ISO3"), ("Results", NAMES, "tells 0 years")],
)
def test_f06_a_workbook_without_results_or_a_year_is_refused(title, names, what):
    with pytest.raises(PayloadRejected, match=what):
        items("book.xlsx", workbook(title, names, ["Chad", "TCD", 1, 1, 1, 1, 1][: len(names)]))


def test_scores_below_the_categories_are_ignored_by_name():
    found = items("x.csv", f"{HEADER}Chad,TCD,2024,INFORM,,7,0,1\nChad,TCD,2024,HA.NAT.EQ,,3,0,1\n".encode())
    assert sum(len(item.frame) for item in found if isinstance(item, Rows)) == 1
    assert not [item for item in found if isinstance(item, Reject)]


COUNTRIES = sorted(known())[: LEAST_COUNTRIES + 1]


def trends(*countries: str, year: int = 2024) -> bytes:
    return (HEADER + "".join(f"x,{country},{year},INFORM,x,5,1,1\n" for country in countries)).encode()


def test_f52_a_score_that_the_index_of_its_year_lacks_is_deleted_and_an_extract_takes_none_away(store, tmp_path):
    def load(body: bytes) -> int:
        return pipeline.load(store, Archive(tmp_path), SOURCE, [Payload("x.csv", body)])["deleted"]

    def of_2024(**at: datetime) -> list[str]:
        found = store.read(Indicator, **at)
        return sorted(found.loc[found["period_start_date"] == "2024-01-01", "area_id"])

    load(trends(*COUNTRIES))
    load(trends(*COUNTRIES, year=2023))
    before = datetime.now(UTC)
    assert load(trends(*COUNTRIES[:2])) == 0
    assert load(trends(*COUNTRIES[1:])) == 1
    assert of_2024() == COUNTRIES[1:]
    assert of_2024(as_of=before) == COUNTRIES
    with pytest.raises(IdentityBreak):
        load(trends(*COUNTRIES[:100], *sorted(set(known()) - set(COUNTRIES))))


def test_the_latest_values_follow_older_ones_and_replace_none():
    assert items("inform-risk-index.csv")[-1] == A_PART
