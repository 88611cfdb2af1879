"""National lists of border crossing points, with their status where they tell it (docs/formats/crossing-lists.md).

Three shapes are recognised by their columns: our own, that of the list for Ukraine, and that of the list for Tunisia.
What is decided here, where they leave it open:

- The lists for Ukraine and Tunisia do not name their own country: it is the one that most of their points lie nearest
  to. Ukraine's is where people come from, Tunisia's where they enter.
- The list for Tunisia names countries of goods and animals, not the neighbour (its border posts "from" Brunei): the
  neighbour is the nearest other country, within 25 km. Airports and ports join no two countries by land: ignored.
- A list says what holds on a day. Each list therefore adds a period from its day on, and the newest one counts.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.border_point import BorderPoint
from data.schema.place import Place
from data.schema.situation import Situation
from data.schema.status_period import StatusPeriod
from etl.client import get
from etl.columns import Columns
from etl.countries import iso3_of_code, iso3_of_name
from etl.crossing_list import Shape, read_list
from etl.crossing_rows import BorderPost, Facts, file_slug, instant, rows, slug
from etl.hdx_files import CATALOGUE, files_of
from etl.left_out import new_columns
from etl.markup import plain_text
from etl.near_border import countries_near
from etl.personal import refuse_personal
from etl.source import Ignored, Item, Payload, Reject, Rows, Spec, Window
from etl.status_chain import chained

STATUSES = {
    "operational": "open", "open": "open", "restricted": "restricted", "partially operational": "restricted",
    "partially open": "restricted", "closed": "closed", "temporarily closed": "closed", "not operational": "closed",
}  # fmt: skip
NOT_TOLD = {"", "unknown", "n/a", "-"}
NOT_BY_LAND = {"air", "sea", "airport", "seaport", "port"}
KINDS = ("official", "informal", "flow_monitoring", "temporary", "unknown")
_CONTROLLED = {"C": "official", "NC": "informal"}
_TYPES = {
    "AIR": "airport", "SEA": "port", "BC": "land border post", "CC": "contraband crossing",
    "TC": "transhumance crossing",
}  # fmt: skip
"""What the list for Tunisia means by its types (riskintrodata, the package that publishes it)."""
_FARTHEST_NEIGHBOUR_KM = 25.0


class CrossingLists:
    """The source; see the module. ``clock`` tells now: no list knows a later status."""

    spec = Spec(
        id="crossing_lists",
        title="National lists of border crossing points",
        publisher="border services, the Logistics Cluster, OCHA; each list names its own",
        url=CATALOGUE,
        licence="as the list says (Ukraine: CC BY)",
        cadence=None,
        tables=(Situation, Place, BorderPoint, StatusPeriod),
        first_date=None,
        rows=(3, 500_000),
        max_bytes=100_000_000,
        hosts=("s3.eu-central-1.amazonaws.com",),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - always the newest
        """Yield the GeoJSON file of the list for Ukraine, as the Humanitarian Data Exchange lists it."""
        newest = files_of(client, self.spec.url, "ukraine-border-crossings", "GeoJSON")[0]
        content, kind = get(client, newest.url, self.spec.max_bytes)
        yield Payload(newest.name, content, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the situation of a list, its border points, and what it says of their status."""
        name = file_slug(payload.name)
        if not name:
            raise PayloadRejected(payload.name, "has no name to call its situation by")
        shape, chunks = read_list(payload, self.spec.max_bytes)
        refuse_personal(chunks[0].added, payload.name)
        yield from new_columns(chunks[0].added)
        rejects: list[Reject] = []
        frames = []
        for chunk in chunks:
            columns = Columns(chunk, chunk.where)
            frames.append(columns.good(_listed(columns, shape, self.clock())))
            rejects += columns.rejects("place")
        frame = pd.concat(frames)
        not_by_land = frame["transport"].fillna("").str.lower().isin(NOT_BY_LAND)
        if not_by_land.any():
            yield Ignored(int(not_by_land.sum()), "airports and ports: they join no two countries by land")
        frame = frame[~not_by_land]
        if shape.home_is_origin is not None:
            frame = _with_countries(payload.name, frame, shape, rejects)
        yield from _items(f"list-{name}", payload.name, frame, rejects, self.clock().date())


