"""Tiles of events at the edges of the world."""

from datetime import date

import pytest
from fastapi import HTTPException

from dashboard import tiles
from data.schema.hazard_event import HazardEvent
from tests.surroundings import hazard
from tests.worlds import known_rows, load

EDGES = [(0.0, 90.0), (0.0, -90.0), (180.0, 89.9), (-180.0, 0.0), (180.0, 0.0), (12.0, 85.06)]


@pytest.fixture
def edges(store, monkeypatch):
    """A hazard at each edge, and the store that tiles read."""
    events = [
        hazard(60 + i, "volcano", event_id=str(i), longitude=x, latitude=y, modified_at="2020-03-20T00:00:00Z")
        for i, (x, y) in enumerate(EDGES)
    ]
    load(store, {HazardEvent: known_rows(HazardEvent, events)})
    monkeypatch.setattr(tiles, "store", lambda: store)


@pytest.mark.usefixtures("edges")
def test_f36_events_at_the_poles_and_at_the_date_line_are_clipped_and_never_an_error():
    found = {
        tiles.tile("hazard", zoom, x, y, date(2020, 4, 1), 90).status_code
        for zoom in (0, 1, 3)
        for x in range(2**zoom)
        for y in range(2**zoom)
    }
    assert found == {200, 204}


@pytest.mark.parametrize(("zoom", "x", "y"), [(40, 0, 0), (1, 2, 0), (0, -1, 0), (-1, 0, 0)])
def test_a_tile_that_cannot_be_is_refused(zoom, x, y):
    with pytest.raises(HTTPException) as refused:
        tiles.tile("hazard", zoom, x, y, date(2020, 4, 1), 90)
    assert refused.value.status_code == 400
