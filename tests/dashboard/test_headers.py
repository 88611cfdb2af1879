"""Every way out of the server carries the headers that keep a page to itself, and the page's own scripts may run."""

import json
import os
import subprocess
import sys

import pytest

PROBE = """
import base64, hashlib, json, re
from fastapi.testclient import TestClient
from starlette.routing import Route
from dashboard.app import create_server

def fail(request):
    raise RuntimeError("nobody expected this")

server = create_server()
server.router.routes.insert(0, Route("/fails", fail))
with TestClient(server, raise_server_exceptions=False) as web:
    answers = {
        "a page": web.get("/"), "a script": web.get("/vendor/pmtiles.js"), "no file": web.get("/vendor/other.js"),
        "part of a file": web.get("/basemap.pmtiles", headers={"Range": "bytes=0-9"}),
        "another site": web.post("/", headers={"Sec-Fetch-Site": "cross-site"}), "failed": web.get("/fails"),
        "no key": web.post("/api/v1/queues", json=[]),
        "too long": web.post("/", content=b"", headers={"Content-Length": "99999999"}),
    }
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>", answers["a page"].text, re.S)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    told = {name: [answer.status_code, list(answer.headers.multi_items())] for name, answer in answers.items()}
    print(json.dumps([told, hashes]))
"""
STATUS = {"a page": 200, "a script": 200, "no file": 404, "part of a file": 206, "another site": 403, "failed": 500,
          "no key": 401, "too long": 413}  # fmt: skip


@pytest.fixture(scope="module")
def told(module_database_url: str) -> tuple[dict, list[str]]:
    """What the server answers, by name: status and headers; and the hashes of the page's inline scripts."""
    environment = os.environ | {"WAYPOST_DATABASE_URL": module_database_url}
    asked = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    answers, hashes = json.loads(asked.stdout.splitlines()[-1])
    return answers, hashes


def test_every_answer_carries_each_header_once(told):
    answers, _ = told
    assert {name: status for name, (status, _) in answers.items()} == STATUS
    for name, (_, headers) in answers.items():
        names = [header for header, _ in headers]
        for wanted in ("content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options"):
            assert names.count(wanted) == 1, f"{name}: {wanted}"


def test_the_policy_lets_the_scripts_of_the_page_run_and_no_others(told):
    answers, hashes = told
    policy = dict(answers["a page"][1])["content-security-policy"]
    parts = {name: sources for name, _, sources in (part.partition(" ") for part in policy.split("; "))}
    assert set(parts["script-src"].split()) == {"'self'", *(f"'sha256-{one}'" for one in hashes)}
    assert len(hashes) > 1
    assert (parts["default-src"], parts["connect-src"], parts["frame-ancestors"]) == ("'none'", "'self'", "'none'")


def test_scripts_travel_small_and_pieces_of_the_basemap_as_they_are(told):
    answers, _ = told
    assert dict(answers["a script"][1])["content-encoding"] == "gzip"
    assert "content-encoding" not in dict(answers["part of a file"][1])
