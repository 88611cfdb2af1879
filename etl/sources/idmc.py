"""IDMC Internal Displacement Updates: people newly displaced within their country, event by event, within days.

What is decided here, where the feed leaves it open:

- Only a figure whose role is *Recommended figure* adds up; a *Triangulation* supports another and is kept as such. The
  feed before 2025 has no role: its figures count as recommended, and are provisional like all of these.
- Figures of one event are one series (its id, or its name before 2025), so that a reader never adds two events' series
  by mistake for one.
- "more than" and "approximately" stand in the note; the figure is taken as it is.
- The yearly validated data set (GIDD, disaggregated GeoJSON) is read too, as ``idmc_gidd``: it covers the same events
  again, and figures of two sources are never summed. A figure of several places has no position.
- GIDD's sums of a country and year, and its table of disasters (`etl.idmc_tables`), cover the same displacement once
  more: they are ``idmc_gidd_years`` and ``idmc_gidd_disasters``. AB9 is Abyei and XKX Kosovo: no other code is made up.
- A figure that is missing from a whole answer within its own last months was withdrawn or replaced by another: it is
  deleted, so that it is not added to its successor.
- Texts with markup are not read. The position is that of the report, often a centroid.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.displacement import Displacement
from etl.client import get
from etl.columns import Columns
from etl.countries import known
from etl.delimited import Chunk
from etl.idmc_tables import Table, answer, kind_of, sums_of, tables
from etl.json_records import chunk_of_records
from etl.json_text import read_json
from etl.markup import plain_text
from etl.source import Ignored, Item, Payload, Replaces, Rows, Spec, Window

NO_ISO = ("AB9", "XKX")
"""Areas with a code of IDMC's own, Abyei and Kosovo."""
REQUIRED = ("id", "iso3", "displacement_type", "figure", "displacement_start_date", "displacement_end_date")
OPTIONAL = (
    "latitude", "longitude", "qualifier", "role", "event_id", "event_name", "type", "locations_name", "category",
)  # fmt: skip
IGNORED = (
    "country", "centroid", "displacement_date", "year", "event_start_date", "event_end_date", "subcategory", "subtype",
    "standard_popup_text", "standard_info_text", "old_id", "created_at", "event_codes", "event_code_types", "sources",
    "source_url", "locations_coordinates", "locations_accuracy", "locations_type", "displacement_occurred",
)  # fmt: skip
GIDD_NAMES = {
    "ID": "id", "ISO3": "iso3", "Figure cause": "displacement_type", "Total figures": "figure",
    "Start date": "displacement_start_date", "End date": "displacement_end_date", "Event ID": "event_id",
    "Event name": "event_name", "Hazard type": "type", "Locations name": "locations_name",
    "Figure category": "category",
}  # fmt: skip
_GIDD_PLAIN = {name: name.casefold().replace(" ", "_") for name in (*GIDD_NAMES, "Year")}
RECENT, EVERY = "idus-last-180-days.json", "idus-all.json"
"""The answers that are whole, by the names that `Idmc.fetch` gives them."""
WHOLE_DAYS = 150
"""An answer of 180 days surely has every displacement that ended within so many days before its newest."""
MOST_VANISHED_SHARE = 0.2
_LATELY = "t.source_id = 'idmc' AND t.period_end_date BETWEEN :start AND :end"
MEASURES = {"Internal Displacements": "flow", "IDPs": "stock"}
CAUSES = {"Conflict": "conflict", "Disaster": "disaster", "Other": "other"}
_CENTROID = re.compile(r"^\[?\s*(-?[0-9.]{1,20})\s*[,;]\s*(-?[0-9.]{1,20})\s*\]?$")
"""``[10.44, 76.27]``: latitude, then longitude."""
ROLES = {"Recommended figure": True, "Triangulation": False, "": True}


