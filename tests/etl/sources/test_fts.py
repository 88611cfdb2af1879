"""Plans and flows of money."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import PayloadRejected
from etl.source import Ignored, Payload, Rows, Window
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
def test_f9_another_answer_is_refused(body):
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


def test_a_csv_of_flows_is_refused_with_the_way_to_load_them():
    header = "date,budgetYear,description,amountUSD,destPlan,destPlanId,boundary,status,id,refCode"
    with pytest.raises(PayloadRejected, match=r"without their version .* from the API"):
        list(
            SOURCE.parse(
                Payload("fts_incoming_funding.csv", f"{header}\n2020-01-01,,,1,,,incoming,paid,1,2\n".encode())
            )
        )
