"""The REST door: keys, repetition, refusals. Fault numbers are those of the fault list."""

import asyncio
import errno
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import httpx
import pandas as pd
import pytest
from sqlalchemy import text

from dashboard.api import keys
from dashboard.api.budget import Budget
from dashboard.api.server import create_api
from data.errors import InputRejected
from data.schema.api_request import ApiRequest
from data.schema.observation import Observation
from data.schema.source_run import SourceRun
from etl import datasets
from etl.intake import MOST_BYTES
from etl.kinds import KINDS
from tests.doors import XLSX, queue_csv, sheet_of, valley

RECORD = {"place_id": "North Gate", "period_end_date": "2026-03-01", "people": 412, "source_id": "border-police"}


@pytest.fixture
def door(store, tmp_path, monkeypatch):
    """The interface over a fresh database with a situation, and a valid key."""
    valley(store)
    for module in ("dashboard.api.server",):
        monkeypatch.setattr(f"{module}.store", lambda: store)
    monkeypatch.setenv("WAYPOST_VAR", str(tmp_path))
    return Door(keys.add(store, "Border Police"))


class Door:
    """Ask the interface over ASGI, without a network."""

    def __init__(self, key: str):
        self.key, self.api = key, create_api()

    def post(self, kind="queues", body=None, *, key=None, type_="application/json", situation="valley", **more):
        headers = {"Content-Type": type_, "Authorization": f"Bearer {self.key if key is None else key}"}
        headers |= more.pop("headers", {})
        params = {"situation": situation} if situation else {}
        content = json.dumps(body).encode() if isinstance(body, (list, dict)) else body
        return self.ask("POST", f"/{kind}", content=content, headers=headers, params=params | more)

    def ask(self, method, path, **more):
        async def go():
            transport = httpx.ASGITransport(app=self.api, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
                return await client.request(method, path, **more)

        return asyncio.run(go())


def test_json_csv_and_xlsx_of_the_same_table_are_the_same_facts(door, store):
    first = door.post(body=[RECORD])
    assert (first.status_code, first.json()["counts"]["new"]) == (200, 1)
    sent = (queue_csv(("gate", "2026-03-01", "412")), "text/csv"), (sheet_of([RECORD]), XLSX)
    for body, type_ in sent:
        answer = door.post(body=body, type_=type_)
        assert (answer.status_code, answer.json()["counts"]["unchanged"]) == (200, 1)
    row = store.read(Observation).iloc[0]
    assert (row["place_id"], row["measure"], row["people"]) == ("valley:gate", "queue", 412)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_takes_the_example_of_its_template(door, kind):
    record = {c.name: c.example for c in KINDS[kind].columns if c.example}
    if KINDS[kind].place_column:
        record[KINDS[kind].place_column] = "camp" if kind == "occupancy" else "gate"
    answer = door.post(kind, [record])
    assert (answer.status_code, answer.json()["counts"]["new"]) == (200, 1), answer.text


def test_a_notice_needs_no_field_that_may_be_empty(door):
    needed = {column.name: column.example for column in KINDS["outbreaks"].columns if column.is_needed}
    assert door.post("outbreaks", [needed]).json()["counts"]["new"] == 1


def test_a_record_is_withdrawn_by_a_boolean(door, store):
    door.post(body=[RECORD | {"withdrawn": False}, RECORD | {"place_id": "ford", "withdrawn": None}])
    answer = door.post(body=[RECORD | {"people": None, "withdrawn": True}])
    assert (answer.status_code, answer.json()["counts"]["deleted"]) == (200, 1)
    assert store.read(Observation)["place_id"].tolist() == ["valley:ford"]


def test_without_a_valid_key_nothing_is_read(door, store):
    for key in ("", "waypost_wrong", "x" * 5000, keys.PREFIX):
        answer = door.post(body=[RECORD], key=key)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    assert store.read(SourceRun, source_id="counts").empty


def test_a_key_is_kept_as_its_hash_and_ends_when_it_is_revoked(door, store):
    with store.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM api_key")).all())
    assert door.key not in kept
    assert keys.revoke(store, "Border Police") == 1
    assert door.post(body=[RECORD]).status_code == 401
    assert keys.revoke(store, "Border Police") == 0


def test_f13_no_answer_and_no_record_holds_the_key(door, store):
    answers = [door.post(body=[RECORD]).text, door.post(body=b"{", headers={"X-Y": "z"}).text]
    with store.engine.connect() as connection:
        runs = str(connection.execute(text("SELECT * FROM source_run")).all())
    assert all(door.key not in told for told in [*answers, runs])


def test_rows_with_problems_load_nothing_and_are_named(door, store):
    bad = RECORD | {"people": "1,234", "period_end_date": "2026-03-02"}
    answer = door.post(body=[RECORD, bad])
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    (told,) = answer.json()["problems"]
    assert (told["place"], told["column"], told["value"]) == ("record 2", "people", "1,234")
    assert told["hint"] == "write 1234, without marks between the thousands"
    assert store.read(Observation).empty
    chosen = door.post(body=[RECORD, bad], accept_good_rows=True)
    assert (chosen.status_code, chosen.json()["counts"]["quarantined"], len(store.read(Observation))) == (200, 1, 1)


def test_a_preview_says_what_would_change_and_changes_nothing(door, store):
    answer = door.post(body=[RECORD], preview=True)
    assert (answer.json()["status"], answer.json()["counts"]["new"]) == ("preview", 1)
    assert store.read(Observation).empty
    assert store.read(SourceRun, source_id="counts").empty


def test_the_same_request_again_gets_the_same_answer_and_loads_nothing(door, store):
    headers = {"Idempotency-Key": "outbox-7"}
    first = door.post(body=[RECORD], headers=headers)
    door.post(body=[RECORD | {"people": 500}])
    again = door.post(body=[RECORD], headers=headers)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (200, first.json(), "true")
    assert store.read(Observation)["people"].tolist() == [500]
    assert len(store.read(SourceRun, source_id="counts")) == 2


def test_the_same_idempotency_key_for_another_request_is_refused(door):
    headers = {"Idempotency-Key": "outbox-7"}
    door.post(body=[RECORD], headers=headers)
    assert door.post(body=[RECORD | {"people": 1}], headers=headers).status_code == 422
    assert door.post("counts", [RECORD], headers=headers).status_code == 422


def test_a_refused_request_may_be_tried_again_with_its_key(door, store):
    headers = {"Idempotency-Key": "outbox-8"}
    assert door.post(body=[RECORD | {"place_id": "New Gate"}], headers=headers).status_code == 422
    valley(store, extra=("valley:new", "border_point", "New Gate"))
    assert door.post(body=[RECORD | {"place_id": "New Gate"}], headers=headers).status_code == 200


def test_f53_a_repetition_after_a_crash_between_load_and_answer_undoes_no_correction(door, store):
    headers = {"Idempotency-Key": "outbox-9"}
    first = door.post(body=[RECORD], headers=headers)
    store.remove(ApiRequest)
    door.post(body=[RECORD | {"people": 500}])
    again = door.post(body=[RECORD], headers=headers)
    assert again.json()["counts"] == first.json()["counts"]
    assert store.read(Observation)["people"].tolist() == [500]


def test_two_at_once_load_once(door, store):
    headers = {"Idempotency-Key": "outbox-10"}
    with ThreadPoolExecutor(4) as crowd:
        found = list(crowd.map(lambda _: door.post(body=[RECORD], headers=headers).status_code, range(4)))
    assert set(found) <= {200, 409}
    assert 200 in found
    assert len(store.read(SourceRun, source_id="counts")) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(door, key):
    assert door.post(body=[RECORD], headers={"Idempotency-Key": key}).status_code == 400


def test_too_large_too_often_and_of_another_type(door):
    assert door.post(body=b"[" + b" " * MOST_BYTES + b"]").status_code == 413
    assert door.post(body=[RECORD], type_="application/xml").status_code == 415
    assert door.post(body=[RECORD], headers={"Content-Encoding": "gzip"}).status_code == 415
    found = [door.post(body=b"{}") for _ in range(40)]
    assert found[-1].status_code == 429
    assert int(found[-1].headers["retry-after"]) >= 1


def test_a_budget_fills_again_and_is_kept_by_key():
    now = [0.0]
    budget = Budget(60, 2, lambda: now[0])
    assert [budget.wait_seconds(1) for _ in range(3)] == [0, 0, 1]
    assert budget.wait_seconds(2) == 0
    now[0] = 1
    assert budget.wait_seconds(1) == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 200_000, b"[1]", b'[{"a": NaN}]', b'[{"a": 1, "a": 2}]', b'[{"people": {"x": 1}}]', b"[]",
     json.dumps([{f"k{n}": 1} for n in range(20_000)]).encode(), json.dumps([RECORD | {"note": "\ud800"}]).encode(),
     json.dumps([RECORD | {"\udfff": "x"}]).encode(), json.dumps([RECORD | {"source_id": "\U0001f6a7" * 999}]).encode(),
     b'[{"full name": "x", "place_id": "gate", "period_end_date": "2026-03-01", "people": 1, "source_id": "b"}]'],
)  # fmt: skip
def test_f22_json_that_is_none_is_refused_and_the_server_lives(door, body):
    answer = door.post(body=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "Traceback" not in answer.text
    assert door.post(body=[RECORD]).status_code == 200


def test_what_cannot_be_a_request_is_told_and_is_no_fault_of_the_database(door, store):
    assert door.post(body=[RECORD], situation="\x00").json()["detail"] == "the situation '\\x00' is not known"
    assert (
        door.post(body=[RECORD], situation="nix", preview=True).json()["detail"] == "the situation 'nix' is not known"
    )
    misspelt = door.post(body=[RECORD], previw=True)
    assert (misspelt.status_code, "previw" in misspelt.json()["detail"]) == (400, True)
    assert door.post("queues/", [RECORD]).status_code == 404
    refused = door.post(body=[RECORD | {"people": "?"}])
    assert refused.json()["detail"] == "1 row has problems; nothing was loaded"
    assert store.read(Observation).empty


@pytest.mark.parametrize(("after", "status"), [("silence", 408), ("a hang-up", 400)])
def test_a_body_that_does_not_come_is_not_waited_for_for_ever(door, monkeypatch, after, status):
    monkeypatch.setattr("dashboard.api.server.IDLE_SECONDS", 0.05)
    sent = []

    async def receive():
        if not sent:
            sent.append({"type": "http.request", "body": b"[", "more_body": True})
            return sent[0]
        await asyncio.sleep(9 if after == "silence" else 0)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    headers = {"content-type": "application/json", "authorization": f"Bearer {door.key}"}
    told = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/queues", "query_string": b"", "headers": told}
    asyncio.run(door.api(scope, receive, send))
    assert next(message["status"] for message in sent if "status" in message) == status


def test_a_small_table_of_very_many_rows_is_refused_before_it_takes_the_memory(door, monkeypatch):
    monkeypatch.setattr("etl.checked.MOST_ROWS", 1000)
    rows = b"place_id,period_end_date,people,source_id\n" + b"x,,,\n" * 1001
    assert "1,000 rows" in door.post(body=rows, type_="text/csv").json()["detail"]


def test_f70_a_csv_that_is_a_virtual_data_set_or_a_zip_is_refused(door):
    vrt = b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>http://127.0.0.1:1/x</SrcDataSource>'
    for body in (vrt, b"PK\x03\x04" + b"\x00" * 100, b"[]"):
        assert door.post(body=body, type_="text/csv").status_code == 422
    assert door.post(body=b"a,b\n1,2\n", type_=XLSX).status_code == 422


def test_what_arrives_with_a_key_comes_under_its_data_set_and_not_after_it_ended(door, store):
    about = {"id": "shared", "title": "t", "owner": "o", "agreement": "a", "audience": "partners"}
    datasets.add(store, about | {"expires_date": None})
    key = keys.add(store, "Red Crescent", "shared")
    assert door.post(body=[RECORD], key=key).status_code == 200
    assert store.read(SourceRun, source_id="counts")["dataset_id"].tolist() == ["shared"]
    datasets.add(store, about | {"expires_date": date(2020, 1, 1)})
    assert door.post(body=[RECORD], key=key).status_code == 422
    with pytest.raises(InputRejected, match="ended on 2020-01-01"):
        keys.add(store, "Red Crescent", "shared")


def test_a_database_that_fails_is_a_503_and_nothing_is_let_in(door, store, monkeypatch):
    store.engine.dispose()
    monkeypatch.setattr("dashboard.api.server.store", lambda: _dead(store))
    answer = door.post(body=[RECORD])
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"] == "30"
    assert "nowhere" not in answer.text  # nor an address, a port or a path of the server


def test_a_disk_that_is_full_is_said_and_nothing_is_loaded(door, store, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/raw")

    monkeypatch.setattr("etl.archive.Archive.keep", full)
    answer = door.post(body=[RECORD], headers={"Idempotency-Key": "outbox-11"})
    assert (answer.status_code, "/srv" in answer.text) == (507, False)
    assert store.read(Observation).empty


def _dead(store):
    from data.postgres import engine
    from data.store import Store

    return Store(engine(store.engine.url.set(database="nowhere").render_as_string(hide_password=False)))


def test_the_description_names_every_kind_and_no_other_host(door):
    told = door.ask("GET", "/openapi.json")
    paths = told.json()["paths"]
    assert set(paths) == {f"/{kind}" for kind in KINDS}
    properties = paths["/queues"]["post"]["requestBody"]["content"]["application/json"]["schema"]["items"]["properties"]
    assert set(properties) == {column.name for column in KINDS["queues"].columns}
    assert properties["withdrawn"]["type"] == ["boolean", "null"]
    assert not re.findall(r"https?://(?!door|example\.org)", told.text)
    answers = paths["/queues"]["post"]["responses"]
    assert {status for status in answers if list(answers[status]["content"]) != ["application/problem+json"]} == {"200"}
    assert all(name in told.json()["components"]["schemas"] for name in ("Result", "ProblemDocument", "CellProblem"))
    assert door.ask("GET", "/docs").status_code == 404
    assert door.ask("GET", "/queues").status_code == 405
    assert door.ask("POST", "/nothing").status_code == 404


def test_the_list_of_keys_shows_no_hash(door, store):
    keys.add(store, "Red Crescent")
    frame = keys.known(store)
    assert frame["organisation"].tolist() == ["Border Police", "Red Crescent"]
    assert "key_sha256" not in frame
    assert isinstance(frame["created_at"].iloc[0], pd.Timestamp)
    assert frame["created_at"].iloc[0] <= datetime.now(UTC)
