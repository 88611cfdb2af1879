"""The page Upload and the REST door on the whole application, as it is served. Fault numbers are those of the list."""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from dashboard.api import keys
from data.postgres import engine
from data.schema.observation import Observation
from data.store import Store
from etl import datasets
from tests.doors import XLSX, csv_of, queue_csv, valley

SERVE = (
    "import sys, uvicorn; from dashboard.app import create_server; uvicorn.run(create_server(), port=int(sys.argv[1]))"
)
LOOK = (
    "upload-preview.children",
    "upload-decision.hidden",
    "upload-accept.style",
    "upload-accept.value",
    "upload-said.children",
)
LOAD = ("upload-said.children", "upload-file.contents")


@pytest.fixture(scope="module")
def world(module_database_url) -> Store:
    """The database behind the application."""
    store = valley(Store(engine(module_database_url)))
    about = {"id": "old", "title": "Old set", "owner": "o", "agreement": "a", "audience": "public"}
    datasets.add(store, about | {"expires_date": date(2020, 1, 1)})
    datasets.add(store, about | {"id": "new", "title": "New set", "expires_date": None})
    return store


@pytest.fixture(scope="module")
def servers(module_database_url, world, tmp_path_factory) -> Iterator[dict[str, httpx.Client]]:
    """The application for those who work here and for the public, started at the same time."""
    started = {}
    for audience in ("operational", "public"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = {"WAYPOST_DATABASE_URL": module_database_url, "WAYPOST_VAR": str(tmp_path_factory.mktemp("var"))}
        command = [sys.executable, "-c", SERVE, str(port)]
        environment = {**os.environ, **settings, "WAYPOST_AUDIENCE": audience}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started[audience] = process, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
    for process, client in started.values():
        until = time.monotonic() + 90
        while not _answers(client):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
    yield {audience: client for audience, (_, client) in started.items()}
    for process, client in started.values():
        client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def web(servers) -> httpx.Client:
    """The operational application."""
    return servers["operational"]


def callback(web: httpx.Client, outputs: tuple[str, ...], inputs: dict, state: dict) -> httpx.Response:
    """Ask as the page does."""

    def listed(values: dict) -> list[dict]:
        return [
            dict(zip(("id", "property"), name.split("."), strict=True)) | {"value": v} for name, v in values.items()
        ]

    def split(name: str) -> dict:
        return dict(zip(("id", "property"), name.split("."), strict=True))

    name = ".." + "...".join(outputs) + ".." if len(outputs) > 1 else outputs[0]
    if outputs is LOAD:  # its first output is one of several writers of the same place: Dash adds a mark to its name
        found = [
            d["output"]
            for d in web.get("/_dash-dependencies").json()
            if d["output"].startswith("..upload-said.children@")
        ]
        name = found[0]
    listed_outputs = [split(one) for one in name.strip(".").split("...")]
    body = {
        "output": name,
        "outputs": listed_outputs if len(outputs) > 1 else listed_outputs[0],
        "inputs": listed(inputs),
        "state": listed(state),
        "changedPropIds": [next(iter(inputs))],
    }
    return web.post("/_dash-update-component", json=body)


def look(web: httpx.Client, contents, name="x.csv", kind="queues", situation="valley", dataset=None) -> httpx.Response:
    chosen = {"upload-file.contents": contents, "upload-kind.value": kind, "upload-situation.value": situation}
    return callback(web, LOOK, chosen | {"upload-dataset.value": dataset}, {"upload-file.filename": name})


def load(web: httpx.Client, contents, accept=(), name="x.csv") -> httpx.Response:
    state = {"upload-file.contents": contents, "upload-kind.value": "queues", "upload-situation.value": "valley"}
    state |= {"upload-dataset.value": None, "upload-file.filename": name, "upload-accept.value": list(accept)}
    return callback(web, LOAD, {"upload-confirm.n_clicks": 1}, state)


def as_text(body: bytes) -> str:
    return "data:text/csv;base64," + base64.b64encode(body).decode()


def test_a_file_is_shown_before_it_is_loaded_and_then_loaded(web, world):
    contents = as_text(queue_csv(("North Gate", "2026-04-01", "11")))
    shown = look(web, contents)
    assert "1 new" in shown.text
    assert shown.json()["response"]["upload-decision"]["hidden"] is False
    assert world.read(Observation, people=11).empty
    assert "Loaded x.csv: 1 new" in load(web, contents).text
    assert len(world.read(Observation, people=11)) == 1


def test_problems_are_shown_and_nothing_is_loaded_without_the_choice(web, world):
    contents = as_text(queue_csv(("gate", "2026-04-02", "12"), ("gaet", "2026-04-02", "1,2")))
    shown = look(web, contents).text
    assert "Did you mean North Gate (valley:gate)?" in shown
    assert "Not loaded: 1 row has problems; nothing was loaded" in load(web, contents).text
    assert world.read(Observation, people=12).empty
    assert "1 new, 1 quarantined" in load(web, contents, ["good"]).text


@pytest.mark.parametrize(
    "contents", [12, {"a": 1}, ["x"], "", "data:text/csv;base64,!!!!", "data:text/csv;base64,AAA", "x" * 14_000_000]
)
def test_f66_a_forged_upload_is_refused_and_the_server_lives(web, contents):
    answer = look(web, contents)
    assert answer.status_code < 500
    assert "Traceback" not in answer.text
    assert "refused" in answer.text
    assert look(web, as_text(queue_csv(("gate", "2026-04-03", "1"))), kind="../x").status_code == 200


def test_f66_a_body_too_large_is_refused_before_it_is_read(web):
    huge = {"Content-Length": str(10**12), "Content-Type": "application/json"}
    for path in ("/_dash-update-component", "/api/v1/queues"):
        with socket.create_connection((web.base_url.host, web.base_url.port), 10) as line:
            head = "".join(f"{name}: {value}\r\n" for name, value in huge.items())
            line.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n[".encode())
            assert line.recv(100).startswith(b"HTTP/1.1 413")
    assert web.post("/api/v1/queues", content=iter([b"[", b"]"])).status_code == 411


def test_f70_a_file_name_is_shown_as_text_only(web):
    shown = look(web, as_text(b"<script>"), name="<script>alert(1)</script>.csv")
    assert shown.status_code == 200
    assert "<script>" not in shown.text


def test_the_rest_door_of_the_served_application(web, world):
    headers = {"Authorization": f"Bearer {keys.add(world, 'Police')}"}
    record = {"place_id": "gate", "period_end_date": "2026-04-09", "people": 77, "source_id": "police"}
    answer = web.post("/api/v1/queues?situation=valley", json=[record], headers=headers)
    assert (answer.status_code, answer.json()["counts"]["new"]) == (200, 1)
    assert answer.headers["x-content-type-options"] == "nosniff"
    crossed = web.post("/api/v1/queues", json=[record], headers=headers | {"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403
    assert web.get("/api/v1/openapi.json").status_code == 200


def test_templates_are_downloaded(web):
    answer = web.get("/templates/valley/queues.xlsx")
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    assert 'filename="waypost-queues.xlsx"' in answer.headers["content-disposition"]
    assert web.get("/templates/valley/queues.csv").content.startswith(b"\xef\xbb\xbfplace_id,")
    assert web.get("/templates/-/campaigns.csv").content.startswith(b"\xef\xbb\xbfcampaign_id,")
    for path in ("valley/people.xlsx", "nowhere/queues.csv", "valley/queues.vrt", "-/queues.csv"):
        assert web.get(f"/templates/{path}").status_code == 404


def test_what_names_no_places_needs_no_situation(web):
    def explained(kind: str) -> str:
        chosen = {"upload-kind.value": kind, "upload-situation.value": None, "upload-situation.options": []}
        return str(callback(web, ("upload-templates.children",), chosen, {}).json())

    assert "/templates/-/campaigns.xlsx" in explained("campaigns")
    assert "There is no situation on this server yet" in explained("queues")
    header = ("campaign_id", "kind", "title", "country_iso3", "start_date", "end_date", "target_people", "organiser")
    round_two = ("moh-2", "vaccination", "Round 2", "TCD", "2026-03-01", "2026-03-05", "", "Ministry of Health")
    contents = as_text(csv_of(header, round_two))
    assert "1 new" in look(web, contents, kind="campaigns", situation=None).text
    assert "no situation" not in look(web, contents, kind="campaigns", situation="valley").text


def test_only_data_sets_in_force_are_offered(web):
    asked = {"upload-situation.id": "upload-situation"}
    outputs = ("upload-situation.options", "upload-situation.value", "upload-dataset.options")
    offered = callback(web, outputs, asked, {}).text
    assert "New set (public)" in offered
    assert "Old set" not in offered


def test_a_server_for_others_takes_no_uploads(servers, world):
    contents = as_text(queue_csv(("gate", "2026-04-20", "99")))
    assert "This server shows what others may see" in look(servers["public"], contents).text
    assert "Not loaded: This server shows" in load(servers["public"], contents).text
    assert world.read(Observation, people=99).empty
