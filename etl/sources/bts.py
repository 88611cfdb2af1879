"""US border crossings by port and month (BTS Border Crossing/Entry Data), as two situations: both land borders.

All who enter are counted, not only people who flee: a reference series for seasons, and for many points at once.
Decided here, where the feed leaves it open:

- Only people on foot become flows. A place has one series, and its groups are added up only in months in which each
  was counted; passengers of trains and buses are counted at few ports, in few months. They are ignored by name.
- A figure is taken as known `LAG_DAYS` after its month; months come one to two months late. A month without a row is
  not counted, which is not zero.
- The situation starts with the oldest month that was ever loaded, so that a part of the file makes a shorter one.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.border_point import BorderPoint
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.situation import Situation
from etl.client import get
from etl.columns import Columns
from etl.delimited import Chunk, read
from etl.json_records import chunk_of_records, shown
from etl.json_text import read_json
from etl.left_out import new_columns
from etl.months import first_day
from etl.source import Ignored, Item, Keeps, Payload, Rows, Spec, Window

BORDERS = {"US-Mexico Border": "us-mexico", "US-Canada Border": "us-canada"}
ORIGINS = {"us-mexico": "MEX", "us-canada": "CAN"}
PEDESTRIANS = "Pedestrians"
MEASURES = {
    PEDESTRIANS: "on foot", "Bus Passengers": "aboard", "Train Passengers": "aboard",
    "Personal Vehicle Passengers": "aboard", "Buses": "vehicle", "Personal Vehicles": "vehicle", "Trains": "vehicle",
    "Trucks": "vehicle", "Truck Containers Empty": "vehicle", "Truck Containers Full": "vehicle",
    "Truck Containers Loaded": "vehicle", "Rail Containers Empty": "vehicle", "Rail Containers Full": "vehicle",
    "Rail Containers Loaded": "vehicle",
}  # fmt: skip
"""The published measures; containers were called full before they were called loaded."""
NOT_READ = {"aboard": "people in vehicles, trains and buses, who are counted at few ports", "vehicle": "no people"}
REQUIRED = ("port_name", "state", "port_code", "border", "date", "measure", "value")
OPTIONAL = ("latitude", "longitude", "location")
IGNORED = ("point",)
DATE_FORMS = ("%m/%d/%Y 12:00:00 AM", "%Y-%m-%dT00:00:00.000", "%Y-%m-%dT00:00:00", "%Y-%m-%d")
PAGE_ROWS = 50_000
LAG_DAYS = 60
LOOK_BACK_DAYS = 150
"""How far before its window a fetch asks: the delay of publication, and corrections of the months before."""


class Bts:
    """The source; see the module. ``clock`` tells now: a month that has not begun is no count."""

    spec = Spec(
        id="bts",
        title="US border crossings by port and month",
        publisher="US Bureau of Transportation Statistics",
        url="https://data.bts.gov/resource/keg4-3bc2.json",
        licence="US Government work, public domain",
        cadence=timedelta(days=31),
        tables=(Situation, Place, BorderPoint, Observation),
        first_date=date(1996, 1, 1),
        rows=(1, 1_000_000),
        max_bytes=500_000_000,
        publication_delay=timedelta(days=LAG_DAYS),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the pages of the window's months, people on foot only."""
        since = (window.start - timedelta(days=LOOK_BACK_DAYS)).date().replace(day=1)
        where = f"measure='{PEDESTRIANS}' AND date >= '{since}T00:00:00'"
        records, page = PAGE_ROWS, 0
        while records == PAGE_ROWS:
            params: dict[str, str | int] = {
                "$where": where, "$order": "date,border,port_code", "$limit": PAGE_ROWS, "$offset": page * PAGE_ROWS,
            }  # fmt: skip
            body, kind = get(client, self.spec.url, self.spec.max_bytes, **params)
            payload = Payload(f"bts-since-{since}-page-{page + 1}.json", body, kind)
            records = len(_records(payload, self.spec.max_bytes))
            if records or page == 0:
                yield payload
            page += 1

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the counts of the published CSV file, in bounded memory, or of a page of the API; then the places."""
        with payload.open() as stream:
            start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith((b"[", b"{")):
            records = _records(payload, self.spec.max_bytes)
            if not records:
                raise PayloadRejected(payload.name, "holds no record, which says nothing about the border")
            chunk = chunk_of_records(payload.name, records, REQUIRED, OPTIONAL, IGNORED)
            yield from _items([chunk], self.clock())
            return
        with payload.open() as stream:
            yield from _items(_table(read(stream, payload.name, HEADER, CSV_OPTIONAL)), self.clock())


HEADER = ("Port Name", "State", "Port Code", "Border", "Date", "Measure", "Value")
CSV_OPTIONAL = ("Location", "Latitude", "Longitude", "Point")


def _table(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield chunks of the CSV file with the column names of the API; a Point is what used to be the Location."""
    names = {name: name.casefold().replace(" ", "_") for name in (*HEADER, *CSV_OPTIONAL)} | {"Point": "location"}
    for chunk in chunks:
        frame = chunk.frame.drop(columns=["Point"] if {"Location", "Point"} <= set(chunk.frame) else [])
        yield Chunk(frame.rename(columns=names), chunk.lines, chunk.broken, chunk.added, chunk.text, chunk.where)


