"""Rows under a data set obey its audience and its expiry, in every read there is."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from dashboard import queries, queries_sources, tiles
from dashboard.queries import View
from data.access import AUDIENCES, gate
from data.freshness import Looks
from data.looks import looks
from data.schema import Base, Versioned
from data.schema.capacity import Capacity
from data.schema.conflict_event import ConflictEvent
from data.schema.observation import Observation
from data.schema.quarantine import Quarantine
from data.schema.source_run import SourceRun
from data.schema.status_period import StatusPeriod
from data.schema.stock import Stock
from data.store import Store
from etl import datasets, pipeline
from etl.archive import Archive
from etl.intake import Intake, Sending
from etl.registry import source
from etl.source import Payload
from tests.doors import csv_of, queue_csv, valley

TODAY = datetime.now(UTC).date()
ABOUT = {"id": "shared", "title": "t", "owner": "o", "agreement": "a", "expires_date": None}
PAYLOADS = Path(__file__).parents[1] / "payloads" / "ucdp"


@pytest.fixture
def shared(store, tmp_path):
    """Every kind of table loaded under one data set, whose audience and end a test chooses."""
    valley(store)
    intake = Intake(store, Archive(tmp_path))
    datasets.add(store, ABOUT | {"audience": "operational"})
    lines = csv_of(
        ("place_id", "line", "assessed_date", "people", "reported_by"), ("gate", "water", "2026-03-01", "40", "b")
    )
    stock = csv_of(
        ("place_id", "item", "counted_date", "quantity", "unit", "reported_by"),
        ("camp", "x", "2026-03-01", "1", "u", "r"),
    )
    status = csv_of(("border_point_id", "start_date", "status"), ("gate", "2026-02-10", "closed"))
    bodies = {
        "queues": queue_csv(("gate", "2026-03-01", "5"), ("gate", "2026-03-02", "?")),
        "occupancy": queue_csv(("camp", "2026-03-01", "70")),
        "capacities": lines, "stocks": stock, "statuses": status,
    }  # fmt: skip
    for kind, body in bodies.items():
        intake.load(Sending(kind, Payload(f"{kind}.csv", body), "valley", "shared"), accept_good_rows=True)

    def set_(audience: str = "operational", expires: date | None = None):
        datasets.add(store, ABOUT | {"audience": audience, "expires_date": expires})

    return set_


def read_by(store: Store, audience: str) -> dict[str, int]:
    """How many rows a viewer finds, by every way that a page reads."""
    mine = Store(store.engine, audience)
    view = View(mine, "valley", TODAY)
    tables = (Observation, Capacity, Stock, StatusPeriod, Quarantine)
    found = {table.__tablename__: len(mine.read(table)) for table in tables}
    found |= {f"{t.__tablename__} history": len(mine.history(t)) for t in tables if issubclass(t, Versioned)}
    found |= {f"{t.__tablename__} at the clock": len(view.of(t)) for t in tables if issubclass(t, Versioned)}
    found["page: capacities"] = len(queries.capacities(view, "valley:gate"))
    found["page: stocks"] = len(queries.stocks(view))
    found["page: quarantine"] = len(queries_sources.rejected_rows(mine))
    found["page: status"] = int((queries.points(view, 30)["status"] == "closed").sum())
    newest = queries.source_states(view).set_index("source_id")["newest_content_at"]
    found["page: newest content"] = int(newest.reindex(["counts", "capacities", "stocks", "statuses"]).notna().sum())
    return found


@pytest.mark.parametrize(
    ("audience", "sees"),
    [("public", ["public", "partners", "operational"]), ("partners", ["partners", "operational"]),
     ("operational", ["operational"])],
)  # fmt: skip
def test_a_data_set_is_read_by_its_audience_and_no_wider(shared, store, audience, sees):
    shared(audience)
    for viewer in AUDIENCES:
        found = read_by(store, viewer)
        assert (min(found.values()) > 0) == (viewer in sees), (viewer, found)
        assert viewer in sees or set(found.values()) == {0}, (viewer, found)


def test_an_expired_data_set_is_gone_from_every_read_also_of_the_past(shared, store):
    shared("public", TODAY)
    assert min(read_by(store, "public").values()) > 0
    shared("public", TODAY - timedelta(days=1))
    for viewer in AUDIENCES:
        assert set(read_by(store, viewer).values()) == {0}
    assert Store(store.engine).read(Observation, datetime.now(UTC) - timedelta(seconds=1)).empty


def test_a_renewed_agreement_brings_the_rows_back(shared, store):
    shared("public", TODAY - timedelta(days=1))
    shared("public", TODAY + timedelta(days=1))
    assert min(read_by(store, "public").values()) > 0


def test_a_data_set_nobody_knows_hides_its_rows(shared, store):
    with store.load("datasets") as target:
        target.add(type_of("dataset"), pd.DataFrame([ABOUT | {"audience": "public", "is_deleted": True}]))
    assert set(read_by(store, "operational").values()) == {0}


def test_open_sources_are_for_everybody(store, tmp_path):
    body = (PAYLOADS / "events.csv").read_bytes()
    pipeline.load(store, Archive(tmp_path), source("ucdp"), [Payload("events.csv", body)])
    assert len(Store(store.engine, "public").read(ConflictEvent)) == len(store.read(ConflictEvent)) > 0


def test_outside_viewers_do_not_see_the_runs_of_what_they_may_not_read(shared, store):
    assert "counts" not in Store(store.engine, "public").read(SourceRun)["source_id"].tolist()
    assert "counts" in store.read(SourceRun)["source_id"].tolist()
    seen = {viewer: looks(Store(store.engine, viewer), ["counts"])["counts"] for viewer in AUDIENCES}
    assert seen["public"] == seen["partners"] == Looks()
    assert seen["operational"].good_at is not None


def test_tiles_ask_the_same_gate(store, tmp_path, monkeypatch):
    datasets.add(store, ABOUT | {"audience": "operational"})
    body = (PAYLOADS / "events.csv").read_bytes()
    pipeline.load(Store(store.engine, dataset_id="shared"), Archive(tmp_path), source("ucdp"), [Payload("e.csv", body)])
    seen = {}
    for viewer in AUDIENCES:
        monkeypatch.setattr(tiles, "store", lambda viewer=viewer: Store(store.engine, viewer))
        seen[viewer] = tiles.tile("conflict", 0, 0, 0, TODAY, 3660).status_code
    assert seen == {"public": 204, "partners": 204, "operational": 200}


def test_an_unknown_audience_is_an_error_and_never_everything():
    with pytest.raises(KeyError):
        gate(Observation, "everybody")


def test_every_table_with_runs_is_behind_the_gate():
    mapped = {mapper.class_ for mapper in Base.registry.mappers}
    of_runs = {
        table for table in mapped if any(key.target_fullname == "source_run.id" for key in table.__table__.foreign_keys)
    }
    assert {table for table in mapped if gate(table, "public") != "true"} == of_runs | {SourceRun}


def type_of(name: str) -> type[Versioned]:
    return next(table for table in Versioned.__subclasses__() if table.__tablename__ == name)
