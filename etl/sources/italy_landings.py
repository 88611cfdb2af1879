"""People who land by sea in Italy, day by day, with every report that told of a day (a vintage).

The Ministry of the Interior reports twice a month; a day's figure is known from the day of its report, and a later
report may correct it. Decided here, where the feed leaves it open:

- A report lists all days of its month. Those from its own day on were not over when it was written: they stand there
  as zero or with a part of the day, and are dropped by name. The next report has them, or nobody has.
- A report is known at the end of its day.
- The place is the country: the report does not say where people landed.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pandas as pd

from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.site import Site
from data.schema.situation import Situation
from etl.client import get
from etl.columns import Columns
from etl.delimited import Chunk, read
from etl.left_out import new_columns
from etl.reference_series import Series, series_items
from etl.source import Ignored, Item, Payload, Rows, Spec, Window

REQUIRED = ("Data", "Valore", "Data_Report")
IGNORED = ("Note", "Fonte")
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
SERIES = Series(
    situation_id="italy-landings",
    title="Sea landings in Italy",
    origin_iso3="LBY",
    lag_days=15,
    source="Italian Ministry of the Interior, collected by Liberiamoli tutti! (onData)",
    licence="CC BY 4.0",
    note="All coasts of Italy together, drawn at Lampedusa; people set out from several countries, mostly from Libya "
    "and Tunisia. A reference series of all who land.",
    place_id="italy",
    name="Italy, all coasts",
    kind="site",
    country_iso3="ITA",
    longitude=12.6,
    latitude=35.5,
)


class ItalyLandings:
    """The source; see the module. ``clock`` tells now: no report can be from a later day."""

    spec = Spec(
        id="italy_landings",
        title="Sea landings in Italy by day, with every report",
        publisher="onData, Liberiamoli tutti!, from the Italian Ministry of the Interior",
        url="https://raw.githubusercontent.com/ondata/liberiamoli-tutti/main/sbarchi-migranti/dati/sbarchi-per-giorno.csv",
        licence="CC BY 4.0",
        cadence=timedelta(days=15),
        tables=(Situation, Place, Site, Observation),
        first_date=date(2019, 9, 1),
        rows=(1, 200_000),
        max_bytes=50_000_000,
        publication_delay=timedelta(days=15),
        least_share_of_usual=0.9,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - one file of all days
        """Yield the file of all reports."""
        body, kind = get(client, self.spec.url, self.spec.max_bytes)
        yield Payload("sbarchi-per-giorno.csv", body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield each report's figure of each day that was over, then the place."""
        with payload.open() as stream:
            yield from _items(read(stream, payload.name, REQUIRED, IGNORED, only=REQUIRED), self.clock())


def _items(chunks: Iterable[Chunk], now: datetime) -> Iterator[Item]:
    """Yield the counts chunk by chunk, then the situation and its place."""
    days: list[date] = []
    for chunk in chunks:
        yield from new_columns(chunk.added)
        day, report = (chunk.frame[name].str.strip() for name in ("Data", "Data_Report"))
        # As text, because months are filled up with days that they do not have (2025-02-29).
        unfinished = day.str.fullmatch(_DAY) & (day.str[:7] == report.str[:7]) & (day >= report)
        if unfinished.any():
            reason = "days from the day of the report on, which were not over when it was written"
            yield Ignored(int(unfinished.sum()), reason)
        columns = Columns(chunk.without(unfinished), chunk.where)
        frame = columns.good(_counts(columns, now))
        yield from columns.rejects("observation")
        if len(frame):
            yield Rows(Observation, frame, columns.locators()[frame.index])
            days.append(frame["period_end_date"].min().date())
    if days:
        yield from series_items(SERIES, min(days), Site, kind="regional_aggregate")


def _counts(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the counts of a chunk; what is wrong with them is noted in ``columns``."""
    day = columns.date("Data", now=now, needed=True)
    report = columns.date("Data_Report", now=now, needed=True)
    return pd.DataFrame(
        {
            "place_id": SERIES.full_place_id,
            "measure": "flow",
            "direction": "arrival",
            "population_group": "all",
            "period_start_date": day,
            "period_end_date": day,
            "source_id": "italy_landings",
            "people": columns.whole_number("Valore"),
            "quality": "provisional",
            "known_at": pd.to_datetime(report, utc=True) + pd.Timedelta(hours=23, minutes=59),
        }
    )


source = ItalyLandings()