def _records(payload: Payload, max_bytes: int) -> list[object]:
    """Return the records of a page; raise `PayloadRejected` for anything else, such as an error with status 200."""
    content = read_json(payload.name, payload.read(max_bytes))
    if not isinstance(content, list):
        raise PayloadRejected(payload.name, f"is no list of records: {shown(content)[:200]}")
    return content


def _items(chunks: Iterable[Chunk], now: datetime) -> Iterator[Item]:
    """Yield the counts chunk by chunk, then each border's situation and the ports that were named."""
    ports = pd.DataFrame()
    for chunk in chunks:
        yield from new_columns(chunk.added)
        columns = Columns(chunk, chunk.where)
        found = columns.good(_counts(columns, now))
        yield from columns.rejects("observation")
        for kind, reason in NOT_READ.items():
            if rows := int((found["kind"] == kind).sum()):
                yield Ignored(rows, reason)
        found = found[found["kind"] == "on foot"]
        if len(found):
            flows = found[[c for c in found if c in Observation.content()]]
            known = pd.to_datetime(found["period_end_date"], utc=True) + timedelta(days=LAG_DAYS)
            flows = flows.assign(assumed_known_at=known.clip(upper=pd.Timestamp(now)))
            yield Rows(Observation, flows, columns.locators()[found.index])
            ports = _newest(pd.concat([ports, found]))
    if len(ports):
        yield from _geography(ports)


