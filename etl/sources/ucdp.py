"""UCDP Georeferenced Event Dataset: organised violence as published, from its CSV files or its API.

Codebook: UCDP GED, version 23.1 and later (49 columns; versions 19 to 22 have 42 of them).
"""

import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any, BinaryIO, cast

import httpx
import pandas as pd

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.conflict_event import ConflictEvent
from data.settings import PROJECT_ROOT
from etl.client import get
from etl.delimited import Chunk, read
from etl.numbers import to_date, to_number
from etl.source import Item, Payload, Reject, Rows, Spec, Window

KINDS = {"1": "state_based", "2": "non_state", "3": "one_sided"}
PRECISION = {"1": "exact", "2": "near", "3": "admin2", "4": "admin1", "5": "admin1", "6": "country", "7": "unknown"}
"""``where_prec``: 1 exact, 2 within 25 km, 3 second-order unit, 4 first-order unit, 5 a line or a fuzzy region,
6 country, 7 at sea or in the air."""
NUMBERS = {"latitude": False, "longitude": False, "best": True, "low": True, "high": True}
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
DATE = r"\d{4}-\d\d-\d\d(?:[T ]00:00:00(?:\.0+)?)?"
PAGE_ROWS = 1000
_UNZIPPED_BYTES = 2_000_000_000


class Ucdp:
    """The source; see the module."""

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

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the API's pages for a window; a missing token raises ConfigurationMissing."""
        token = os.environ.get("WAYPOST_UCDP_TOKEN", "")
        if not token:
            raise ConfigurationMissing("WAYPOST_UCDP_TOKEN", f"is not set; {self.spec.key_help}")
        client.headers["x-ucdp-access-token"] = token
        url = f"{self.spec.url}/{os.environ.get('WAYPOST_UCDP_VERSION', '26.1')}"
        page, pages = 0, 1
        while page < pages:
            span = {"StartDate": f"{window.start:%Y-%m-%d}", "EndDate": f"{window.end:%Y-%m-%d}"}
            body, kind = get(client, url, self.spec.max_bytes, pagesize=PAGE_ROWS, page=page, **span)
            yield Payload(f"gedevents-{page}.json", body, kind)
            pages = int(_envelope(body, f"gedevents-{page}.json")["TotalPages"])
            page += 1

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the events of a CSV, a zip with one CSV, or a page of the API."""
        with payload.open() as stream:
            first = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
            stream.seek(0)
            if first.startswith(b"{"):
                records = _envelope(payload.read(self.spec.max_bytes), payload.name)["Result"]
                chunks: Iterator[Chunk] = _json_chunks(records, payload.name)
            elif first.startswith(b"PK"):
                chunks = _zipped_chunks(payload)
            else:
                chunks = read(stream, payload.name, REQUIRED, IGNORED)
            for chunk in chunks:
                yield from _items(chunk)


def _items(chunk: Chunk) -> Iterator[Item]:
    """Turn a chunk of text into events; a row with anything unreadable is rejected whole."""
    for row in chunk.broken:
        reason = f"has {row.found} fields instead of {row.expected}"
        yield Reject("conflict_event", f"row {row.row}", reason, row.text)
    text = chunk.frame
    if text.empty:
        return
    reasons = pd.Series("", index=text.index)
    values: dict[str, Any] = {}
    for name, whole in NUMBERS.items():
        values[name], unread = to_number(text[name], whole=whole)
        reasons = reasons.mask(unread, reasons + name + " is no plain number; ")
    for name in ("date_start", "date_end"):
        values[name], unread = to_date(text[name].str[:10].where(text[name].str.fullmatch(DATE), "?"), "%Y-%m-%d", DATE)
        reasons = reasons.mask(unread, reasons + name + " is no date of this source; ")
    kind, precision = _code(text["type_of_violence"]).map(KINDS), _code(text["where_prec"]).map(PRECISION)
    country = _code(text["country_id"]).map(_iso3())
    reasons = reasons.mask(kind.isna(), reasons + "type_of_violence is not 1, 2 or 3; ")
    reasons = reasons.mask(precision.isna(), reasons + "where_prec is not 1 to 7; ")
    reasons = reasons.mask(country.isna(), reasons + "country_id is no known Gleditsch-Ward number; ")
    bad = reasons != ""
    for number in text.index[bad]:
        yield Reject("conflict_event", f"row {number}", reasons[number].rstrip("; "), text.loc[number].to_json())
    null_island = (values["longitude"] == 0) & (values["latitude"] == 0)
    frame = pd.DataFrame(
        {
            "source_id": "ucdp",
            "event_id": _code(text["id"]),
            "kind": kind,
            "start_date": values["date_start"],
            "end_date": values["date_end"],
            "country_iso3": country,
            "admin1_name": text["adm_1"].where(text["adm_1"] != ""),
            "longitude": values["longitude"],
            "latitude": values["latitude"],
            "location_precision": precision,
            "location_flag": pd.Series(None, index=text.index, dtype=object).mask(null_island, "null_island"),
            "fatalities_best": values["best"],
            "fatalities_low": values["low"],
            "fatalities_high": values["high"],
        }
    )[~bad]
    yield Rows(ConflictEvent, frame, "row " + frame.index.astype("str").to_series(index=frame.index))


def _code(text: "pd.Series[str]") -> "pd.Series[str]":
    """Return an identifying number as text without the ``.0`` that some exports add."""
    return text.str.strip().str.removesuffix(".0")


def _envelope(body: bytes, name: str) -> dict[str, Any]:
    """Return the API's envelope; raise PayloadRejected when it is none."""
    try:
        content = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise PayloadRejected(name, f"is no JSON: {str(error)[:200]}") from error
    if not isinstance(content, dict) or not isinstance(content.get("Result"), list):
        raise PayloadRejected(name, "has no list 'Result': not an answer of the UCDP API")
    if not isinstance(content.get("TotalPages"), int):
        raise PayloadRejected(name, "has no number 'TotalPages'")
    return content


