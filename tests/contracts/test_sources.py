"""Every source keeps the contract of etl.source; a new source is tested by this file as soon as it exists."""

import inspect
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import httpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ConfigurationMissing, WaypostError
from data.frames import check
from etl.registry import sources
from etl.situation import read as read_folder
from etl.source import Ignored, Keeps, Payload, Reject, Replaces, Rows, Window, Withdrawn
from tests.strategies import damaged

PAYLOADS = Path(__file__).parents[1] / "payloads"
SOURCES = sources()
MORE = 100
"""Seeded cases a parser in the long rounds; `./waypost fuzz` tries 2,000 others each time."""

KEYS = {
    "WAYPOST_COUNTRIES": "SSD",
    "WAYPOST_ACLED_USERNAME": "x",
    "WAYPOST_CAP_FEEDS": "https://alerts.example.org/feed",
    "WAYPOST_GLOFAS_POINTS": "one:4.5,31.5",
    "WAYPOST_UNHCR_ODP_QUERIES": "origin?geo_id=220&population_collection=429",
}
"""Settings of a form of their own; any other key is a word."""
NONSENSE = (
    b"",
    b"<!doctype html><title>Sign in</title>",
    b"null",
    b"[]",
    b"{}",
    b'{"data": [1], "next": "x"}',
    b"a,b\n1,2\n",
)
MOST_REQUESTS = 300
TODAY = datetime(2026, 11, 20, tzinfo=UTC)


def payloads_of(source_id: str) -> list[Payload]:
    """The source's own small payloads; a folder is sent as the zip of its files."""
    found = []
    for path in sorted((PAYLOADS / source_id).iterdir()):
        if path.is_dir():
            found += [payload for id_, payload in read_folder(path).payloads if id_ == source_id]
        else:
            found.append(Payload(path.name, path.read_bytes()))
    return found


def items(source_id: str, payload: Payload) -> list:
    return list(SOURCES[source_id].parse(payload))


def content(rows: Rows) -> pd.DataFrame:
    """What the rows say, without when it became known."""
    return rows.frame.drop(columns=["known_at", "assumed_known_at", "is_deleted"], errors="ignore")


@pytest.fixture(params=sorted(SOURCES))
def source_id(request) -> str:
    return request.param


def test_the_spec_is_complete(source_id):
    spec = SOURCES[source_id].spec
    assert spec.id == source_id
    for text in (spec.title, spec.publisher, spec.url, spec.licence):
        assert text.strip()
    assert spec.tables
    assert 0 <= spec.rows[0] <= spec.rows[1]
    assert (spec.key_setting is None) == (spec.key_help is None)
    if spec.key_setting:
        assert spec.key_setting.startswith("WAYPOST_")


def test_the_signatures_are_those_of_the_contract(source_id):
    source = SOURCES[source_id]
    assert list(inspect.signature(source.parse).parameters) == ["payload"]
    assert list(inspect.signature(source.fetch).parameters) == ["client", "window"]


@pytest.mark.parametrize("source_id", sorted(i for i, source in SOURCES.items() if source.spec.key_setting))
def test_without_its_key_it_asks_nobody_and_names_the_setting(source_id, monkeypatch):
    spec = SOURCES[source_id].spec
    monkeypatch.delenv(spec.key_setting, raising=False)
    refused = fetched(source_id, None)
    assert isinstance(refused, ConfigurationMissing)
    assert spec.key_setting in str(refused)


@pytest.mark.parametrize("answer", [*NONSENSE, 404, 500], ids=str)
def test_a_fetch_that_is_told_nonsense_ends_soon_and_goes_nowhere_else(source_id, answer, monkeypatch):
    monkeypatch.setattr("etl.client.pause", lambda _: None)
    for name in {*KEYS, SOURCES[source_id].spec.key_setting} - {None}:
        monkeypatch.setenv(name, KEYS.get(name, "x"))
    told = httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, content=answer)
    refused = fetched(source_id, told)
    assert not isinstance(refused, ConfigurationMissing) or SOURCES[source_id].spec.cadence is None


def fetched(source_id: str, told: httpx.Response | None) -> Exception | None:
    """Fetch from hosts that answer all alike (None: nobody may be asked); return an error that a fetch may raise."""
    spec = SOURCES[source_id].spec
    hosts = {httpx.URL(spec.url).host, *spec.hosts}
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        assert told is not None, "asks before it knows its settings"
        assert request.url.scheme == "https"
        assert request.url.host in hosts, f"{request.url.host} is neither the host of spec.url nor of spec.hosts"
        assert len(asked) <= MOST_REQUESTS, "asks without end"
        return httpx.Response(told.status_code, content=told.content)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        window = Window(TODAY - timedelta(days=3), TODAY)
        try:
            found = list(islice(SOURCES[source_id].fetch(client, window), MOST_REQUESTS))
        except (httpx.HTTPError, WaypostError) as error:
            return error
    assert all(isinstance(payload, Payload) for payload in found)
    return None


def test_each_payload_gives_rows_that_fit_their_table(source_id):
    payloads = payloads_of(source_id)
    assert payloads, f"tests/payloads/{source_id} holds no payload"
    for payload in payloads:
        found = items(source_id, payload)
        assert all(isinstance(item, (Rows, Withdrawn, Reject, Ignored, Replaces, Keeps)) for item in found)
        rows = [item for item in found if isinstance(item, Rows)]
        assert {item.table for item in rows} <= set(SOURCES[source_id].spec.tables)
        checked = [check(content(item), item.table) for item in rows]
        refused = [item.reason for item in found if isinstance(item, (Reject, Ignored))]
        refused += [reason for one in checked for reason in one.reasons.values()]
        assert any(len(one.good) for one in checked), f"{payload.name}: no row fits; refused: {refused[:5]}"


def test_parse_is_pure(source_id):
    for payload in payloads_of(source_id):
        first, second = items(source_id, payload), items(source_id, payload)
        for one, other in zip(first, second, strict=True):
            if isinstance(one, Rows):
                pd.testing.assert_frame_equal(one.frame, other.frame)
            else:
                assert one == other


def test_every_row_can_be_found_again(source_id):
    for payload in payloads_of(source_id):
        for item in items(source_id, payload):
            if isinstance(item, Rows) and item.locators is not None:
                assert item.locators.index.equals(item.frame.index)
                assert item.locators.str.len().min() > 0


@given(data=st.data())
def test_a_damaged_payload_ends_in_items_or_a_typed_error(source_id, data):
    survive(source_id, data)


@pytest.mark.long
@settings(max_examples=MORE)
@given(data=st.data())
def test_many_more_damaged_payloads_end_in_items_or_a_typed_error(source_id, data):
    survive(source_id, data)


def survive(source_id: str, data: st.DataObject) -> None:
    """Parse a payload with some of its bytes changed: rows, quarantine or a typed error, nothing else."""
    payload = data.draw(st.sampled_from(payloads_of(source_id)))
    body = data.draw(damaged(payload.content))
    try:
        for item in items(source_id, Payload(payload.name, body)):
            if isinstance(item, Rows):
                check(content(item), item.table)
    except WaypostError:
        pass
