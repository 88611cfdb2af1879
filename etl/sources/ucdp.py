"""UCDP Georeferenced Event Dataset: organised violence as published, from its CSV files or its API.

Codebook: UCDP GED version 23.1 and later (49 columns); versions 19 to 22 have 42 of them.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.conflict_event import ConflictEvent
from etl.client import get
from etl.columns import Columns
from etl.delimited import Chunk, read
from etl.gleditsch_ward import countries_today, iso3_by_number
from etl.json_text import read_json
from etl.records import Broken
from etl.source import Ignored, Item, Payload, Rows, Spec, Window
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
DATE_FORMS = tuple(f"%Y-%m-%d{clock}" for clock in (" 00:00:00.000", "", " 00:00:00", "T00:00:00", "T00:00:00.000"))
PAGE_ROWS = 1000
PAUSE_SECONDS = 1.0
"""The API answers a quick series of calls with status 400."""


class UcdpSettings(BaseSettings):
    """``WAYPOST_UCDP_TOKEN``, and ``WAYPOST_UCDP_VERSION``: yearly ``26.1`` or monthly candidate ``26.0.8``."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_UCDP_", env_ignore_empty=True, hide_input_in_errors=True)

    token: str | None = None
    version: str = "26.1"


class Ucdp:
    """The source; see the module. ``clock`` tells now: an event more than a day later is none."""

    spec = Spec(
        id="ucdp",
        title="UCDP conflict events",
        publisher="Uppsala Conflict Data Program",
        url="https://ucdpapi.pcr.uu.se/api/gedevents",
        licence="CC BY 4.0",
        cadence=timedelta(days=31),
        tables=(ConflictEvent,),
        first_date=date(1989, 1, 1),
        rows=(1, 5_000_000),
        key_setting="WAYPOST_UCDP_TOKEN",
        key_help="ask UCDP for an API token (ucdp.uu.se/apidocs); the yearly CSV needs none: etl run ucdp --from FILE",
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the API's pages for a window; raise ConfigurationMissing without a token."""
        settings = UcdpSettings()
        if not settings.token:
            raise ConfigurationMissing("WAYPOST_UCDP_TOKEN", f"is not set; {self.spec.key_help}")
        client.headers["x-ucdp-access-token"] = settings.token
        url, page, pages = f"{self.spec.url}/{settings.version}", 0, 1
        span = {"StartDate": f"{window.start:%Y-%m-%d}", "EndDate": f"{window.end:%Y-%m-%d}"}
        while page < pages:
            time.sleep(PAUSE_SECONDS if page else 0)
            body, kind = get(client, url, self.spec.max_bytes, pagesize=PAGE_ROWS, page=page, **span)
            payload = Payload(f"gedevents-{settings.version}-page-{page}.json", body, kind)
            _, pages = _envelope(payload, self.spec.max_bytes)
            yield payload
            page += 1

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the events of a CSV file, a zip file with one, or a page of the API."""
        now = self.clock()
        with payload.open() as stream:
            start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith(b"{"):
            records, _ = _envelope(payload, self.spec.max_bytes)
            yield from _items([_chunk(payload.name, records)], "result", now)
            return
        zipped = start.startswith(b"PK")
        with single_csv(payload, self.spec.max_bytes) if zipped else payload.open() as stream:
            yield from _items(read(stream, payload.name, REQUIRED, IGNORED, only=REQUIRED), "line", now)


def _items(chunks: Iterable[Chunk], where: str, now: datetime) -> Iterator[Item]:
    """Turn chunks of text into events; a row with anything unreadable is rejected whole."""
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk.added:
            yield Ignored(0, f"columns that are new here and not read: {', '.join(chunk.added)[:500]}")
        tags = chunk.frame["id"].str.startswith("#")
        if tags.any():
            yield Ignored(int(tags.sum()), "a line of HXL tags, as the Humanitarian Data Exchange adds it")
            chunk = chunk.without(tags)  # noqa: PLW2901
        columns = Columns(chunk, where)
        frame = columns.good(_events(columns, now))
        yield from columns.rejects("conflict_event")
        if len(frame):
            yield Rows(ConflictEvent, frame, columns.locators()[frame.index])


def _events(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the events of a chunk; what is wrong with them is noted in ``columns``."""
    code, count = partial(columns.code, is_number=True), columns.whole_number
    longitude, latitude = columns.number("longitude", needed=True), columns.number("latitude", needed=True)
    null_island = (longitude == 0) & (latitude == 0)
    flag = columns.meaning("where_prec", FLAGS, is_number=True)
    events = pd.DataFrame(
        {
            "source_id": "ucdp",
            "event_id": count("id", needed=True).astype("str"),
            "kind": code("type_of_violence", KINDS),
            "start_date": columns.date("date_start", *DATE_FORMS, now=now, needed=True),
            "end_date": columns.date("date_end", *DATE_FORMS, now=now, needed=True),
            "country_iso3": code("country_id", iso3_by_number()),
            "admin1_name": columns.text("adm_1"),
            "longitude": longitude,
            "latitude": latitude,
            "location_precision": code("where_prec", PRECISIONS).mask(null_island, "unknown"),
            "location_flag": flag.mask(null_island, "null_island"),
            "fatalities_best": count("best"),
            "fatalities_low": count("low"),
            "fatalities_high": count("high"),
        }
    )
    number = columns.text("country_id", "").str.removesuffix(".0")
    return events.assign(country_iso3=countries_today(number, events))


def _envelope(payload: Payload, max_bytes: int) -> tuple[list[object], int]:
    """Return the results of a page of the API and how many pages there are."""
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


source = Ucdp()
