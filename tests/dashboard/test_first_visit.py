"""The first request of a fresh server may be for any page."""

import os
import subprocess
import sys

PROBE = """
from fastapi.testclient import TestClient
from dashboard.app import create_server

with TestClient(create_server()) as web:
    page = web.get("/data").text
    print([name for name in ("waypost.css", "data.css", "map.js") if f"/assets/{name}" not in page])
    print(sorted(web.get("/changes").json()))
    web.get("/")
    web.get("/_dash-dependencies")
    print(web.get("/data").text.count("<script") - page.count("<script"))
"""


def test_a_first_visit_to_any_page_finds_styles_and_scripts(database_url):
    environment = os.environ | {"WAYPOST_DATABASE_URL": database_url}
    asked = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.splitlines()[-3:] == ["[]", "['connected', 'number']", "0"]
