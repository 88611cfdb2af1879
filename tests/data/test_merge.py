"""The first load of an empty table: as any other load, only that indexes and foreign keys come after the rows."""

import pandas as pd
import pytest
from sqlalchemy import inspect, text

from data import merge
from data.schema.conflict_event import ConflictEvent
from data.store import Store

COLUMNS = ["event_id", "fatalities_best", "known_from", "known_to", "is_deleted"]
TIMES = pd.to_datetime(["2014-02-01", "2014-03-01", "2014-03-01", None, "2014-01-05", None], utc=True)


def events() -> pd.DataFrame:
    """Two vintages of one event, one of them twice, and events without and with a time of their own."""
    day = pd.Timestamp("2014-01-01")
    return pd.DataFrame(
        {
            "source_id": "ucdp", "event_id": ["1", "1", "1", "2", "3", "2"], "kind": "state_based", "start_date": day,
            "end_date": day, "country_iso3": "CAF", "longitude": 20.0, "latitude": 5.0, "location_precision": "exact",
            "fatalities_best": [1, 2, 3, 4, 5, 6], "known_at": TIMES,
        }
    )  # fmt: skip


def versions(store: Store) -> list[tuple]:
    ordered = store.history(ConflictEvent).sort_values(["event_id", "known_from"])
    ordered["known_from"] = ordered["known_from"].where(ordered["event_id"] != "2")  # the instant of the load
    return list(ordered[COLUMNS].astype("str").itertuples(index=False, name=None))


def shape(store: Store) -> tuple:
    with store.engine.connect() as connection:
        found = inspect(connection)
        indexes = sorted(index["name"] for index in found.get_indexes("conflict_event"))
        return indexes, found.get_foreign_keys("conflict_event")


def load(store: Store) -> dict[str, int]:
    with store.load("ucdp") as target:
        target.add(ConflictEvent, events())
    return target.counts


def fail_after_the_rows(store: Store) -> None:
    with store.load("ucdp") as target:
        target.add(ConflictEvent, events())
        target.finish()
        raise ValueError("after the rows")


@pytest.mark.parametrize("many", [1, 1_000_000])
def test_a_first_load_equals_one_that_is_compared(store, monkeypatch, many):
    monkeypatch.setattr(merge, "MANY_ROWS", many)
    before, first = shape(store), load(store)
    landed, after = versions(store), shape(store)
    with store.engine.begin() as connection:
        connection.execute(text("TRUNCATE conflict_event"))
    monkeypatch.setattr(merge, "_first", merge._compared)
    assert load(store) == first
    assert versions(store) == landed
    assert shape(store) == after == before
    assert (first["new"], first["ignored"], len(landed)) == (4, 2, 4)


def test_a_failed_first_load_leaves_the_indexes_and_no_row(store, monkeypatch):
    monkeypatch.setattr(merge, "MANY_ROWS", 1)
    before = shape(store)
    with pytest.raises(ValueError, match="after the rows"):
        fail_after_the_rows(store)
    assert (versions(store), shape(store)) == ([], before)


def test_a_reader_keeps_the_indexes_and_the_load_lands(store, monkeypatch):
    monkeypatch.setattr(merge, "MANY_ROWS", 1)
    with store.engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM conflict_event"))
        assert load(store)["new"] == 4
    assert len(versions(store)) == 4
