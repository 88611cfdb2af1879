"""Vector tiles of events and hazard areas from fixed SQL; parameters are bound, tiles are an allow-list.

Below zoom `GRID_BELOW_ZOOM` events are counted on a grid of the tile: it stays small however many there are.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from sqlalchemy import Connection, text

from dashboard.database import store
from data.access import gate
from data.events_once import counted_once
from data.schema import Versioned
from data.schema.conflict_event import ConflictEvent
from data.schema.hazard_area import HazardArea
from data.schema.hazard_event import HazardEvent

GRID_BELOW_ZOOM = 7
MOST_FEATURES = 20_000
MOST_DAYS = 3660
router = APIRouter(prefix="/tiles")

_KNOWN = "e.known_from <= :as_of AND (e.known_to IS NULL OR e.known_to > :as_of) AND NOT e.is_deleted AND {visible}"
"""What was known then and this server's audience may see; ``visible`` is filled in from `data.access`."""
_TILES = {"conflict": ("conflict",), "hazard": ("hazard_area", "hazard")}
"""The layers of each tile."""
_TABLES: dict[str, type[Versioned]] = {"conflict": ConflictEvent, "hazard": HazardEvent, "hazard_area": HazardArea}
_AROUND = "ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 0.05), 4326)"
_IN_TILE = f"e.geometry && {_AROUND}"
_MERCATOR = "ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326)"
"""Nearer to a pole there is no map, and no way to project."""
_LAYERS = {
    "conflict": f"""
        SELECT ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(avg(e.longitude), avg(e.latitude)), 4326), 3857),
            ST_TileEnvelope(:z, :x, :y), 4096, 256) AS geom,
            count(*) AS n, coalesce(sum(e.fatalities_best), 0) AS fatalities_best, max(e.end_date)::text AS newest_date
        FROM conflict_event e
        WHERE {_KNOWN} AND {_IN_TILE} AND e.end_date > CAST(:until AS date) - CAST(:days AS integer)
            AND {counted_once("e")} AND e.location_precision IN ('exact', 'near', 'admin2') AND e.location_flag IS NULL
        GROUP BY floor(e.longitude / :cell), floor(e.latitude / :cell) LIMIT :most""",
    "hazard": f"""
        SELECT ST_AsMVTGeom(ST_Transform(e.geometry, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 256) AS geom,
            e.title, e.alert_level, e.kind AS event_type
        FROM hazard_event e
        WHERE {_KNOWN} AND {_IN_TILE}
            AND coalesce(e.ended_at, e.modified_at) > CAST(:until AS date) - CAST(:days AS integer)
        ORDER BY e.modified_at DESC LIMIT :most""",
    "hazard_area": f"""
        SELECT ST_AsMVTGeom(ST_Transform(ST_ClipByBox2D(e.area, {_MERCATOR}), 3857),
            ST_TileEnvelope(:z, :x, :y), 4096, 256) AS geom, e.area_class, e.label
        FROM hazard_area e
        WHERE {_KNOWN} AND e.area && {_AROUND} AND e.area_class <> 'position'
            AND e.modified_at > CAST(:until AS date) - CAST(:days AS integer)
        ORDER BY ST_Area(e.area) DESC LIMIT :most""",
}


@router.get("/{layer}/{z}/{x}/{y}.mvt", response_class=Response)
def tile(layer: str, z: int, x: int, y: int, as_of: date, days: int = 90) -> Response:
    """Return one tile of events of the last ``days`` with their areas, as known at the end of ``as_of`` (UTC).

    400 for a tile or span that cannot be, 404 for an unknown layer, 204 where the tile is empty.
    """
    if layer not in _TILES:
        raise HTTPException(404, f"no layer of that name; known are {', '.join(_TILES)}")
    if not (0 <= z <= 18 and 0 <= x < 2**z and 0 <= y < 2**z and 1 <= days <= MOST_DAYS):
        raise HTTPException(400, f"tile {z}/{x}/{y} or {days} days is out of range")
    instant = datetime.combine(as_of + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
    cell = 360 / 2**z / 48 if z < GRID_BELOW_ZOOM else 1e-4
    values = {
        "z": z,
        "x": x,
        "y": y,
        "as_of": instant,
        "until": as_of,
        "days": days,
        "cell": cell,
        "most": MOST_FEATURES,
    }
    with store().engine.connect() as connection:
        content = b"".join(_drawn(connection, part, values) for part in _TILES[layer])
    headers = {"Cache-Control": "private, max-age=60"}
    if not content:
        return Response(status_code=204, headers=headers)
    return Response(content, media_type="application/vnd.mapbox-vector-tile", headers=headers)


def _drawn(connection: Connection, layer: str, values: Mapping[str, Any]) -> bytes:
    """Return one layer of a tile; layers that follow each other are a tile."""
    rows = _LAYERS[layer].replace("{visible}", gate(_TABLES[layer], store().audience, "e"))
    sql = text(f"SELECT ST_AsMVT(tile, '{layer}', 4096, 'geom') FROM ({rows}) AS tile")
    used = {name: value for name, value in values.items() if f":{name}" in sql.text}
    return bytes(connection.execute(sql, used).scalar_one())