def _counts(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the rows of a chunk with their port and border; what is wrong with them is noted in ``columns``."""
    code = columns.text("port_code", "").str.zfill(4)
    columns.fault(~code.str.fullmatch("[0-9]{4}"), "port_code", "is no number of up to four digits")
    start = _month(columns, now)
    situation = columns.code("border", BORDERS)
    place = situation.fillna("") + ":" + code
    point = columns.text("location", "").str.extract(r"^POINT \((-?[0-9.]{1,22}) (-?[0-9.]{1,22})\)$")
    longitude, latitude = (pd.to_numeric(point[i], errors="coerce") for i in (0, 1))
    name = columns.text("port_name")
    columns.fault(name.isna(), "port_name", "is missing")
    return pd.DataFrame(
        {
            "place_id": place,
            "measure": "flow",
            "direction": "arrival",
            "population_group": "pedestrians",
            "period_start_date": start,
            "period_end_date": start + pd.offsets.MonthEnd(0),
            "source_id": "bts",
            "people": columns.whole_number("value", needed=True),
            "quality": "reported",
            "kind": columns.code("measure", MEASURES),
            "situation_id": situation,
            "name": name,
            "admin1_name": columns.text("state"),
            "longitude": columns.number("longitude").fillna(longitude),
            "latitude": columns.number("latitude").fillna(latitude),
        }
    )


def _month(columns: Columns, now: datetime) -> "pd.Series[pd.Timestamp]":
    """Return the first day of each row's month, out of all spellings that were seen."""
    texts = columns.text("date", "")
    spelled = {text: day.isoformat() for text in texts.unique() if (day := first_day(text))}
    chunk = columns.chunk
    plain = Columns(Chunk(texts.map(lambda t: spelled.get(t, t)).to_frame("date"), chunk.lines, [], (), chunk.text))
    start = plain.date("date", *DATE_FORMS, now=now, needed=True)
    columns.fault(start.isna(), "date", "is no date like 03/01/2019 12:00:00 AM or Jan 2024, or an impossible one")
    columns.fault(start.notna() & (start.dt.day != 1), "date", "is not the first of a month")
    return start


def _newest(ports: pd.DataFrame) -> pd.DataFrame:
    """Return one row a port, the newest that says where it is if there is one, with the oldest month of its border."""
    oldest = ports.groupby("situation_id")["period_start_date"].transform("min")
    if "oldest" in ports:
        oldest = ports.assign(oldest=ports["oldest"].fillna(oldest)).groupby("situation_id")["oldest"].transform("min")
    ports = ports.assign(oldest=oldest, is_located=ports["longitude"].notna() & ports["latitude"].notna())
    ordered = ports.sort_values(["place_id", "is_located", "period_start_date"], ignore_index=True)
    return ordered.drop_duplicates("place_id", keep="last")


def _geography(ports: pd.DataFrame) -> Iterator[Item]:
    """Yield the situations, places and border points; known ones are not made worse by a file that says less."""
    for situation, group in ports.groupby("situation_id"):
        start = group["oldest"].min().date()
        yield Rows(Situation, pd.DataFrame([_situation(str(situation), start)]), pd.Series(["derived"]))
        earlier = "t.id = :id AND t.start_date <= :start"
        yield Keeps(Situation, earlier, {"id": str(situation), "start": start})
    since = pd.to_datetime(ports["oldest"], utc=True)
    where = pd.Series("derived from " + ports["place_id"], index=ports.index).astype("str")
    place = ports[["situation_id", "name", "admin1_name", "longitude", "latitude"]].assign(
        id=ports["place_id"], kind="border_point", country_iso3="USA", note="", assumed_known_at=since,
        coordinate_quality=ports["is_located"].map({True: "published", False: "unknown"}),
    )  # fmt: skip
    yield Rows(Place, place, where)
    if unlocated := ports.loc[~ports["is_located"], "place_id"].tolist():
        yield Keeps(Place, "t.id = ANY(:ids) AND t.longitude IS NOT NULL", {"ids": unlocated})
    origin = ports["situation_id"].map(ORIGINS)
    point = {"id": ports["place_id"], "kind": "official", "origin_iso3": origin, "host_iso3": "USA"}
    yield Rows(BorderPoint, pd.DataFrame(point).assign(assumed_known_at=since), where)


def _situation(situation_id: str, start: date) -> dict[str, Any]:
    """Return the row of a border."""
    origin = ORIGINS[situation_id]
    return {
        "id": situation_id,
        "title": f"Crossings from {'Mexico' if origin == 'MEX' else 'Canada'} into the United States, on foot",
        "origin_iso3": origin,
        "start_date": start,
        "end_date": None,
        "conflict_lag_days": 0,
        "registration_lag_days": LAG_DAYS,
        "source": "US Bureau of Transportation Statistics, Border Crossing/Entry Data",
        "licence": "US Government work, public domain",
        "note": "All who cross on foot are counted by month, not only people who flee: a reference series.",
        "assumed_known_at": datetime.combine(start, time(), UTC),
    }


source = Bts()
