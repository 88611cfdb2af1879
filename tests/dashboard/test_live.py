"""Screens hear of new rows, also after the database was away."""

import time
from collections.abc import Callable

import pandas as pd
from sqlalchemy import text

from dashboard.live import Listener
from data.schema.standard import Standard


def until(done: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def announce(store) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("SELECT pg_notify('waypost_rows', 'gdacs')"))


def test_the_number_moves_when_rows_arrive_and_rests_when_nothing_changed(store):
    listener = Listener(store.engine.url).start()
    until(lambda: listener.connected)
    before = listener.number
    with store.load("standards") as load:
        load.add(Standard, pd.DataFrame([_standard()]))
    until(lambda: listener.number != before)
    held = listener.number
    with store.load("standards") as load:
        load.add(Standard, pd.DataFrame([_standard()]))
    time.sleep(0.3)
    assert listener.number == held


def test_f55_the_listener_comes_back_and_lets_pages_look_again(store):
    listener = Listener(store.engine.url, reconnect_seconds=0.1).start()
    until(lambda: listener.connected)
    before = listener.number
    with store.engine.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'waypost-live'"
                 " AND datname = current_database()")
        )  # fmt: skip
    until(lambda: listener.number != before and listener.connected)
    again = listener.number
    announce(store)
    until(lambda: listener.number != again)


def _standard() -> dict:
    from pathlib import Path

    from etl.registry import source
    from etl.source import Payload, Rows

    body = (Path(__file__).parents[1] / "payloads" / "standards" / "standards.csv").read_bytes()
    rows = next(item for item in source("standards").parse(Payload("s.csv", body)) if isinstance(item, Rows))
    return rows.frame.iloc[0].to_dict()
