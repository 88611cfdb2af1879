"""Files of ACLED events, whichever years they come from: CSV, a zip file with one, workbooks.

Since 1997 ACLED has written its columns in capitals (2017 and before) and in small letters, with and without a number
of the country, with ten kinds of event instead of six, and the Humanitarian Data Exchange adds a line of HXL tags. All
become chunks of today's columns, and only of those that are read: notes and actors may name persons.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from data.errors import PayloadRejected
from etl.acled_rows import DELETED, FIELDS, IGNORED, OPTIONAL, REQUIRED, without_texts
from etl.delimited import Chunk, read
from etl.grid import Format, chunk_of
from etl.left_out import without_tags
from etl.personal import refuse_personal
from etl.source import Ignored, Payload
from etl.spreadsheet import MOST_BYTES, sheets
from etl.zipped import single_csv

NEEDED = tuple(name for name in REQUIRED if name != "iso")
"""Files before 2018 tell a country by its name and a number of another list (``GWNO``)."""
KNOWN = (*OPTIONAL, "iso", *IGNORED, "gwno", "ally_actor_1", "ally_actor_2")
OTHER_NAMES = {"geo_precis": "geo_precision", "geo_precisi": "geo_precision", "time_preci": "time_precision"}
"""Names that were cut to ten or eleven characters, as shapefiles do."""
OLD_TYPES = {
    "Battle-No change of territory": "Battles",
    "Battle-Government regains territory": "Battles",
    "Battle-Non-state actor overtakes territory": "Battles",
    "Remote violence": "Explosions/Remote violence",
    "Riots/Protests": "Riots",
    "Strategic development": "Strategic developments",
    "Headquarters or base established": "Strategic developments",
    "Non-violent transfer of territory": "Strategic developments",
}
"""Kinds of event before 2019 as those of today (ACLED codebook 2019, annex on the changes)."""
_HEAD_BYTES = 65_536


def tables(payload: Payload, max_bytes: int) -> Iterator[Chunk | Ignored]:
    """Yield the chunks of a file and what is left out of it; raise PayloadRejected when it is no file of ACLED."""
    with payload.open() as stream:
        head = stream.read(4)
    if head.startswith(b"PK") and _is_workbook(payload):
        for chunk in _sheets(payload):
            yield from _plain(chunk)
        return
    with single_csv(payload, max_bytes) if head.startswith(b"PK") else payload.open() as stream:
        labels = _labels(stream.read(_HEAD_BYTES))
        stream.seek(0)
        names = {label: _name(label) for label in labels}
        form = (DELETED, ()) if DELETED[1] in names.values() else (NEEDED, KNOWN)
        needed, known = (_called(part, names) for part in form)
        wanted = _called((*FIELDS, DELETED[1]), names)
        for chunk in read(stream, payload.name, needed, known, only=wanted, encodings=("cp1252",)):
            yield from _plain(replace(chunk, frame=chunk.frame.rename(columns=names)))


def _is_workbook(payload: Payload) -> bool:
    """Tell whether a zip file is a workbook; raise PayloadRejected when it is damaged."""
    try:
        with payload.open() as stream, zipfile.ZipFile(stream) as bundle:
            return any(name.startswith("xl/") for name in bundle.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise PayloadRejected(payload.name, f"is no readable zip file: {error}"[:300]) from error


def _sheets(payload: Payload) -> Iterator[Chunk]:
    """Yield the sheets of a workbook that hold events; raise PayloadRejected when none does."""
    form, refused, found = Format(NEEDED, (*KNOWN, *OTHER_NAMES)), [], False
    for title, rows in sheets(payload.read(MOST_BYTES), payload.name):
        try:
            chunk = chunk_of(rows, form.without(["geo_precision"]), payload.name, f"sheet {title} row")
        except PayloadRejected as error:
            refused.append(f"the sheet {title} {error.reason}"[:300])
            continue
        found = True
        refuse_personal(chunk.added, payload.name)
        frame = chunk.frame.rename(columns=OTHER_NAMES)
        yield replace(chunk, frame=frame[[name for name in FIELDS if name in frame]])
    if not found:
        raise PayloadRejected(payload.name, "; ".join(refused)[:1000] or "is empty")


def _labels(head: bytes) -> list[str]:
    """Return the names in the header of a text, by the delimiter that finds most of those known here."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").partition(b"\n")[0].decode("utf-8", "replace")
    found = []
    for mark in ",;\t":
        try:
            found.append(next(csv.reader(io.StringIO(first.rstrip("\r")), delimiter=mark), []))
        except csv.Error:
            continue
    known = {*NEEDED, *KNOWN, *DELETED}
    return [cell.strip() for cell in max(found, key=lambda cells: len({_name(c) for c in cells} & known), default=[])]


def _name(label: str) -> str:
    """Return a column's name as today's files have it.

    >>> _name("EVENT_ID_CNTY"), _name("Geo_Precis")
    ('event_id_cnty', 'geo_precision')
    """
    plain = label.strip().casefold().replace(" ", "_")
    return OTHER_NAMES.get(plain, plain)


def _called(wanted: tuple[str, ...], names: dict[str, str]) -> tuple[str, ...]:
    """Return columns as a file calls them, by our own names where it has them not."""
    theirs = {name: label for label, name in names.items()}
    return tuple(theirs.get(name, name) for name in wanted)


def _plain(chunk: Chunk) -> Iterator[Chunk | Ignored]:
    """Yield a chunk in today's words, without a line of HXL tags and the texts of its rows."""
    chunk, tags = without_tags(chunk)
    yield from tags
    frame = chunk.frame
    if "event_type" in frame:
        frame = frame.assign(
            **{name: _with_points(frame[name]) for name in ("latitude", "longitude")},
            event_type=frame["event_type"].map(lambda text: OLD_TYPES.get(_sentence(text), text)),
            event_id_cnty=frame["event_id_cnty"].str.strip().str.replace(r"^([0-9]+)([A-Z]{3})$", r"\2\1", regex=True),
            iso=frame.get("iso", ""),
        )
    yield without_texts(replace(chunk, frame=frame))


def _with_points(degrees: "pd.Series[str]") -> "pd.Series[str]":
    """Return degrees with a decimal point where none of them has one: spreadsheets of some countries write a comma."""
    return degrees if degrees.str.contains(".", regex=False).any() else degrees.str.replace(",", ".", n=1)


def _sentence(text: str) -> str:
    """Return a kind of event in the spelling of `OLD_TYPES`, whose case and spaces differ from year to year."""
    plain = " ".join(text.split()).casefold()
    return next((known for known in OLD_TYPES if known.casefold() == plain), text)
