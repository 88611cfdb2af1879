"""Read a GeoParquet file of areas: its attributes as text, its outlines as rings."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from data.errors import PayloadRejected
from etl import parquet_rows
from etl.areas import Polygons, polygons_of_wkb

_ENDS = b"PAR1"


@dataclass(frozen=True)
class Feature:
    """One row: attributes as text ("" where missing), and its outline (None: none; a text: what is wrong with it)."""

    number: int
    attributes: dict[str, str]
    outline: Polygons | str | None


def features(name: str, body: bytes) -> tuple[list[str], list[Feature]]:
    """Return the columns of a GeoParquet file (native polygons, WKB, or none) and its rows, from 1.

    Lines and points have the text of what they are for an outline. Raises PayloadRejected when it is no readable
    Parquet, has too many rows, or is not in degrees. The file is read by a process of its own (`etl.parquet_rows`).
    """
    if not body.startswith(_ENDS) or not body.endswith(_ENDS):
        raise PayloadRejected(name, "is no whole Parquet file: it does not begin and end with PAR1")
    command = [sys.executable, "-I", str(Path(parquet_rows.__file__))]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command, input=body, capture_output=True, check=False, timeout=parquet_rows.MOST_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise PayloadRejected(name, f"was not read within {parquet_rows.MOST_SECONDS} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[:300]
        raise PayloadRejected(
            name, f"is no readable Parquet file: {said or f'its reader ended with {done.returncode}'}"
        )
    table = pa.ipc.open_stream(done.stdout).read_all().to_pydict()
    outlines, reasons = table.pop(parquet_rows.OUTLINE), table.pop(parquet_rows.WHAT)
    found = [
        Feature(number + 1, {name: values[number] for name, values in table.items()}, what or _polygons(wkb))
        for number, (wkb, what) in enumerate(zip(outlines, reasons, strict=True))
    ]
    return list(table), found


def _polygons(wkb: bytes | None) -> Polygons | str | None:
    """Return the rings of a WKB outline, or in words what is wrong with it."""
    try:
        return None if wkb is None else polygons_of_wkb(wkb)
    except ValueError as error:
        return str(error)
