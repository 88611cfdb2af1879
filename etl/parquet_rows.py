"""Turn a GeoParquet file on standard input into plain rows on standard output; a program of its own.

Arrow ends the process on some damaged files, and a small file can claim memory without end: so a stranger's file is
read here, in a process with limits, and never in the one that loads (`etl.geoparquet` starts it). It imports nothing of
ours: it runs isolated. Rows come as an Arrow stream of texts ("" where missing), `OUTLINE` (WKB, null: none) and `WHAT`
(why there is no outline). A refusal is a line on standard error and the exit code 65 (EX_DATAERR).
"""

import json
import math
import os
import resource
import struct
import sys
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

OUTLINE, WHAT = "outline as wkb", "why there is no outline"
MOST_ROWS = 500_000
MOST_MEMORY_BYTES = 6 << 30
MOST_SECONDS = 300
_DAMAGE = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, MemoryError)
"""What Arrow, and a geo description of another shape, raise."""


def main() -> int:
    """Read, write, and return the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        table = rows_of(sys.stdin.buffer.read())
        with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
            stream.write_table(table)
    except _DAMAGE as error:
        print(" ".join(str(error).split())[:300] or type(error).__name__, file=sys.stderr)
        return os.EX_DATAERR
    return 0


def rows_of(body: bytes) -> pa.Table:
    """Return the rows of a file; raise one of `_DAMAGE` when it cannot be read, or is not in degrees."""
    file = pq.ParquetFile(pa.BufferReader(body))
    if file.metadata.num_rows > MOST_ROWS:
        raise ValueError(f"it has {file.metadata.num_rows:,} rows, at most {MOST_ROWS:,}")
    geometry, encoding = _geometry(file.metadata.metadata or {})
    table = file.read(columns=[c for c in file.schema_arrow.names if c != "bbox"], use_threads=False)
    table.validate(full=True)
    columns = {
        c: pa.array([_text(v) for v in table[c].to_pylist()], pa.string()) for c in table.column_names if c != geometry
    }
    read = [_outline(cell, encoding) for cell in table[geometry]] if geometry else [(None, "")] * table.num_rows
    columns[OUTLINE] = pa.array([wkb for wkb, _ in read], pa.large_binary())
    columns[WHAT] = pa.array([what for _, what in read], pa.string())
    return pa.table(columns)


def _geometry(metadata: dict[bytes, bytes]) -> tuple[str, str]:
    """Return the name and encoding of the column of outlines; empty where the file has none."""
    if b"geo" not in metadata:
        return "", ""
    said = json.loads(metadata[b"geo"])
    column = said["primary_column"]
    described = said["columns"][column]
    system = described.get("crs") or {}
    code = str((system.get("id") or {}).get("code") or 4326)
    if system.get("type", "GeographicCRS") != "GeographicCRS" or code not in {"4326", "CRS84"}:
        raise ValueError(f"it is in the reference system {str(system.get('name'))[:80]}, not in WGS 84 degrees")
    return str(column), str(described["encoding"]).lower()


def _outline(cell: Any, encoding: str) -> tuple[bytes | None, str]:
    """Return the WKB of one cell, or in words why it is none."""
    if not cell.is_valid:
        return None, ""
    if encoding == "wkb":
        return cell.as_py(), ""
    if encoding == "polygon":
        return _polygon(cell), ""
    if encoding == "multipolygon":
        parts = [_polygon(part) for part in cell]
        return struct.pack("<BII", 1, 6, len(parts)) + b"".join(parts), ""
    return None, f"geometry of the encoding {encoding[:40]!r} is no outline"


def _polygon(rings: Any) -> bytes:
    """Return the WKB of a native polygon."""
    body = struct.pack("<BII", 1, 3, len(rings))
    for ring in rings:
        positions = ring.values
        pairs = np.column_stack([positions.field("x").to_numpy(), positions.field("y").to_numpy()]).astype("<f8")
        body += struct.pack("<I", len(pairs)) + pairs.tobytes()
    return body


def _text(value: Any) -> str:
    """Return a value as text; a whole number without a fraction, an instant as its day."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return np.format_float_positional(value, trim="-")
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
