"""UCDP candidate events: a month is replaced whole, and only by the whole of it."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import PayloadRejected
from data.schema.conflict_event import ConflictEvent
from etl import pipeline
from etl.archive import Archive
from etl.source import Ignored, Payload, Reject, Replaces, Rows, Window
from etl.sources.ucdp_candidate import UcdpCandidate, month_of

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ucdp_candidate"
FILE, REISSUED, PAGE = (
    "GEDEvent_v24_0_8.csv", "GEDEvent_v24_0_8_reissued_with_faults.csv", "gedevents-24.0.8-page-0.json",
)  # fmt: skip
NOW = datetime(2024, 11, 20, tzinfo=UTC)
SOURCE = UcdpCandidate(clock=lambda: NOW)


def payload(name: str, called: str | None = None) -> Payload:
    return Payload(called or name, (PAYLOADS / name).read_bytes())


def replaced(found: list) -> list[dict[str, date]]:
    return [item.values for item in found if isinstance(item, Replaces)]


AUGUST = {"start": date(2024, 8, 1), "next": date(2024, 9, 1)}


@pytest.mark.parametrize("name", [FILE, REISSUED, PAGE])
def test_a_file_or_an_answer_of_one_page_replaces_its_month(name):
    assert replaced(list(SOURCE.parse(payload(name)))) == [AUGUST]


def test_events_are_rows_of_this_source_and_zero_is_not_missing():
    (rows,) = [item for item in SOURCE.parse(payload(FILE)) if isinstance(item, Rows)]
    frame = rows.frame.set_index("event_id")
    assert set(frame["source_id"]) == {"ucdp_candidate"}
    assert frame.loc["700002", "fatalities_best"] == 0
    assert pd.isna(frame.loc["700003", "fatalities_best"])
    assert frame.loc["700003", "country_iso3"] == "TCD"


def test_each_fault_is_rejected_with_its_place_and_reason():
    reasons = {i.locator: i.reason for i in SOURCE.parse(payload(REISSUED)) if isinstance(i, Reject)}
    assert "best is no plain whole number of 0 or more (~20)" in reasons["line 4"]
    assert "date_start is no date" in reasons["line 5"]
    assert "where_prec is none of" in reasons["line 6"]


def test_what_is_not_a_whole_month_replaces_nothing():
    rollup = list(SOURCE.parse(payload(FILE, "GEDEvent_v24_01_24_06.csv")))
    answer = json.loads((PAYLOADS / PAGE).read_text()) | {"TotalPages": 2}
    page = list(SOURCE.parse(Payload(PAGE, json.dumps(answer).encode())))
    for found, reason in ((rollup, "tells no month"), (page, "one of 2 pages")):
        assert replaced(found) == []
        assert any(reason in item.reason for item in found if isinstance(item, Ignored))
        assert any(isinstance(item, Rows) for item in found)


def test_an_empty_month_is_no_calm_and_replaces_nothing():
    header = (PAYLOADS / FILE).read_text().splitlines()[0]
    assert replaced(list(SOURCE.parse(Payload(FILE, header.encode())))) == []


def test_a_reissued_month_leaves_none_of_its_old_ids_and_touches_no_other_month(store, tmp_path):
    text = (PAYLOADS / FILE).read_text()
    july = (
        text.replace("2024-07-30", "2024-07-01").replace("2024-08-01", "2024-07-02").replace("2024-08-31", "2024-07-05")
    )
    july = july.replace("2024-08-02", "2024-07-03").replace("\n7000", "\n6000")
    reissued = "\n".join((PAYLOADS / REISSUED).read_text().splitlines()[:3])  # its sound rows
    for name, body in (("GEDEvent_v24_0_7.csv", july), (FILE, text), (FILE, reissued)):
        pipeline.load(store, Archive(tmp_path), SOURCE, [Payload(name, body.encode())])
    assert sorted(store.read(ConflictEvent)["event_id"]) == ["600001", "600002", "600003", "700101", "700102"]


@given(st.text(max_size=30))
def test_any_name_has_a_month_or_none(name):
    month = month_of(name)
    assert month is None or month.day == 1


class Site:
    """A download site that has some months."""

    def __init__(self, *names: str, status: int = 404) -> None:
        self.names, self.status = names, status
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.asked.append(name)
        has = name in self.names
        return httpx.Response(200, content=(PAYLOADS / FILE).read_bytes()) if has else httpx.Response(self.status)

    def fetched(self, start: datetime) -> list[str]:
        with httpx.Client(transport=httpx.MockTransport(self)) as client:
            return [found.name for found in SOURCE.fetch(client, Window(start, NOW))]


def test_fetch_looks_at_three_months_at_least_and_waits_for_the_newest():
    site = Site("GEDEvent_v24_0_8.csv", "GEDEvent_v24_0_9.csv")
    assert site.fetched(NOW) == ["GEDEvent_v24_0_8.csv", "GEDEvent_v24_0_9.csv"]
    assert site.asked == [f"GEDEvent_v24_0_{month}.csv" for month in (8, 9, 10)]


def test_an_older_month_that_is_gone_is_named():
    site = Site("GEDEvent_v24_0_8.csv")
    assert site.fetched(datetime(2024, 7, 3, tzinfo=UTC)) == ["GEDEvent_v24_0_8.csv", "not-fetched.json"]


def test_nothing_at_all_is_an_error():
    with pytest.raises(httpx.HTTPStatusError):
        Site().fetched(NOW)


def test_f06_a_page_for_people_is_refused():
    with pytest.raises(PayloadRejected, match="an HTML page"):
        list(SOURCE.parse(Payload(FILE, b"<html>moved</html>")))