def _listed(columns: Columns, shape: Shape, now: datetime) -> pd.DataFrame:
    """Return the rows of a chunk, typed; what is wrong with them is noted."""
    status = columns.text("status", "").str.lower()
    told = ~status.isin(NOT_TOLD)
    columns.fault(told & ~status.isin(list(STATUSES)), "status", f"is none of {', '.join(STATUSES)}")
    day = columns.date("status_date", now=now)
    columns.fault(told & columns.text("status_date").isna(), "status_date", "is missing for a status")
    kind, transport = columns.text("kind"), columns.text("transport")
    if "control" in columns.chunk.frame:
        kind, transport = columns.code("control", _CONTROLLED), columns.code("transport", _TYPES)
    kind = kind.fillna("official" if shape.home_is_origin else "unknown")
    columns.fault(~kind.isin(KINDS), "kind", f"is none of {', '.join(KINDS)}")
    name = columns.text("name").map(plain_text, na_action="ignore")
    columns.fault(name.isna() | (name == ""), "name", "is missing")
    longitude, latitude = columns.number("longitude"), columns.number("latitude")
    columns.fault(longitude.abs() > 180, "longitude", "is no longitude in degrees")
    columns.fault(latitude.abs() > 90, "latitude", "is no latitude in degrees")
    columns.fault(longitude.isna() != latitude.isna(), "longitude", "and latitude are not both given")
    frame = pd.DataFrame(
        {
            "id": columns.text("id"), "name": name, "kind": kind, "longitude": longitude, "latitude": latitude,
            "other_name": columns.text("other_name", "").map(plain_text), "transport": transport,
            "note": columns.text("note", "").map(plain_text), "status": status.map(STATUSES).where(told), "day": day,
            "locator": columns.locators(), "raw": [columns.chunk.text(int(row)) for row in columns.chunk.frame.index],
        }
    )  # fmt: skip
    if shape.home_is_origin is None:
        for side in ("origin_iso3", "host_iso3"):
            frame[side] = columns.text(side).map(iso3_of_code, na_action="ignore")
            columns.fault(
                frame[side].isna() | (columns.text(side).str.len() != 3), side, "is no ISO 3166-1 alpha-3 code"
            )
        columns.fault(frame["origin_iso3"] == frame["host_iso3"], "host_iso3", "is origin_iso3: a border joins two")
        return frame
    columns.fault(longitude.isna(), "longitude", "is missing: without it nothing tells the country")
    neighbour = columns.text("neighbour")
    frame["neighbour"] = neighbour.map(iso3_of_name, na_action="ignore")
    columns.fault(neighbour.notna() & frame["neighbour"].isna(), "neighbour", "is the name of no country")
    return frame


def _with_countries(name: str, frame: pd.DataFrame, shape: Shape, rejects: list[Reject]) -> pd.DataFrame:
    """Return rows with both countries; those whose neighbour cannot be told are added to the rejects."""
    near = [
        countries_near(at, _FARTHEST_NEIGHBOUR_KM) for at in zip(frame["longitude"], frame["latitude"], strict=True)
    ]
    told = [None if pd.isna(iso3) else str(iso3) for iso3 in frame["neighbour"]]
    votes = Counter(next((c for c in found if c != iso3), "") for found, iso3 in zip(near, told, strict=True))
    del votes[""]
    if not votes:
        raise PayloadRejected(name, "has no points near a country whose list it could be")
    home = min(votes, key=lambda iso3: (-votes[iso3], iso3))
    others = [iso3 or next((c for c in found if c != home), None) for found, iso3 in zip(near, told, strict=True)]
    reasons = [_stray(home, other, found) for other, found in zip(others, near, strict=True)]
    for row, reason in zip(frame.itertuples(), reasons, strict=True):
        if reason:
            where = f"longitude {row.longitude}, latitude {row.latitude}"
            rejects.append(Reject("place", str(row.locator), f"{where} {reason}", str(row.raw)))
    sides = ("origin_iso3", "host_iso3") if shape.home_is_origin else ("host_iso3", "origin_iso3")
    return frame.assign(**{sides[0]: home, sides[1]: others})[[not reason for reason in reasons]]


