"""Read the polygons of a shapefile and their table (ESRI Shapefile Technical Description, 1998; dBase III).

Read by hand: of the readers we have, pyogrio hands bytes to GDAL and cannot tell it which driver to take, so that the
file's own text would choose one, and pyshp would be a dependency more. Deleted rows of the table are left out.
"""

import codecs
import re
import struct
from collections.abc import Iterator
from itertools import zip_longest

import numpy as np

from data.errors import PayloadRejected
from etl.areas import Polygons, Ring
from etl.geoparquet import Feature

POLYGONS = frozenset((5, 15, 25))
MARK = b"\x00\x00\x27\x0a"
"""How the part with the outlines (.shp) begins."""
_DELETED = b"*"
_HEAD_BYTES = 100
_CODE_PAGES = {0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x57: "cp1252", 0x4D: "gbk", 0x78: "big5", 0xC9: "cp1251"}
"""The marks in byte 29 of a table that are seen where no .cpg file names the encoding."""
_DAMAGE = (struct.error, ValueError, IndexError)


def is_of_areas(shapes: bytes) -> bool:
    """Tell whether a shapefile holds polygons, not lines or points."""
    return len(shapes) >= _HEAD_BYTES and struct.unpack_from("<i", shapes, 32)[0] in POLYGONS


def features(name: str, shapes: bytes, table: bytes, code_page: str, system: str) -> tuple[list[str], list[Feature]]:
    """Return the columns and rows of a shapefile, from 1.

    ``code_page`` is the text of its .cpg file and ``system`` that of its .prj file, both empty where it has none.
    Raises PayloadRejected when it is damaged, its outlines and rows do not go together, or it is in another reference
    system than WGS 84 degrees.
    """
    if system and not re.match(r"\s*GEOG(?:CS|CRS)\[.*WGS", system, re.IGNORECASE | re.DOTALL):
        raise PayloadRejected(name, f"is in the reference system {system[:120]!r}, not in WGS 84 degrees")
    try:
        columns, rows = _table(table, code_page)
        with np.errstate(all="ignore"):  # numbers that are none are found when the outline is checked
            outlines = list(_outlines(shapes))
    except (*_DAMAGE, LookupError) as error:
        raise PayloadRejected(name, f"is no readable shapefile: {str(error)[:200]}") from error
    if len(rows) != len(outlines):
        raise PayloadRejected(name, f"has {len(outlines):,} outlines and {len(rows):,} rows: which is whose?")
    pairs = zip_longest(rows, outlines)
    found = [Feature(n, dict(zip(columns, row, strict=True)), o) for n, (row, o) in enumerate(pairs, 1) if row]
    return columns, found


def _table(table: bytes, code_page: str) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of a dBase table; a deleted row is empty."""
    count, head_bytes, row_bytes = struct.unpack_from("<IHH", table, 4)
    encoding = _encoding(table, code_page)
    fields: list[tuple[str, str, int]] = []
    at = 32
    while table[at : at + 1] not in {b"\r", b""} and at + 32 <= head_bytes:
        label = table[at : at + 11].partition(b"\0")[0].decode(encoding, errors="replace").strip()
        fields.append((label, chr(table[at + 11]), table[at + 16]))
        at += 32
    if not fields or row_bytes != 1 + sum(width for _, _, width in fields):
        raise ValueError("the table's fields do not add up to its rows")
    if head_bytes + count * row_bytes > len(table):
        raise ValueError(f"the table says it has {count:,} rows, and ends before")
    rows = []
    for start in range(head_bytes, head_bytes + count * row_bytes, row_bytes):
        row: list[str] = []
        cell = start + 1
        for _, kind, width in fields:
            row.append(_value(table[cell : cell + width].decode(encoding, errors="replace"), kind))
            cell += width
        rows.append([] if table[start : start + 1] == _DELETED else row)
    return [label for label, _, _ in fields], rows


def _encoding(table: bytes, code_page: str) -> str:
    """Return the encoding that the .cpg file or the table names, or the one of the two usual ones that fits."""
    told = code_page.strip().lower().replace("ansi ", "cp")
    told = f"cp{told}" if re.fullmatch(r"(?:125|43|85)\d", told) else told
    if told:
        return codecs.lookup("iso-8859-1" if told.startswith("88591") else told).name
    if table[29] in _CODE_PAGES:
        return _CODE_PAGES[table[29]]
    try:
        table.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _value(text: str, kind: str) -> str:
    """Return a cell as text: "" for null, a day as YYYY-MM-DD."""
    text = text.replace("\0", " ").strip()
    if not text.strip("*"):
        return ""
    if kind == "D":
        return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"[1-9]\d{7}", text) else ""
    return text


def _outlines(shapes: bytes) -> Iterator[Polygons | None]:
    """Yield the outline of each record, None for an empty one."""
    at = _HEAD_BYTES
    while at + 12 <= len(shapes):
        words, kind = struct.unpack_from(">4xi", shapes, at)[0], struct.unpack_from("<i", shapes, at + 8)[0]
        if words < 2 or at + 8 + 2 * words > len(shapes):
            raise ValueError(f"the record at byte {at:,} goes beyond the end")
        if kind not in POLYGONS | {0}:
            raise ValueError(f"the record at byte {at:,} is of kind {kind}, no polygon")
        yield _polygons(shapes[at + 8 : at + 8 + 2 * words]) if kind else None
        at += 8 + 2 * words


def _polygons(record: bytes) -> Polygons:
    """Return the polygons of a record: its clockwise rings are shells, the others holes of the shell around them."""
    parts, positions = struct.unpack_from("<ii", record, 36)
    end = 44 + 4 * parts + 16 * positions
    if parts < 0 or positions < 0 or end > len(record):
        raise ValueError(f"an outline claims {positions:,} positions in {len(record):,} bytes")
    starts = np.frombuffer(record, "<i4", parts, 44)
    points = np.frombuffer(record, "<f8", 2 * positions, 44 + 4 * parts).reshape(-1, 2)
    if parts and (starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > positions):
        raise ValueError("an outline's parts do not follow each other")
    rings = [ring for ring in np.split(points, starts[1:]) if len(ring)]
    shells = [[ring] for ring in rings if _is_clockwise(ring)]
    holes = [ring for ring in rings if not _is_clockwise(ring)]
    if not shells:
        return [[ring] for ring in holes]
    for hole in holes:
        _around(shells, hole).append(hole)
    return shells


def _is_clockwise(ring: Ring) -> bool:
    """Tell whether a ring runs clockwise (the trapezoid formula)."""
    return bool(np.sum(np.diff(ring[:, 0]) * (ring[1:, 1] + ring[:-1, 1])) > 0)


def _around(shells: Polygons, hole: Ring) -> list[Ring]:
    """Return the smallest shell around a hole; the first where none is."""
    holding = [shell for shell in shells if _holds(shell[0], hole[0])]
    return min(holding or shells[:1], key=lambda shell: float(np.prod(np.ptp(shell[0], axis=0))))


def _holds(ring: Ring, position: Ring) -> bool:
    """Tell whether a ring runs around a position: a ray to the east crosses it an odd number of times."""
    (x, y), (x1, y1), (x2, y2) = position, ring[:-1].T, ring[1:].T
    crossed = (y1 > y) != (y2 > y)
    at = x1[crossed] + (y - y1[crossed]) / (y2[crossed] - y1[crossed]) * (x2[crossed] - x1[crossed])
    return bool(np.count_nonzero(at > x) % 2)
