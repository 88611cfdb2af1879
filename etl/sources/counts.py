"""Counts of people at a border point or a site, in Waypost's own contract (docs/formats/counts.md).

Arrivals and departures, people present, and people waiting in a queue are all counts; CSV, XLSX and HXL are understood.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import httpx
import pandas as pd

from data.errors import ConfigurationMissing
from data.schema.observation import Observation
from etl.columns import Columns
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.own_tables import items_of
from etl.source import Item, Payload, Spec, Window
from etl.tables import read_table

REQUIRED = ("place_id", "measure", "period_end_date", "people", "source_id")
OPTIONAL = (
    "direction", "population_group", "period_start_date", "window_start_hour", "window_end_hour", "quality", "note",
)  # fmt: skip
DIRECTIONS = {"stock": ("present",), "queue": ("present",), "flow": ("arrival", "departure")}
"""What a row may say of the direction by its measure."""
TAGS = Tags(
    patterns={
        "place_id": ("#loc+code", "#loc+id", "#geo+code", "#loc+name", "#geo+name", "#loc"),
        "period_start_date": ("#date+start",),
        "period_end_date": ("#date+end", "#date+occurred", "#date+reported", "#date-start"),
        "people": ("#affected", "#population", "#reached", "#indicator+value", "#value"),
        "measure": ("#indicator+measure", "#meta+measure"),
        "direction": ("#indicator+direction", "#meta+direction"),
        "population_group": ("#indicator+group", "#meta+group", "#beneficiary"),
        "source_id": ("#org", "#meta+source"),
        "window_start_hour": ("#meta+window+start",),
        "window_end_hour": ("#meta+window+end",),
        "quality": ("#meta+quality",),
        "note": ("#description", "#meta+note"),
    },
    implied={
        "#*+arrivals": {"measure": "flow", "direction": "arrival"},
        "#*+departures": {"measure": "flow", "direction": "departure"},
        "#*+present": {"measure": "stock", "direction": "present"},
        "#*+waiting": {"measure": "queue", "direction": "present"},
    },
    same={"period_start_date": "period_end_date"},
)
"""How HXL hashtags mean the columns (docs/formats/hxl.md)."""
FORM = Format(REQUIRED, OPTIONAL, TAGS, Observation.key)


class Counts:
    """The source; see the module.

    ``clock`` tells now: nobody has counted more than a day later. ``preset`` fixes columns for files of one kind, such
    as ``measure`` for queue lengths: such a file need not have them, and may not say otherwise.
    """

    spec = Spec(
        id="counts",
        title="Counts at border points and sites",
        publisher="the organisation that counts (column source_id)",
        url="docs/formats/counts.md",
        licence="as agreed with the organisation that counts",
        cadence=None,
        tables=(Observation,),
        first_date=None,
        rows=(1, 20_000_000),
    )

    def __init__(
        self, clock: Callable[[], datetime] = lambda: datetime.now(UTC), preset: Mapping[str, str] | None = None
    ) -> None:
        self.clock = clock
        self.preset = dict(preset or {})

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: counts are sent as files, nobody publishes them as a feed."""
        raise ConfigurationMissing("counts", "are loaded from files: python -m etl run counts --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the counts of a table; a file with a column about a person is refused whole."""
        now = self.clock()
        yield from items_of(
            read_table(payload, FORM.without(self.preset)),
            payload.name,
            FORM.key,
            Observation,
            "count",
            lambda columns: _observations(columns, now, self.preset),
        )


def _observations(columns: Columns, now: datetime, preset: Mapping[str, str]) -> pd.DataFrame:
    """Return the counts of a chunk; what the table's own rules check is left to them."""
    for name, value in preset.items():
        told = columns.text(name, value)
        columns.fault(told != value, name, f"of such a file is {value}")
    measure, end = columns.text("measure", preset.get("measure")), columns.date("period_end_date", now=now, needed=True)
    is_stock = measure.isin(["stock", "queue"])
    direction = columns.text("direction")
    direction = direction.mask(direction.isna() & is_stock, "present")
    for name, possible in DIRECTIONS.items():
        wrong = (measure == name) & ~direction.isin(possible)
        columns.fault(wrong, "direction", f"of a {name} is none of {', '.join(possible)}")
    start = columns.date("period_start_date", now=now)
    columns.fault(is_stock & start.notna() & (start != end), "period_start_date", "of a stock is not its end: one day")
    is_open = columns.text("period_start_date").isna()
    columns.fault((measure == "flow") & is_open, "period_start_date", "is needed for a flow")
    return pd.DataFrame(
        {
            "place_id": columns.text("place_id"),
            "measure": measure,
            "direction": direction,
            "population_group": columns.text("population_group", "all"),
            "period_start_date": start.fillna(end),
            "period_end_date": end,
            "source_id": columns.text("source_id"),
            "people": columns.whole_number("people"),
            "window_start_hour": columns.whole_number("window_start_hour").fillna(0),
            "window_end_hour": columns.whole_number("window_end_hour").fillna(24),
            "quality": columns.text("quality", "reported"),
            "note": columns.text("note"),
        }
    )


source = Counts()
