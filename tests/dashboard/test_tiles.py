"""Tiles of events at the edges of the world."""

from datetime import date

import pytest
from fastapi import HTTPException

from dashboard import tiles
from data.schema.hazard_area import HazardArea
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


AREAS = {
    "affected": "POLYGON ((10 0, 20 0, 20 10, 10 10, 10 0))",
    "track": "LINESTRING (170 -10, 180 -12)",
    "wind_red": "POLYGON ((-180 80, 180 80, 180 90, -180 90, -180 80))",
    "position": "POINT (-60 -40)",
}


@pytest.fixture
def areas(store, monkeypatch):
    """A shape of each kind, one of them over a pole, known since March 2020."""
    shapes = [
        {
            "source_id": "made-up", "event_id": kind, "area_class": kind, "label": kind, "area_wkt": wkt,
            "modified_at": "2020-03-20T00:00:00Z", "known_from": "2020-03-21T00:00:00Z",
        }
        for kind, wkt in AREAS.items()
    ]  # fmt: skip
    load(store, {HazardArea: known_rows(HazardArea, shapes)})
    monkeypatch.setattr(tiles, "store", lambda: store)


@pytest.mark.usefixtures("areas")
def test_the_areas_of_a_hazard_are_drawn_and_single_positions_are_not():
    body = tiles.tile("hazard", 0, 0, 0, date(2020, 4, 1)).body
    assert [kind for kind in AREAS if kind.encode() in body] == ["affected", "track", "wind_red"]
    assert tiles.tile("hazard", 2, 0, 2, date(2020, 4, 1)).status_code == 204


@pytest.mark.usefixtures("areas")
@pytest.mark.parametrize(("as_of", "days"), [(date(2020, 3, 20), 90), (date(2020, 4, 1), 5)])
def test_an_area_is_drawn_once_it_is_known_and_as_long_as_it_is_new(as_of, days):
    assert tiles.tile("hazard", 0, 0, 0, as_of, days).status_code == 204


@pytest.mark.parametrize(("zoom", "x", "y"), [(40, 0, 0), (1, 2, 0), (0, -1, 0), (-1, 0, 0)])
def test_a_tile_that_cannot_be_is_refused(zoom, x, y):
    with pytest.raises(HTTPException) as refused:
        tiles.tile("hazard", zoom, x, y, date(2020, 4, 1), 90)
    assert refused.value.status_code == 400
