"""HDX HAPI: themes, areas, totals and parts. All figures here are invented."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import ConfigurationMissing, IdentityBreak, PayloadRejected
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.schema.response_plan import ResponsePlan
from etl import pipeline
from etl.archive import Archive
from etl.hapi_themes import POVERTY, THEMES
from etl.registry import source
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.whole import A_PART, Whole, told_whole, whole

PAYLOADS = Path(__file__).parents[2] / "payloads" / "hapi"
SINCE = Window(pd.Timestamp("2024-01-01", tz="UTC").to_pydatetime())


def items(name: str) -> list:
    return list(source("hapi").parse(Payload(name, PAYLOADS / name)))


def rows(name: str) -> pd.DataFrame:
    return pd.concat([i.frame for i in items(name) if isinstance(i, Rows)], ignore_index=True)


def test_areas_with_a_code_with_a_name_and_of_the_country():
    frame = rows("idps.csv")
    assert frame["admin_level"].tolist() == [0, 1, 1]
    assert frame["area_pcode"].isna().tolist() == [True, False, True]
    assert frame["area_name"].tolist()[1:] == ["Ouaddai", "Sila"]
    assert frame["record_id"].is_unique


def test_zero_is_zero_and_minus_one_is_missing():
    frame = rows("idps.csv")
    assert frame["people"].tolist()[:2] == [1000, 0]
    assert pd.isna(frame["people"].iloc[2])


def test_rows_that_hdx_marks_as_wrong_are_ignored_by_name():
    ignored = [item for item in items("idps.csv") if isinstance(item, Ignored)]
    assert ignored == [Ignored(1, "a row that HDX itself marks with an error"), A_PART]


def test_the_published_total_is_taken_and_parts_are_summed_where_there_is_none():
    frame = rows("returnees.csv").set_index("population_group")
    assert frame["people"].to_dict() == {"refugee": 500, "returned_refugee": 25}
    assert frame["measure"].to_dict() == {"refugee": "stock", "returned_refugee": "flow"}
    assert frame.loc["refugee", "origin_iso3"] == "SDN"
    rejects = [item for item in items("returnees.csv") if isinstance(item, Reject)]
    assert ["population_group is none of" in item.reason for item in rejects] == [True]


def test_a_projection_is_a_forecast_and_an_area_without_any_name_is_rejected():
    frame = rows("food.csv")
    current = frame[frame["indicator"] == "food_insecure_people"]
    assert current["quality"].tolist() == ["reported", "forecast"]
    assert current["value"].tolist() == [2000, 3000]
    reasons = {item.locator: item.reason for item in items("food.csv") if isinstance(item, Reject)}
    assert "ipc_type is none of" in reasons["line 4"]
    assert "names no area" in reasons["line 5"]


def test_money_of_the_api_keeps_zero_and_missing_apart():
    frame = rows("funding.json")
    assert frame["funding_usd"].tolist() == [0.0, 0.0]
    assert frame["requirements_usd"].isna().tolist() == [False, True]
    assert frame["year"].tolist() == [2024, 2024]


def test_parts_of_one_code_are_summed_and_a_name_of_two_countries_is_two_areas():
    frame = rows("conflict.csv")
    events = frame[frame["indicator"] == "conflict_events"].set_index("area_id")["value"]
    assert events.to_dict() == {"TD9901": 4, "TD9902": 0, "TCD/Centre": 4, "CMR/Centre": 6}
    deaths = frame[frame["indicator"] == "conflict_fatalities"].set_index("area_id")["value"]
    assert deaths.isna().to_dict() == {"TD9901": True, "TD9902": False, "TCD/Centre": True, "CMR/Centre": True}
    assert not frame.duplicated(list(Indicator.key)).any()
    (reject,) = [item for item in items("conflict.csv") if isinstance(item, Reject)]
    assert (reject.locator, "names no area" in reject.reason) == ("line 8", True)


def test_columns_of_no_theme_are_refused_with_their_names():
    with pytest.raises(PayloadRejected, match=r"columns of no theme.*colour"):
        list(source("hapi").parse(Payload("x.csv", b"colour,taste\nred,sweet\n")))
    with pytest.raises(PayloadRejected, match="no list named data"):
        list(source("hapi").parse(Payload("x.json", b'{"detail": "missing app identifier"}')))


def test_f13_without_an_identifier_it_is_not_configured(monkeypatch):
    monkeypatch.delenv("WAYPOST_HAPI_APP_IDENTIFIER", raising=False)
    with pytest.raises(ConfigurationMissing, match="APP_IDENTIFIER"):
        list(source("hapi").fetch(None, SINCE))


def test_a_theme_that_fails_is_named_and_the_others_are_read(monkeypatch):
    monkeypatch.setenv("WAYPOST_HAPI_APP_IDENTIFIER", "waypost:test@example.org")
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD")

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["X-HDX-HAPI-APP-IDENTIFIER"] == "d2F5cG9zdDp0ZXN0QGV4YW1wbGUub3Jn"
        if request.url.path.endswith("funding"):
            return httpx.Response(200, content=(PAYLOADS / "funding.json").read_bytes())
        return httpx.Response(404) if request.url.path.endswith("idps") else httpx.Response(200, json={"data": []})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        payloads = list(source("hapi").fetch(client, SINCE))
    assert [payload.name for payload in payloads] == ["funding-TCD-1.json", "not-fetched.json", "fetched-whole.json"]
    assert "affected-people/idps of TCD" in next(iter(source("hapi").parse(payloads[1]))).reason
    had = {"coordination-context/funding": ["TCD"]}
    assert told_whole(payloads[-1]) == Whole(start=SINCE.start.date(), end=SINCE.end.date(), parts=had)


PERIOD = {"reference_period_start": "2024-01-01T00:00:00", "reference_period_end": "2024-12-31T23:59:59"}


def told(*records: dict) -> list:
    body = json.dumps({"data": [{"location_code": "TCD", **PERIOD, **record} for record in records]})
    return list(source("hapi").parse(Payload("page.json", body.encode())))


IDPS, CONFLICT = "affected-people/idps", "coordination-context/conflict-events"


def page(*records: dict, country: str = "TCD") -> Payload:
    body = {"data": [{"location_code": country, **PERIOD, **record} for record in records]}
    return Payload(f"page-{country}.json", json.dumps(body).encode())


def attacks(*areas: str, country: str = "TCD") -> Payload:
    told = {"event_type": "civilian_targeting", "events": 1, "fatalities": 0}
    return page(*({**told, "admin1_code": area} for area in areas), country=country)


def displaced(*rounds: int) -> Payload:
    told = {"assessment_type": "BA", "operation": "Invented", "population": 7}
    return page(*({**told, "reporting_round": number} for number in rounds))


def span(month: int, *paths: str) -> Payload:
    return whole(date(2024, month, 1), date(2024, month + 1, 1), {path: ["TCD"] for path in paths})


def test_f52_a_row_that_all_pages_of_its_theme_lack_is_deleted_and_no_other(store, tmp_path):
    def load(*payloads: Payload) -> int:
        return pipeline.load(store, Archive(tmp_path), source("hapi"), payloads)["deleted"]

    def known(**at: datetime) -> list[str]:
        return sorted(set(store.read(Indicator, **at)["area_id"]))

    money = page({"appeal_code": "H1", "appeal_name": "A", "funding_usd": 0})
    load(attacks("TD1", "TD2", "TD3"), attacks("CM1", country="CMR"), displaced(1), money, span(6, IDPS, CONFLICT))
    before = datetime.now(UTC)
    assert load(attacks("TD1", "TD2")) == 0  # a page
    assert load(attacks("TD1", "TD2"), span(6, IDPS.replace("idps", "returnees"), "a theme of later")) == 0
    assert load(attacks("TD1", "TD2"), whole(date(2025, 1, 1), date(2025, 2, 1), {CONFLICT: ["TCD"]})) == 0
    assert load(attacks("TD1", "TD2"), span(6, CONFLICT)) == 2  # events and deaths of one area
    assert known() == ["CM1", "TD1", "TD2"]
    assert known(as_of=before) == ["CM1", "TD1", "TD2", "TD3"]
    with pytest.raises(IdentityBreak):
        load(attacks("TD4"), span(6, CONFLICT))
    assert load(displaced(2), span(6, IDPS)) == 1  # a single round with another number is wholly another one
    assert store.read(Displacement)["record_id"].str.contains("|2|", regex=False).tolist() == [True]
    assert len(store.read(ResponsePlan)) == 1


def test_no_two_themes_have_the_same_rows():
    indicators = [name for theme in THEMES for _, name, _ in theme.figures]
    assert len(indicators) == len(set(indicators))
    assert all(theme.figures for theme in THEMES if theme.table is Indicator)


def frame_of(found: list) -> pd.DataFrame:
    return pd.concat([item.frame for item in found if isinstance(item, Rows)], ignore_index=True)


def test_a_site_and_a_baseline_assessment_are_two_series_and_a_period_may_end_with_its_last_second():
    record = {"assessment_type": "BA", "reporting_round": 1, "operation": "Invented", "population": 7}
    frame = frame_of(told(record, {**record, "assessment_type": "SA"}))
    assert frame["series"].tolist() == ["Invented, BA", "Invented, SA"]
    assert set(frame["period_end_date"].dt.strftime("%Y-%m-%d")) == {"2024-12-31"}


def test_parts_of_needs_by_gender_or_group_do_not_fall_upon_their_total():
    record = {"sector_code": "EDU", "population_status": "INN", "population": 9, "population_group": "all"}
    frame = frame_of(told(record, {**record, "gender": "f", "population": 4}, {**record, "population_group": "IDP"}))
    assert frame["breakdown"].tolist() == ["EDU; in_need", "EDU; f; in_need", "EDU; IDP; in_need"]


def test_hosts_are_ignored_by_name():
    group = {"origin_location_code": "SDN", "asylum_location_code": "TCD", "gender": "all", "age_range": "all"}
    found = told(*({**group, "population_group": code, "population": 0} for code in ("HST", "REF")))
    assert frame_of(found)["people"].tolist() == [0]
    assert any("host community" in item.reason for item in found if isinstance(item, Ignored))


def test_the_index_of_risk_and_poverty_are_indicators_and_other_themes_are_refused_by_name():
    risk = {"overall_risk": 7.8, "hazard_exposure_risk": 8, "vulnerability_risk": 7, "coping_capacity_risk": 0}
    assert frame_of(told(risk)).set_index("indicator")["value"].to_dict() == {
        "inform_risk": 7.8, "hazard_exposure": 8, "vulnerability": 7, "lack_of_coping_capacity": 0,
    }  # fmt: skip
    poverty = dict.fromkeys((name for name, _, _ in POVERTY), 0.5)
    assert len(frame_of(told({**poverty, "admin1_code": "TD07"}))) == 5
    with pytest.raises(PayloadRejected, match="theme of prices at markets"):
        told({"commodity_code": "1", "price": 2})
