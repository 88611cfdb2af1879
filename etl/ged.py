"""Events of the UCDP Georeferenced Event Dataset, whose yearly releases and monthly candidates have one shape.

Codebook: UCDP GED version 23.1 and later (49 columns); versions 19 to 22 have 42 of them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import BytesIO

import pandas as pd

from data.errors import PayloadRejected
from data.schema.conflict_event import ConflictEvent
from etl.columns import Columns
from etl.delimited import Chunk, read
from etl.geography import with_odd_positions
from etl.gleditsch_ward import countries_today, iso3_by_number
from etl.json_text import read_json
from etl.left_out import new_columns, without_tags
from etl.records import Broken
from etl.source import Ignored, Item, Payload
from etl.zipped import single_csv

KINDS = {"1": "state_based", "2": "non_state", "3": "one_sided"}
PRECISIONS = {"1": "exact", "2": "near", "3": "admin2", "4": "admin1", "5": "unknown", "6": "country", "7": "unknown"}
"""``where_prec``: 1 the place itself, 2 within about 25 km of it, 3 a second-order unit, 4 a first-order unit, 5 a line
or region of any size (a road, a mountain range, a border) by one of its points, 6 a country, 7 the sea or the air."""
FLAGS = {"7": "sea_or_air"}
REQUIRED = (
    "id", "type_of_violence", "where_prec", "adm_1", "latitude", "longitude", "country_id", "date_start", "date_end",
    "best", "low", "high",
)  # fmt: skip
IGNORED = (
    "relid", "year", "active_year", "code_status", "conflict_dset_id", "conflict_new_id", "conflict_name",
    "dyad_dset_id", "dyad_new_id", "dyad_name", "side_a_dset_id", "side_a_new_id", "side_a", "side_b_dset_id",
    "side_b_new_id", "side_b", "number_of_sources", "source_article", "source_office", "source_date", "source_headline",
    "source_original", "where_coordinates", "where_description", "adm_2", "geom_wkt", "priogrid_gid", "country",
    "region", "event_clarity", "date_prec", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "gwnoa",
    "gwnob",
)  # fmt: skip
"""Columns that are known and not read; a column that is neither here nor required is reported."""
LAYOUT = (
    "id", "relid", "year", "active_year", "code_status", "type_of_violence", "conflict_dset_id", "conflict_new_id",
    "conflict_name", "dyad_dset_id", "dyad_new_id", "dyad_name", "side_a_dset_id", "side_a_new_id", "side_a",
    "side_b_dset_id", "side_b_new_id", "side_b", "number_of_sources", "source_article", "source_office", "source_date",
    "source_headline", "source_original", "where_prec", "where_coordinates", "where_description", "adm_1", "adm_2",
    "latitude", "longitude", "geom_wkt", "priogrid_gid", "country", "country_id", "region", "event_clarity",
    "date_prec", "date_start", "date_end", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high",
    "low", "gwnoa", "gwnob",
)  # fmt: skip
"""The columns of a release in their order, for a file that was published without them."""
_FIRST_EVENT = re.compile(rb'"?[0-9]{1,9}"?,"?[A-Z]{2,5}-[0-9]{4}-')
"""How a line of events begins: an id and a ``relid`` such as SUD-2024-1-113-12."""
DATE_FORMS = tuple(f"%Y-%m-%d{clock}" for clock in (" 00:00:00.000", "", " 00:00:00", "T00:00:00", "T00:00:00.000"))


def is_page(payload: Payload) -> bool:
    """Tell whether a payload is an answer of the API (JSON), and no file."""
    return _start(payload).startswith(b"{")


def events_of(payload: Payload, source_id: str, max_bytes: int, now: datetime) -> Iterator[Item]:
    """Yield the events of a CSV file, a zip file with one, or a page of the API, as rows of a source.

    An event more than a day after ``now`` is rejected. Raises PayloadRejected for what is none of the three.
    """
    if is_page(payload):
        records, _ = envelope(payload, max_bytes)
        yield from _items([_chunk(payload.name, records)], "result", source_id, now)
        return
    zipped = _start(payload).startswith(b"PK")
    with single_csv(payload, max_bytes) if zipped else payload.open() as stream:
        if _FIRST_EVENT.match(stream.read(256).removeprefix(b"\xef\xbb\xbf")):
            yield Ignored(0, f"no header: read with the {len(LAYOUT)} columns that the releases since 23.1 have")
            stream.seek(0)
            yield from _items(_headless(stream.read(max_bytes + 1), payload.name), "line", source_id, now)
            return
        stream.seek(0)
        yield from _items(read(stream, payload.name, REQUIRED, IGNORED, only=REQUIRED), "line", source_id, now)


def _headless(body: bytes, name: str) -> Iterator[Chunk]:
    """Yield chunks of a file without a header (candidate 24.0.1 came so), whose lines count from its first event."""
    told = BytesIO(",".join(LAYOUT).encode() + b"\n" + body.removeprefix(b"\xef\xbb\xbf"))
    for chunk in read(told, name, REQUIRED, IGNORED, only=REQUIRED):
        broken = [replace(item, line=item.line - 1) for item in chunk.broken]
        yield replace(chunk, lines=chunk.lines - 1, broken=broken)


def _start(payload: Payload) -> bytes:
    """Return how a payload begins, without a byte order mark and spaces."""
    with payload.open() as stream:
        return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()


def _items(chunks: Iterable[Chunk], where: str, source_id: str, now: datetime) -> Iterator[Item]:
    """Turn chunks of text into events; a row with anything unreadable is rejected whole."""
    for number, part in enumerate(chunks):
        chunk, tags = without_tags(part)
        yield from (*(new_columns(part.added) if number == 0 else ()), *tags)
        columns = Columns(chunk, where)
        yield from columns.items(ConflictEvent, _events(columns, source_id, now))


def _events(columns: Columns, source_id: str, now: datetime) -> pd.DataFrame:
    """Return the events of a chunk; what is wrong with them is noted in ``columns``."""
    code, count = partial(columns.code, is_number=True), columns.whole_number
    events = pd.DataFrame(
        {
            "source_id": source_id,
            "event_id": count("id", needed=True).astype("str"),
            "kind": code("type_of_violence", KINDS),
            "start_date": columns.date("date_start", *DATE_FORMS, now=now, needed=True),
            "end_date": columns.date("date_end", *DATE_FORMS, now=now, needed=True),
            "country_iso3": code("country_id", iso3_by_number()),
            "admin1_name": columns.text("adm_1"),
            "longitude": columns.number("longitude", needed=True),
            "latitude": columns.number("latitude", needed=True),
            "location_precision": code("where_prec", PRECISIONS),
            "location_flag": columns.meaning("where_prec", FLAGS, is_number=True),
            "fatalities_best": count("best"),
            "fatalities_low": count("low"),
            "fatalities_high": count("high"),
        }
    )
    number = columns.text("country_id", "").str.removesuffix(".0")
    return with_odd_positions(events.assign(country_iso3=countries_today(number, events)))


def envelope(payload: Payload, max_bytes: int) -> tuple[list[object], int]:
    """Return the results of a page of the API and how many pages there are; raise PayloadRejected for no page."""
    content = read_json(payload.name, payload.read(max_bytes))
    if not isinstance(content, dict) or not isinstance(content.get("Result"), list):
        raise PayloadRejected(payload.name, "has no list 'Result': it is no answer of the UCDP API")
    pages = content.get("TotalPages")
    if not isinstance(pages, str) or not pages.isdecimal() or len(pages) > 6:
        raise PayloadRejected(payload.name, "has no number 'TotalPages'")
    return content["Result"], int(pages)


def _chunk(name: str, records: list[object]) -> Chunk:
    """Return the records of a page as a chunk of text; null is missing, as an empty cell of a table is."""
    told = {number: record for number, record in enumerate(records, start=1) if isinstance(record, dict)}
    broken = [
        Broken(number, number, "is no object", str(record)[:2000])
        for number, record in enumerate(records, start=1)
        if number not in told
    ]
    names = {key: None for record in told.values() for key in record}
    missing = [column for column in REQUIRED if column not in names]
    if told and missing:
        raise PayloadRejected(name, f"lacks the fields {', '.join(missing)}")
    cells = [["" if (value := record.get(key)) is None else str(value) for key in REQUIRED] for record in told.values()]
    index = pd.Index(list(told), dtype="int64")
    frame = pd.DataFrame(cells, columns=list(REQUIRED), index=index, dtype="str")
    added = tuple(key for key in names if key not in {*REQUIRED, *IGNORED})
    return Chunk(frame, pd.Series(index, index=index), broken, added, lambda row: json.dumps(told[row])[:2000])
