"""UNHCR's operational portal."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.indicator import Indicator
from etl import pipeline
from etl.archive import Archive
from etl.source import Payload, Reject, Rows, Window
from etl.sources.unhcr_odp import UnhcrOdp

PAYLOADS = Path(__file__).parents[2] / "payloads" / "unhcr_odp"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SOURCE = UnhcrOdp(clock=lambda: NOW)
ORIGIN = "origin-geo_id-900-population_collection-9.json"
SERIES = "timeseries-sv_id-99-population_group-901.json"
QUERY = "origin?geo_id=900&population_collection=9"


def rows(name: str) -> pd.DataFrame:
    found = SOURCE.parse(Payload(name, (PAYLOADS / name).read_bytes()))
    return pd.concat([item.frame for item in found if isinstance(item, Rows)])


def fetched(monkeypatch, queries: str, answer: httpx.Response) -> list[Payload]:
    monkeypatch.setenv("WAYPOST_UNHCR_ODP_QUERIES", queries)
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client:
        return list(SOURCE.fetch(client, Window(NOW)))


def test_cumulative_and_point_in_time_are_series_of_their_own():
    found = rows(ORIGIN)
    assert found["series"].tolist() == ["cumulative 9001+9002", "point_in_time 9003"]
    assert found["is_additive"].tolist() == [False, True]
    assert found["origin_iso3"].iloc[0] == "SDN"
    assert pd.isna(found["origin_iso3"].iloc[1])
    assert pd.isna(found["people"].iloc[1])


def test_what_is_unknown_is_a_signal():
    body = (PAYLOADS / ORIGIN).read_bytes()
    reasons = [item.reason.split()[0] for item in SOURCE.parse(Payload("x", body)) if isinstance(item, Reject)]
    assert reasons == ["pop_origin_name", "is", "pop_type_code", "date"]


def test_a_time_series_keeps_zero_and_missing_apart():
    found = rows(SERIES)
    assert found["value"].iloc[[0, 2]].tolist() == [85000, 0]
    assert pd.isna(found["value"].iloc[1])
    assert set(found["breakdown"]) == {"population group 901"}


def test_f06_a_challenge_for_bots_is_named(monkeypatch):
    page = httpx.Response(404, content=b"<script>", headers={"content-type": "text/html"})
    with pytest.raises(PayloadRejected, match=r"status 404, text/html.*challenge"):
        fetched(monkeypatch, QUERY, page)
    with pytest.raises(PayloadRejected, match="text/html instead of JSON"):
        fetched(monkeypatch, QUERY, httpx.Response(200, content=b"<script>", headers={"content-type": "text/html"}))
    with pytest.raises(PayloadRejected, match="page of JavaScript"):
        list(SOURCE.parse(Payload("x", b"<script>")))


def test_only_charts_that_are_named_are_fetched(monkeypatch):
    answer = httpx.Response(200, content=(PAYLOADS / ORIGIN).read_bytes(), headers={"content-type": "application/json"})
    assert [payload.name for payload in fetched(monkeypatch, QUERY, answer)] == [ORIGIN]
    assert str(answer.request.url) == f"{SOURCE.spec.url}{QUERY}"
    for queries in ("", "../admin?x=1", "https://example.org/"):
        with pytest.raises(ConfigurationMissing):
            fetched(monkeypatch, queries, answer)


def test_series_of_two_collections_or_places_stand_apart_and_the_name_may_tell_the_situation():
    body = b'{"data": {"timeseries": [{"data_date": "2024-01-31", "individuals": 7}]}}'
    names = {
        "timeseries-sv_id-11-geo_id-729-population_group-4797-4798": "population group 4797-4798; place 729",
        "timeseries-sv_id-11-population_collection-24-frequency-day": "population collection 24",
    }
    for name, breakdown in names.items():
        (found,) = [item.frame for item in SOURCE.parse(Payload(f"{name}.json", body)) if isinstance(item, Rows)]
        assert found[["area_id", "breakdown", "value"]].to_numpy().tolist() == [["UNHCR situation 11", breakdown, 7]]


def test_f52_a_day_that_a_series_of_days_lacks_is_deleted_and_no_other(store, tmp_path):
    def load(name: str, *days: str) -> int:
        points = [{"data_date": day, "individuals": "7"} for day in days]
        body = httpx.Response(200, json={"data": {"timeseries": points}}).content
        return pipeline.load(store, Archive(tmp_path), SOURCE, [Payload(f"timeseries-{name}.json", body)])["deleted"]

    def known(**at: datetime) -> list[str]:
        return store.read(Indicator, **at)["period_end_date"].dt.strftime("%d").sort_values().tolist()

    series = "sv_id-11-population_group-4797"
    load(series, "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04")
    before = datetime.now(UTC)
    assert load(f"{series}-frequency-month", "2024-01-01", "2024-01-04") == 0
    assert load("sv_id-11-frequency-day", "2024-01-01", "2024-01-05") == 0  # of no known group
    assert load(f"{series}-frequency-day", "2024-01-01", "2024-01-03") == 1
    assert known() == ["01", "01", "03", "04", "05"]
    assert known(as_of=before) == ["01", "02", "03", "04"]
