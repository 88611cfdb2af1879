"""Read the layers of areas of a GeoPackage (OGC 12-128): an SQLite file with outlines in WKB."""

import re
import sqlite3
import struct
from collections.abc import Iterator

from data.errors import PayloadRejected
from etl.areas import Polygons, polygons_of_wkb
from etl.geoparquet import Feature

MARK = b"SQLite format 3\x00"
MOST_ROWS = 500_000
_NO_LOG = b"\x01\x01"
"""Bytes 18 and 19 of an SQLite file: it needs no log beside it, which a file that was sent does not have."""
_QUOTE = '"'
_STORED = 0
"""How table_xinfo marks a column that holds what it says; others are computed, by a stranger's rule."""
_WGS_84 = 4326
_STEPS = 200_000_000
"""So many steps of SQLite's machine are some minutes: a stranger's file may hold a table that never ends."""


def layers(name: str, body: bytes) -> Iterator[tuple[str, list[str], list[Feature]]]:
    """Yield each layer of polygons with its columns and rows, from 1.

    Only plain tables are read. Raises PayloadRejected for a file that is damaged, is no GeoPackage or has no layer, for
    a layer that is not in WGS 84 degrees, and for one with more than `MOST_ROWS` rows.
    """
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(body[:18] + _NO_LOG + body[20:])
        base.execute("PRAGMA trusted_schema = OFF")
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(len(body), 1))
        base.text_factory = lambda text: text.decode(errors="replace")
        base.set_progress_handler(lambda: 1, _STEPS)
        told = "SELECT c.table_name, g.column_name, g.srs_id, g.geometry_type_name FROM gpkg_contents c"
        joined = f"{told} JOIN gpkg_geometry_columns g USING (table_name) WHERE c.data_type = 'features'"
        listed = base.execute(joined).fetchall()
        tables = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        plain = {title for title, sql in tables if not str(sql).upper().startswith("CREATE VIRTUAL")}
        for table, geometry, system, kind in listed:
            if table not in plain or "POLYGON" not in str(kind).upper():
                continue
            if system != _WGS_84:
                raise PayloadRejected(name, f"has {table} in the reference system {system}, not in WGS 84 degrees")
            yield _layer(name, base, str(table), str(geometry))
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise PayloadRejected(name, f"is no readable GeoPackage: {str(error)[:200]}") from error
    finally:
        base.close()


def _layer(name: str, base: sqlite3.Connection, table: str, geometry: str) -> tuple[str, list[str], list[Feature]]:
    """Return a layer."""
    quoted = table.replace('"', '""')
    stored = [row[1] for row in base.execute(f'PRAGMA table_xinfo("{quoted}")') if row[6] == _STORED]
    chosen = ", ".join(f'"{column.replace(_QUOTE, _QUOTE * 2)}"' for column in stored)
    cursor = base.execute(f'SELECT {chosen} FROM "{quoted}" LIMIT {MOST_ROWS + 1}')
    columns = [column[0] for column in cursor.description]
    found: list[Feature] = []
    for number, row in enumerate(cursor, start=1):
        cells = dict(zip(columns, row, strict=True))
        outline = cells.pop(geometry, None)
        found.append(Feature(number, {key: _text(value) for key, value in cells.items()}, _outline(outline)))
    if len(found) > MOST_ROWS:
        raise PayloadRejected(name, f"has more than {MOST_ROWS:,} rows in {table}")
    return table, [column for column in columns if column != geometry], found


def _text(value: object) -> str:
    """Return a cell as text, "" for null; a time behind a day of midnight is left out."""
    if value is None or isinstance(value, bytes):
        return ""
    return re.sub(r"T00:00:00(?:\.0+)?Z?$", "", str(value))


def _outline(body: object) -> Polygons | str | None:
    """Return the rings of an outline behind its GeoPackage header, or in words what is wrong with it."""
    if body is None:
        return None
    if not isinstance(body, bytes) or body[:2] != b"GP" or len(body) < 8:
        return "the outline is no GeoPackage geometry"
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}.get((body[3] >> 1) & 7)
    if envelope is None or body[3] & 0x20:
        return "the outline is of a kind that is not read"
    if body[3] & 0x10:
        return None
    try:
        return polygons_of_wkb(body[8 + envelope :])
    except (ValueError, struct.error) as error:
        return str(error)