class IdmcSettings(BaseSettings):
    """``WAYPOST_IDMC_CLIENT_ID``."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_IDMC_", env_ignore_empty=True, hide_input_in_errors=True)

    client_id: str | None = None


class Idmc:
    """The source; see the module. ``clock`` tells now: a displacement more than a day later is none."""

    spec = Spec(
        id="idmc",
        title="Internal displacement updates (IDMC)",
        publisher="Internal Displacement Monitoring Centre",
        url="https://helix-tools-api.idmcdb.org/external-api/idus/last-180-days/",
        licence="CC BY-IGO 3.0",
        cadence=timedelta(days=1),
        tables=(Displacement,),
        first_date=date(2016, 1, 1),
        rows=(1, 500_000),
        max_bytes=300_000_000,
        publication_delay=timedelta(days=7),
        key_setting="WAYPOST_IDMC_CLIENT_ID",
        key_help="ask IDMC for a client id (internal-displacement.org/database/api-documentation)",
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the updates of 180 days, or all of them for a longer window."""
        client_id = IdmcSettings().client_id
        if not client_id:
            raise ConfigurationMissing("WAYPOST_IDMC_CLIENT_ID", f"is not set; {self.spec.key_help}")
        is_long = window.start < self.clock() - timedelta(days=180)
        url = self.spec.url.replace("last-180-days", "all") if is_long else self.spec.url
        body, kind = get(client, url, self.spec.max_bytes, client_id=client_id)
        yield Payload(EVERY if is_long else RECENT, body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the figures of updates or of the GIDD, as JSON, CSV or a workbook."""
        now = self.clock()
        with payload.open() as stream:
            start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith((b"[", b"{")):
            has_any = False
            for part in tables(payload):
                if isinstance(part, Table):
                    has_any = has_any or _is_read(part.chunk)
                    yield from _of_table(part, payload.name, now)
                else:
                    yield part
            if not has_any:
                raise PayloadRejected(payload.name, "holds neither updates nor years or disasters of the GIDD")
            return
        document = read_json(payload.name, payload.read(self.spec.max_bytes))
        is_gidd = isinstance(document, dict) and document.get("type") == "FeatureCollection"
        records = document.get("features" if is_gidd else "results") if isinstance(document, dict) else document
        if not isinstance(records, list):
            raise PayloadRejected(payload.name, "is no list of displacement updates and no GIDD feature collection")
        if is_gidd and (updates := _updates_in(records)):
            records, is_gidd = updates, False
        if not is_gidd and kind_of((table := answer(payload.name, records)).chunk):
            yield from _of_table(table, payload.name, now)
            return
        plain = [_gidd(record) if is_gidd else _plain(record) for record in records]
        ends = []
        for item in _items(chunk_of_records(payload.name, plain, REQUIRED, OPTIONAL, IGNORED), now, is_gidd=is_gidd):
            ends += [item.frame["period_end_date"].max()] if isinstance(item, Rows) else []
            yield item
        if ends and payload.name in (RECENT, EVERY):
            days = {"start": max(ends) - timedelta(days=WHOLE_DAYS), "end": max(ends)}
            yield Replaces(Displacement, _LATELY, MOST_VANISHED_SHARE, days)


def _updates_in(features: list[Any]) -> list[Any]:
    """Return the updates that somebody saved as features, empty where the features are those of the GIDD."""
    told = [feature.get("properties") for feature in features if isinstance(feature, dict)]
    return told if any(isinstance(record, dict) and "iso3" in record for record in told) else []


def _is_read(chunk: Chunk) -> bool:
    """Tell whether a table is one of figures or sums."""
    return bool({"figure", "total_figures"} & set(chunk.frame.columns)) or kind_of(chunk) is not None


def _of_table(table: Table, name: str, now: datetime) -> Iterator[Item]:
    """Yield the figures of a table; one of anything else is ignored by name."""
    chunk = table.chunk
    if kind_of(chunk):
        columns = Columns(chunk, chunk.where)
        _country(columns)
        sums = sums_of(columns, table.cause, now)
        if not sums:
            raise PayloadRejected(name, "tells the cause neither in its columns nor in its name (conflict, disaster)")
        yield from columns.rejects("displacement")
        for frame in map(columns.good, sums):
            if len(frame):
                yield Rows(Displacement, frame, columns.locators()[frame.index])
    elif _is_read(chunk):
        is_gidd = "total_figures" in chunk.frame
        rows = chunk.frame.to_dict("records")
        plain = [_gidd({"properties": _labelled(row)}) if is_gidd else _plain(row) for row in rows]
        read = chunk_of_records(name, plain, REQUIRED, OPTIONAL, IGNORED) if plain else chunk
        figures = replace(chunk, frame=read.frame.set_axis(chunk.frame.index), added=() if is_gidd else read.added)
        yield from _items(figures, now, is_gidd=is_gidd)
    else:
        yield Ignored(len(chunk.frame), f"a table of something else: {', '.join(chunk.frame.columns)[:200]}")


def _labelled(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row of the disaggregated GIDD with the names that its GeoJSON has."""
    return {label: row[plain] for label, plain in _GIDD_PLAIN.items() if plain in row}


def _items(chunk: Chunk, now: datetime, *, is_gidd: bool) -> Iterator[Item]:
    """Yield the figures of a chunk, one a row."""
    if chunk.added:
        yield Ignored(0, f"fields that are new here and not read: {', '.join(chunk.added)[:500]}")
    columns = Columns(chunk, chunk.where)
    frame = _figures(columns, now)
    if is_gidd:
        frame = frame.assign(source_id="idmc_gidd", measure=columns.code("category", MEASURES), quality="reported")
    yield from columns.items(Displacement, frame)


def _country(columns: Columns) -> None:
    """Note the rows without a country."""
    raw = columns.text("iso3", "")
    columns.fault(~raw.isin([*known(), *NO_ISO]), "iso3", "is no ISO 3166-1 alpha-3 code")


def _plain(record: object) -> object:
    """Return a record whose lists (of locations) are one text, and whose position is its centroid where it has none."""
    if not isinstance(record, dict):
        return record
    plain = {k: "; ".join(map(str, v)) if isinstance(v, list) else v for k, v in record.items()}
    centroid = _CENTROID.match(str(plain.get("centroid", "")))
    if centroid and not plain.get("latitude") and not plain.get("longitude"):
        plain |= {"latitude": centroid[1], "longitude": centroid[2]}
    return plain


def _gidd(feature: object) -> object:
    """Return a feature of the yearly data set as a record with the names of the updates."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        return feature
    record = {GIDD_NAMES[name]: value for name, value in feature["properties"].items() if name in GIDD_NAMES}
    if feature["properties"].get("Figure category") == "IDPs" and not record.get("displacement_end_date"):
        year_end = f"{feature['properties'].get('Year')}-12-31"  # a stock is that of the end of its year
        record |= {"displacement_start_date": year_end, "displacement_end_date": year_end}
    geometry = feature.get("geometry")
    positions = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if isinstance(positions, list) and len(positions) == 1 and isinstance(positions[0], list):
        record["longitude"], record["latitude"] = positions[0][:2]
    return _plain(record)


def _figures(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the figures of a chunk; what is wrong with them is noted in ``columns``."""
    raw = columns.chunk.frame
    _country(columns)
    columns.fault(~raw["role"].isin(list(ROLES)), "role", f"is none of {', '.join(filter(None, ROLES))}")
    longitude, latitude = columns.number("longitude"), columns.number("latitude")
    columns.fault(longitude.isna() != latitude.isna(), "longitude", "and latitude come together or not at all")
    start, end = _date(columns, "displacement_start_date", now), _date(columns, "displacement_end_date", now)
    number = raw["event_id"].str.removesuffix(".0")  # as a data frame writes a column with gaps
    event = number.where(number != "", raw["event_name"].map(plain_text))
    texts = zip(raw["qualifier"], raw["type"], raw["event_name"], strict=True)
    return pd.DataFrame(
        {
            "source_id": "idmc",
            "record_id": columns.whole_number("id", needed=True).astype("str"),
            "series": event.where(event != "", "record " + raw["id"]),
            "population_group": "idp",
            "measure": "flow",
            "cause": columns.code("displacement_type", CAUSES),
            "country_iso3": raw["iso3"],
            "origin_iso3": raw["iso3"],
            "admin_level": 0,
            "area_pcode": None,
            "area_name": raw["locations_name"].map(plain_text).replace("", None),
            "period_start_date": start,
            "period_end_date": end,
            "people": columns.whole_number("figure"),
            "is_additive": raw["role"].map(ROLES),
            "quality": "provisional",
            "longitude": longitude,
            "latitude": latitude,
            "note": [plain_text("; ".join(filter(None, parts))) or None for parts in texts],
        }
    )


def _date(columns: Columns, name: str, now: datetime) -> "pd.Series[pd.Timestamp]":
    """Return the day of an instant like 2023-11-06T11:00:00.000Z or a date."""
    raw = columns.chunk.frame
    raw[name] = raw[name].str.replace(r"T[0-9:.]{5,15}Z?$", "", regex=True)
    return columns.date(name, now=now, needed=True)


source = Idmc()
