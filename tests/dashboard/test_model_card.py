"""The model card on the Scorecard page, asked for as the page does, on the whole application."""

import asyncio

import httpx
import pytest
from sqlalchemy import Engine

from dashboard import database
from dashboard.app import create_server
from data.store import Store
from models.card import card
from tests.worlds import day, facts, load


def test_the_model_card_is_the_one_of_the_clocks_day(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    store = Store(engine)
    load(store, facts({"s0": [(d, 100.0 + d) for d in range(0, 61, 7)]}))
    monkeypatch.setenv("WAYPOST_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    database.store.cache_clear()
    body = {
        "output": "scorecard-card-file.data",
        "outputs": {"id": "scorecard-card-file", "property": "data"},
        "inputs": [{"id": "scorecard-card", "property": "n_clicks", "value": 1}],
        "state": [
            {"id": "scorecard-clock", "property": "data", "value": {"situation": "w", "as_of": day(40).isoformat()}}
        ],
        "changedPropIds": ["scorecard-card.n_clicks"],
    }

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_server())
        async with httpx.AsyncClient(transport=transport, base_url="http://waypost") as web:
            await web.get("/")
            return await web.post("/_dash-update-component", json=body)

    answer = asyncio.run(ask())
    database.store.cache_clear()
    assert answer.status_code == 200, answer.text
    sent = answer.json()["response"]["scorecard-card-file"]["data"]
    assert sent["filename"] == f"model-card-w-{day(40)}.md"
    assert sent["content"] == card(store, "w", day(40))
