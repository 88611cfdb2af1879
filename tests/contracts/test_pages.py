"""Every page keeps the contract: one module, its ids, a layout, short functions; a new page is covered at once."""

import os
import subprocess
import sys
from collections import Counter

import pytest

PROBE = """
import json, sys, inspect
from enum import StrEnum
import dash
from fastapi.testclient import TestClient
from dashboard.app import create_server

server = create_server()
found = []
with TestClient(server) as web:
    for page in dash.page_registry.values():
        module = sys.modules[page["module"]]
        layout = page["layout"]() if callable(page["layout"]) else page["layout"]
        ids = [part.id for part in layout._traverse() if isinstance(getattr(part, "id", None), str)]
        kind = getattr(module, "Ids", None)
        answer = web.get(page["path"])
        found.append({
            "path": page["path"], "name": page["name"], "title": page["title"], "doc": bool(module.__doc__),
            "has_ids": isinstance(kind, type) and issubclass(kind, StrEnum),
            "own_ids": [] if kind is None else [str(one) for one in kind], "ids": ids,
            "headings": [type(part).__name__ for part in layout._traverse() if type(part).__name__ == "H1"],
            "status": answer.status_code, "headers": dict(answer.headers),
            "longest": max((len(inspect.getsourcelines(f)[0]) for _, f in inspect.getmembers(module, inspect.isfunction)
                            if f.__module__ == module.__name__), default=0),
        })
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def pages(module_database_url) -> list[dict]:
    """What each page is, asked in a process of its own, since Dash registers pages once a process."""
    import json

    environment = os.environ | {"WAYPOST_DATABASE_URL": module_database_url}
    asked = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    return json.loads(asked.stdout.splitlines()[-1])


def test_every_page_answers_with_the_headers_that_keep_it_to_itself(pages):
    assert {page["path"]: page["status"] for page in pages} == {page["path"]: 200 for page in pages}
    for page in pages:
        assert page["headers"]["x-content-type-options"] == "nosniff"
        assert page["headers"]["x-frame-options"] == "DENY"


def test_every_page_has_its_ids_and_one_heading(pages):
    for page in pages:
        assert page["doc"], page["path"]
        assert page["has_ids"] or not page["ids"], f"{page['path']} has ids and no class Ids(StrEnum)"
        assert len(page["headings"]) == 1, f"{page['path']} has {len(page['headings'])} first headings"
        assert page["title"].endswith("Waypost")


def test_no_id_belongs_to_two_pages_or_stands_twice_on_one(pages):
    every = Counter(one for page in pages for one in page["own_ids"])
    assert [one for one, times in every.items() if times > 1] == []
    for page in pages:
        assert [one for one, times in Counter(page["ids"]).items() if times > 1] == []


def test_paths_and_names_are_unique_and_functions_short(pages):
    assert len({page["path"] for page in pages}) == len({page["name"] for page in pages}) == len(pages)
    assert {page["path"]: page["longest"] for page in pages if page["longest"] > 60} == {}