def _refuse(constant: str) -> float:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(f"{constant} is no JSON value")


def _json_chunks(records: list[Any], name: str) -> Iterator[Chunk]:
    """Yield the records of a page as text."""
    wanted = [r for r in records if isinstance(r, dict)]
    if len(wanted) != len(records):
        raise PayloadRejected(name, f"holds {len(records) - len(wanted)} results that are no objects")
    frame = pd.DataFrame(
        [{k: "" if r.get(k) is None else str(r.get(k)) for k in REQUIRED} for r in wanted], dtype="str"
    )
    lacking = [k for k in REQUIRED if wanted and k not in wanted[0]]
    if lacking:
        raise PayloadRejected(name, f"lacks the fields {', '.join(lacking)}")
    yield Chunk(frame.reindex(columns=list(REQUIRED)).set_axis(range(1, len(frame) + 1), axis=0), [])


def _zipped_chunks(payload: Payload) -> Iterator[Chunk]:
    """Yield the rows of the one CSV in a zip; nothing is unpacked to disk, and its size is bounded."""
    try:
        with payload.open() as stream, zipfile.ZipFile(stream) as bundle:
            members = [m for m in bundle.infolist() if m.filename.lower().endswith(".csv")]
            if len(members) != 1 or members[0].file_size > _UNZIPPED_BYTES:
                raise PayloadRejected(payload.name, f"holds {len(members)} CSV files of acceptable size, not one")
            with bundle.open(members[0]) as table:
                yield from read(cast(BinaryIO, table), payload.name, REQUIRED, IGNORED)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise PayloadRejected(payload.name, f"is no readable zip: {error}") from error


@cache
def _iso3() -> dict[str, str]:
    """Return ISO 3166-1 alpha-3 by Gleditsch-Ward number."""
    table = pd.read_csv(PROJECT_ROOT / "data" / "reference" / "gleditsch_ward.csv", dtype=str, keep_default_na=False)
    return dict(zip(table["gw_number"], table["iso3"], strict=True))


source = Ucdp()