def _stray(home: str, other: str | None, near: dict[str, float]) -> str:
    """Return why a point is not at the border of two countries, "" when it is."""
    if home not in near:
        return f"is not within {_FARTHEST_NEIGHBOUR_KM:g} km of {home}, whose list this is"
    if other is None or other == home:
        return f"has no second country within {_FARTHEST_NEIGHBOUR_KM:g} km"
    if other not in near:
        return f"is not within {_FARTHEST_NEIGHBOUR_KM:g} km of {other}, which the list names"
    return ""


def _items(situation_id: str, name: str, frame: pd.DataFrame, rejects: list[Reject], today: date) -> Iterator[Item]:
    """Yield rejects, the situation with its points, and the periods of their status."""
    own = frame["id"].where(frame["id"].notna(), frame["name"].map(slug) + "-" + frame["host_iso3"].str.lower())
    is_id = own.str.fullmatch(r"[a-z0-9][a-z0-9._-]{0,83}").fillna(value=False).astype(bool)
    usable = is_id & ~own.str.startswith("-")
    for row in frame[~usable].itertuples():
        reason = "has no Latin name to make an id of; give it an id of small letters, digits, '-', '_' or '.'"
        rejects.append(Reject("place", str(row.locator), reason, str(row.raw)))
    frame = frame.assign(id=own)[usable]
    first = frame.drop_duplicates("id")
    same = first.set_index("id")[_IDENTITY].reindex(frame["id"]).set_axis(frame.index)
    told = frame[_IDENTITY]
    differs = ((told != same) & ~(told.isna() & same.isna())).any(axis=1)
    for row in frame[differs].itertuples():
        reason = f"the id {row.id} is that of another point, on {first.set_index('id')['locator'][row.id]}"
        rejects.append(Reject("place", str(row.locator), reason, str(row.raw)))
    frame = frame[~differs]
    repeated = frame.duplicated(["id", "status", "day"])
    if repeated.any():
        yield Ignored(int(repeated.sum()), "rows that repeat a point, for another country of origin of what crosses")
    frame = frame[~repeated]
    yield from rejects
    if frame.empty:
        return
    days = [day.date() for day in frame["day"].dropna()]
    facts = Facts(
        situation_id, f"Border crossing points: {name}", min(days, default=today), name, "as the list says", ""
    )
    points = [_border_post(row) for row in frame.drop_duplicates("id").itertuples()]
    yield from rows(facts, points, is_whole=not rejects)
    yield from _periods(situation_id, frame[frame["status"].notna()], name)


_IDENTITY = ["name", "origin_iso3", "host_iso3", "longitude", "latitude"]


def _border_post(row: Any) -> BorderPost:
    """Return the border point of a row."""
    told = (row.note, row.other_name, row.transport if isinstance(row.transport, str) else "")
    longitude, latitude = (None if pd.isna(degrees) else float(degrees) for degrees in (row.longitude, row.latitude))
    note = "; ".join(text for text in told if text)
    return BorderPost(
        row.id, row.name, row.kind, row.origin_iso3, row.host_iso3, longitude, latitude, note, row.locator
    )


def _periods(situation_id: str, frame: pd.DataFrame, name: str) -> Iterator[Item]:
    """Yield periods of status: one from each day on that says another status than the day before it in the list."""
    said = pd.DataFrame(
        {
            "border_point_id": f"{situation_id}:" + frame["id"],
            "start_date": frame["day"],
            "end_date": pd.NaT,
            "status": frame["status"],
            "note": f"as listed in {name}",
            "locator": frame["locator"],
        }
    ).sort_values(["border_point_id", "start_date"], kind="stable")
    goes_on = said["status"] == said.groupby("border_point_id")["status"].shift()
    periods, faults = chained(said[~goes_on])
    for row, reason in faults.items():
        raw = json.dumps({key: str(value) for key, value in said.loc[row].items()}, ensure_ascii=False)
        yield Reject("status_period", str(said["locator"][row]), reason, raw)
    began = periods.assign(end_date=pd.NaT, known_at=periods["start_date"].map(lambda day: instant(day.date())))
    over = periods[periods["end_date"].notna()]
    over = over.assign(known_at=over["end_date"].map(lambda day: instant(day.date())))
    versions = pd.concat([began, over], ignore_index=True) if len(over) else began.reset_index(drop=True)
    if len(versions):
        yield Rows(StatusPeriod, versions.drop(columns="locator"), versions["locator"].astype("str"))


source = CrossingLists()
