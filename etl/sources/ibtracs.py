"""IBTrACS v04r01: the tracks of all tropical cyclones since 1842, from the CSV files of NOAA.

What is decided here, where the archive leaves it open:

- One event a storm (``SID``) at its newest position, and its track by all positions. Nothing here is current: the
  archive lags by days. Storms that go on come from GDACS and NHC. ``ended_at`` is the newest position; a later file
  moves it on.
- The severity is the highest wind at any time: ``WMO_WIND`` (the responsible agency's, mostly a 10-minute mean), and
  ``USA_WIND`` (a 1-minute mean) only where that is blank throughout. The unit says which.
- The archive has no alert colour: it follows from the wind (`etl.cyclones`). A storm without any wind is *green* and
  its severity missing.
- Spur tracks are second tracks of storms that have a main one, and are ignored by name.
- Blanks are written " ", the second row holds the units; basin NA is the North Atlantic. Names, not missing values.
- A time that a spreadsheet rewrote ("1/2/51 12:00") tells neither its century nor which number is the month: the
  position is rejected.
- The file of all storms (300 MB) is not fetched; it can be loaded from disk, and is read as a stream.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.hazard_area import HazardArea
from data.schema.hazard_event import HazardEvent
from etl.client import get
from etl.columns import Columns
from etl.cyclones import level_of_wind
from etl.delimited import Chunk, read
from etl.left_out import new_columns
from etl.markup import plain_text
from etl.not_fetched import note, noted
from etl.shapes import track_of
from etl.source import Ignored, Item, Payload, Reject, Rows, Spec, Window

FOLDER = (
    "https://www.ncei.noaa.gov/data/international-best-track-archive-for-climate-stewardship-ibtracs/v04r01/access/csv/"
)
ACTIVE_FILE, YEARS_FILE = "ibtracs.ACTIVE.list.v04r01.csv", "ibtracs.last3years.list.v04r01.csv"
ACTIVE_SPAN, YEARS_SPAN = timedelta(days=7), timedelta(days=3 * 365)
REQUIRED = ("SID", "ISO_TIME", "LAT", "LON", "WMO_WIND")
OPTIONAL = ("NAME", "TRACK_TYPE", "USA_WIND")
WANTED = (*REQUIRED, *OPTIONAL)
IGNORED = (
    "SEASON", "NUMBER", "BASIN", "SUBBASIN", "NATURE", "WMO_PRES", "WMO_AGENCY", "DIST2LAND", "LANDFALL", "IFLAG",
    "STORM_SPEED", "STORM_DIR",
)  # fmt: skip
AGENCIES = (
    "USA_", "TOKYO_", "CMA_", "HKO_", "KMA_", "NEWDELHI_", "REUNION_", "BOM_", "NADI_", "WELLINGTON_", "DS824_",
    "TD9636_", "TD9635_", "NEUMANN_", "MLC_",
)  # fmt: skip
"""How the columns of single agencies begin; they are known and not read."""
NO_NAMES = frozenset(("", "UNNAMED", "NOT_NAMED", "NOT NAMED"))
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
_SID = r"[0-9]{7}[NS][0-9]{5}"


class Ibtracs:
    """The source; see the module. ``clock`` tells now: a position more than a day later is none."""

    spec = Spec(
        id="ibtracs",
        title="Tropical cyclone tracks (IBTrACS)",
        publisher="NOAA National Centers for Environmental Information",
        url=FOLDER + ACTIVE_FILE,
        licence="public domain (U.S. Government work); NOAA asks to be cited",
        cadence=timedelta(days=4),
        tables=(HazardEvent, HazardArea),
        first_date=date(1842, 1, 1),
        rows=(0, 200_000),
        max_bytes=1_000_000_000,
        publication_delay=timedelta(days=30),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the storms that go on, or for a longer window those of the last three years."""
        now = self.clock()
        name = ACTIVE_FILE if window.start >= now - ACTIVE_SPAN else YEARS_FILE
        body, kind = get(client, FOLDER + name, self.spec.max_bytes)
        yield Payload(name, body, kind)
        if window.start < now - YEARS_SPAN:
            since = now - YEARS_SPAN
            yield note(
                [f"storms before {since:%Y}: load the archive's file of all storms from disk (run ibtracs --from)"]
            )

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the storms of a file, chunk by chunk; those of a chunk are whole."""
        missed = noted(payload)
        if missed is not None:
            yield missed
            return
        storms = _Storms(self.clock() + timedelta(days=1))
        with payload.open() as stream:
            for chunk in read(stream, payload.name, REQUIRED, (*OPTIONAL, *IGNORED), only=WANTED):
                yield from new_columns(column for column in chunk.added if not column.startswith(AGENCIES))
                yield from storms.take(chunk)
        if not storms.has_units and not storms.seen and storms.open.empty:
            raise PayloadRejected(payload.name, "has neither a row of units nor a position: it is no IBTrACS file")
        yield from storms.rest()


class _Storms:
    """Positions from chunk to chunk: the last storm of a chunk may go on in the next one."""

    def __init__(self, latest: datetime) -> None:
        self.latest = latest
        self.open = pd.DataFrame()
        self.seen: set[str] = set()
        self.has_units = False

    def take(self, chunk: Chunk) -> Iterator[Item]:
        """Yield the storms that end within a chunk, and what is wrong with its positions."""
        units = chunk.frame["LAT"] == "degrees_north"
        self.has_units = self.has_units or bool(units.any())
        spurs = ~units & chunk.frame.get("TRACK_TYPE", units.astype("str")).str.contains("spur", case=False)
        if spurs.any():
            yield Ignored(int(spurs.sum()), "a position of a spur track, which belongs to a storm that has a main one")
        columns = Columns(chunk.without(units | spurs))
        good = columns.good(_positions(columns, self.latest))
        yield from columns.rejects("hazard_event")
        whole = pd.concat([self.open, good]) if len(self.open) else good
        if len(whole):
            run = _runs(whole)
            self.open = whole[run == run.iloc[-1]]
            yield from self._items(whole[run != run.iloc[-1]])

    def rest(self) -> Iterator[Item]:
        """Yield the last storm."""
        if len(self.open):
            yield from self._items(self.open)

    def _items(self, positions: pd.DataFrame) -> Iterator[Item]:
        """Yield the events and tracks of whole storms; one that comes again later in the file is rejected."""
        events, areas, lines = [], [], []
        for _, storm in positions.groupby(_runs(positions).to_numpy(), sort=True):
            sid, line = str(storm["sid"].iloc[0]), f"line {storm['line'].iloc[0]}"
            if sid in self.seen:
                raw = storm.iloc[0].to_json(date_format="iso")
                yield Reject("hazard_event", line, f"storm {sid} comes again after other storms", raw)
                continue
            self.seen.add(sid)
            ordered = storm.sort_values("at", kind="stable")
            events.append(_event(sid, ordered))
            areas.append(_area(sid, ordered))
            lines.append(line)
        if events:
            where = pd.Series(lines, dtype="str")
            yield Rows(HazardEvent, pd.DataFrame(events), where)
            yield Rows(HazardArea, pd.DataFrame(areas), where)


def _runs(positions: pd.DataFrame) -> "pd.Series[int]":
    """Return a number for each run of positions of one storm that stand together."""
    return (positions["sid"] != positions["sid"].shift()).cumsum()


def _positions(columns: Columns, latest: datetime) -> pd.DataFrame:
    """Return the positions of a chunk; what is wrong with them is noted in ``columns``."""
    sid, told = columns.text("SID", ""), columns.text("ISO_TIME", "")
    columns.fault(~sid.str.fullmatch(_SID), "SID", "is no id of a storm")
    at = pd.to_datetime(told.where(told.str.fullmatch(_TIME)), format="%Y-%m-%d %H:%M:%S", errors="coerce", utc=True)
    columns.fault(at.isna(), "ISO_TIME", "is no time like 2024-02-29 12:00:00")
    columns.fault((at.dt.year < 1840) | (at > latest), "ISO_TIME", "is before 1840 or more than a day ahead")
    longitude, latitude = columns.number("LON", needed=True), columns.number("LAT", needed=True)
    columns.fault(longitude.abs() > 360, "LON", "is no longitude")
    columns.fault(latitude.abs() > 90, "LAT", "is no latitude")
    winds = {name: columns.number(name) for name in ("WMO_WIND", "USA_WIND")}
    for name, wind in winds.items():
        columns.fault((wind < 0) | (wind > 300), name, "is no wind in knots")
    values = {"sid": sid, "at": at, "longitude": longitude, "latitude": latitude, "name": columns.text("NAME", "")}
    return pd.DataFrame(
        {**values, "wmo_kt": winds["WMO_WIND"], "usa_kt": winds["USA_WIND"], "line": columns.chunk.lines}
    )


def _event(sid: str, storm: pd.DataFrame) -> dict[str, Any]:
    """Return a storm, its positions in order of time, as an event."""
    newest = storm.iloc[-1]
    name = plain_text(str(newest["name"]))
    season = f"{storm['at'].iloc[0]:%Y}"
    wmo, usa = storm["wmo_kt"].max(), storm["usa_kt"].max()
    wind, unit = (wmo, "kt") if pd.notna(wmo) else (usa, "kt (1-minute mean)")
    wind_kt = float(wind) if pd.notna(wind) else None
    longitude = newest["longitude"]
    return {
        "source_id": "ibtracs",
        "event_id": sid,
        "kind": "tropical_cyclone",
        "title": f"Unnamed tropical cyclone of {season}" if name in NO_NAMES else f"Tropical cyclone {name} ({season})",
        "alert_level": level_of_wind(wind_kt),
        "started_at": storm["at"].iloc[0],
        "ended_at": newest["at"],
        "modified_at": newest["at"],
        "is_current": False,
        "country_iso3": None,
        "longitude": longitude if abs(longitude) <= 180 else (longitude + 180) % 360 - 180,
        "latitude": newest["latitude"],
        "severity": wind_kt,
        "severity_unit": None if wind_kt is None else unit,
        "url": None,
    }


def _area(sid: str, storm: pd.DataFrame) -> dict[str, Any]:
    """Return the track of a storm; one position is a point."""
    return {
        "source_id": "ibtracs",
        "event_id": sid,
        "area_class": "track",
        "label": "best track",
        "valid_at": None,
        "modified_at": storm["at"].iloc[-1],
        "area_wkt": track_of([list(zip(storm["longitude"], storm["latitude"], strict=True))]),
    }


source = Ibtracs()
