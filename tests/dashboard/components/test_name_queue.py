"""The queue of names on the Data page: what waits, what was decided, and for whom."""

import pandas as pd
import pytest

from dashboard import queries_sources
from dashboard.components.name_queue import MOST_SHOWN, name_queue
from data.schema.admin_area import AdminArea
from data.schema.place_match import PlaceMatch
from data.store import Store
from etl.match import decide
from tests.data.test_area_codes import match_of
from tests.data.test_area_points import area
from tests.worlds import known_rows, load


class Types:
    ACCEPT, REJECT, REOPEN = "accept", "reject", "reopen"


@pytest.fixture
def filled(store: Store) -> Store:
    """Names that wait, one that is exact and one that comes near nothing."""
    areas = [area("AA01", 0.0) | {"name": "North Vale", "other_names": "fr: Val du Nord"}, area("AA02", 4.0)]
    names = [
        match_of("Val-du Nrd", "AA01"), match_of("Nth. Vale", "AA01"), match_of("AA02", "AA02", exact=True),
        match_of("Elsewhere", None),
    ]  # fmt: skip
    load(store, {AdminArea: known_rows(AdminArea, areas), PlaceMatch: known_rows(PlaceMatch, names)})
    return store


def shown(store: Store) -> str:
    return repr(name_queue(queries_sources.names(store), queries_sources.unlike_names(store), {}, Types))


def test_what_is_alike_waits_with_its_likeness_the_nearest_first(filled):
    names = queries_sources.names(filled)
    assert names["name"].tolist() == ["Val-du Nrd", "Nth. Vale"]
    assert names["likeness"].between(0.7, 1, inclusive="left").all()
    assert names["suggested_name"].tolist() == ["North Vale"] * 2
    said = shown(filled)
    assert said.count("'Accept'") == said.count("'Reject'") == 2
    assert "North Vale (AA01)" in said
    assert "1 more name comes near no area" in said
    assert "Reopen" not in said


def test_a_decision_moves_a_name_to_the_decided_ones(filled):
    waiting = queries_sources.names(filled).iloc[0]
    decide(filled, int(waiting["version_id"]), accepted=True, decided_by="planner")
    said = shown(filled)
    assert said.count("'Accept'") == 1
    assert "1 decided by a person" in said
    assert "accepted by the planner" in said
    assert said.count("'Reopen'") == 1


def test_an_empty_queue_says_so_and_a_long_one_is_cut(store):
    assert "No name waits" in shown(store)
    row = {
        "version_id": 1, "known_from": pd.Timestamp("2026-01-01", tz="UTC"), "source_id": "ipc", "name": "Nth",
        "country_iso3": "AAA", "admin_level": 1, "suggested_pcode": "AA01", "decided_pcode": None, "decided_by": "",
        "suggested_name": "North", "likeness": 0.8,
    }  # fmt: skip
    said = repr(name_queue(pd.DataFrame([row] * (MOST_SHOWN + 7)), 0, {"ipc": "IPC"}, Types))
    assert said.count("'Accept'") == MOST_SHOWN
    assert "7 more follow" in said


def test_names_are_shown_to_nobody_outside(filled):
    assert queries_sources.names(Store(filled.engine, audience="public")).empty
