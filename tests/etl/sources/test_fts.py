"""Plans and flows of money."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import ExpectationBroken, IdentityBreak, PayloadRejected
from data.frames import check
from data.schema.funding_flow import FundingFlow
from etl.archive import Archive
from etl.pipeline import load
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.fts import Fts

PAYLOADS = Path(__file__).parents[2] / "payloads" / "fts"
NOW = datetime(2020, 6, 1, tzinfo=UTC)
SOURCE = Fts(clock=lambda: NOW)


def rows(name: str) -> pd.DataFrame:
    found = SOURCE.parse(Payload(name, (PAYLOADS / name).read_bytes()))
    return pd.concat([item.frame for item in found if isinstance(item, Rows)])


def test_only_new_money_that_is_no_pledge_and_no_part_of_another_flow_counts():
    flows = rows("flows.json").set_index("flow_id")
    assert flows["is_counted"].to_dict() == {
        "700001": True, "700002": False, "700003": False, "700004": False, "700008": True,
    }  # fmt: skip
    assert (flows.loc["700001", "amount_usd"], flows.loc["700001", "version"]) == (1_200_000, 2)
    assert flows.loc["700001", ["plan_id", "cluster", "country_iso3"]].tolist() == ["90001", "Health", "CAF"]
    assert pd.isna(flows.loc["700003", "cluster"])


def test_a_plan_keeps_zero_apart_from_missing():
    plans = rows("overview.json").set_index("plan_id")
    assert plans["requirements_usd"].to_dict() == {"90001": 553_600_000, "90002": 0, "90003": 7000}
    assert pd.isna(plans.loc["90003", "funding_usd"])
    assert plans.loc["90002", "title"] == "Regional example plan"
    assert (plans.loc["90001", "country_iso3"], plans.loc["90002", "year"]) == ("CAF", 2020)
    assert pd.isna(plans.loc["90002", "country_iso3"])


def test_a_share_of_a_plan_over_several_countries_is_not_the_plan():
    assert rows("by_cluster.csv")["plan_id"].tolist() == ["90001", "90001", "90002:CAF"]


@pytest.mark.parametrize("body", [b'{"status": "error"}', b'{"status": "ok", "data": {}}', b"<html>", b"[]"])
def test_f06_another_answer_is_refused(body):
    with pytest.raises(PayloadRejected):
        list(SOURCE.parse(Payload("x.json", body)))


def test_fetch_follows_the_links_and_names_what_it_could_not_get(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "CAF,TCD")

    def answer(request: httpx.Request) -> httpx.Response:
        if "progress" in request.url.path:
            return httpx.Response(200, content=(PAYLOADS / "overview.json").read_bytes())
        if request.url.params["planid"] == "90002":
            return httpx.Response(404)
        link = None if "page" in request.url.params else f"{request.url}&page=2"
        return httpx.Response(200, json={"status": "ok", "data": {"flows": []}, "meta": {"nextLink": link}})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        found = list(SOURCE.fetch(client, Window(NOW, NOW)))
    assert [payload.name for payload in found] == [
        "plan-overview-progress-2020.json", "plan-90001-flows-page-1.json", "plan-90001-flows-page-2.json",
        "not-fetched.json",
    ]  # fmt: skip
    (told,) = SOURCE.parse(found[-1])
    assert told == Ignored(0, "not fetched: the flows of plan 90002: HTTPStatusError")


def test_f49_a_flow_that_its_plan_no_longer_has_is_withdrawn_and_half_of_them_are_an_identity_break(store, tmp_path):
    def page(*ids: int, link: str | None = None) -> Payload:
        takers = [{"type": "Plan", "id": "90001"}]
        flows = [
            {"id": str(i), "versionId": 1, "status": "paid", "newMoney": True, "amountUSD": 5, "date": "2020-05-01",
             "destinationObjects": takers} for i in ids
        ]  # fmt: skip
        answer = {"status": "ok", "data": {"flows": flows}, "meta": {"nextLink": link}}
        return Payload("plan-90001-flows-page-1.json", json.dumps(answer).encode())

    def loaded(payload: Payload) -> int:
        return load(store, Archive(tmp_path), SOURCE, [payload])["deleted"]

    assert loaded(page(1, 2, 3)) == 0
    assert loaded(page(1, 2, link="https://api.hpc.tools/next")) == 0
    assert loaded(page(1, 2)) == 1
    for changed in (page(7, 8), page()):
        with pytest.raises((IdentityBreak, ExpectationBroken)):
            loaded(changed)
    assert sorted(store.read(FundingFlow)["flow_id"]) == ["1", "2"]


FLOWS = """date,budgetYear,amountUSD,srcOrganization,destPlanId,destOrganization,destLocations,destUsageYearStart,\
destUsageYearEnd,flowType,boundary,status,id,refCode,updatedAt
#date,#date+year+budget,#value+funding+total+usd,#org+name+funder,#activity+appeal+id,#org+name+impl,#country+iso3+impl,\
#date+year+start,#date+year+end,#financial+type,#financial+direction,#status+text,#activity+id,#activity+code,#date+updated
2020-02-16,,218918,"Ford, Government of",,Aid of the Valley,CPV,2020,2020,Standard,incoming,paid,700001,X/1,2020-02-20
2020-03-01,,1000.5,Ford Fund,929,,"CPV,SEN",2020,2021,Standard,internal,pledge,90902,,2020-03-02
2020-03-01,,-5,Ford Fund,929,,CPV,2020,2020,Standard,incoming,paid,90903,,2020-03-02
"""


def test_flows_of_a_csv_file_land_and_none_is_counted():
    found = list(SOURCE.parse(Payload("fts_incoming_funding_cpv.csv", FLOWS.encode())))
    (frame,) = [item.frame for item in found if isinstance(item, Rows)]
    (reject,) = [item for item in found if isinstance(item, Reject)]
    assert "amountUSD is below zero" in reject.reason
    assert frame[["flow_id", "amount_usd", "status"]].to_numpy().tolist() == [
        ["700001", 218918.0, "paid"],
        ["90902", 1000.5, "pledge"],
    ]
    assert not frame["is_counted"].any(), "nothing tells whether the money is new"
    assert frame["country_iso3"].tolist()[0] == "CPV"
    assert pd.isna(frame["country_iso3"][frame.index[1]]), "two countries are none"
    assert frame["year"].notna().tolist() == [True, False]
    assert Ignored(1, "a line of HXL tags") in found
    assert not check(frame, FundingFlow).reasons


def test_a_flow_that_the_api_told_stays_whatever_a_csv_file_says_of_it(store, tmp_path):
    load(store, Archive(tmp_path), SOURCE, [Payload("flows.json", (PAYLOADS / "flows.json").read_bytes())])
    before = store.read(FundingFlow).set_index("flow_id").loc["700001"]
    load(store, Archive(tmp_path), SOURCE, [Payload("f.csv", FLOWS.encode())])
    after = store.read(FundingFlow).set_index("flow_id").loc["700001"]
    assert (before["version"], before["amount_usd"]) == (after["version"], after["amount_usd"])


def test_older_files_write_columns_in_capitals_and_with_spaces():
    body = b"countryCode,id,name,code,startDate,endDate,year,Requirements,Funding,Percent Funded\n"
    found = list(SOURCE.parse(Payload("x.csv", body + b"AFG,645,Plan 2018,HAFG18,2018-01-01,2018-12-31,2018,598,,0\n")))
    (frame,) = [item.frame for item in found if isinstance(item, Rows)]
    assert (frame["requirements_usd"].tolist(), frame["funding_usd"].isna().tolist()) == ([598.0], [True])


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [("fts_requirements_funding_covid_afg.csv", "countryCode,id\n", "only the part of plans for COVID-19"),
     ("fts_requirements_funding_globalcluster_afg.csv", "countryCode,id\n", "the same money again"),
     ("fts_requirements_funding_911.csv", "emergency_id,id,name,code\n", "lacks the columns countryCode"),
     ("x.csv", "countryCode,id,ID\n", "has columns twice: id")],
)  # fmt: skip
def test_other_files_of_hdx_are_refused_with_the_reason(name, body, reason):
    with pytest.raises(PayloadRejected, match=reason):
        list(SOURCE.parse(Payload(name, body.encode())))
