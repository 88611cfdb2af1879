"""Relief items in store at border points and sites, in Waypost's own contract (docs/formats/stocks.md)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pandas as pd

from data.errors import ConfigurationMissing
from data.schema.stock import Stock
from etl.columns import Columns
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.own_tables import items_of
from etl.source import Item, Payload, Spec, Window
from etl.tables import read_table

REQUIRED = ("place_id", "item", "counted_date", "quantity", "unit", "reported_by")
OPTIONAL = ("owner", "standard_id")
TAGS = Tags(
    patterns={
        "place_id": ("#loc+code", "#loc+id", "#geo+code", "#loc+name", "#geo+name", "#loc"),
        "item": ("#item+name", "#item+type", "#item-quantity-unit"),
        "quantity": ("#item+quantity", "#item+num", "#indicator+value", "#value"),
        "unit": ("#item+unit", "#indicator+unit"),
        "counted_date": ("#date+counted", "#date+occurred", "#date+reported", "#date"),
        "owner": ("#org+owner",),
        "reported_by": ("#org", "#meta+source"),
        "standard_id": ("#item+standard", "#meta+standard"),
    },
    figure="quantity",
)
"""How HXL hashtags mean the columns (docs/formats/hxl.md)."""
FORM = Format(REQUIRED, OPTIONAL, TAGS, (*Stock.key, "reported_by"))
"""The owner tells stocks apart, and is the one who reports where nobody else is named."""


class Stocks:
    """The source; see the module. ``clock`` tells now: no store was counted more than a day later."""

    spec = Spec(
        id="stocks",
        title="Relief items in store",
        publisher="the organisation that counts (column reported_by)",
        url="docs/formats/stocks.md",
        licence="as agreed with the organisation that counts",
        cadence=None,
        tables=(Stock,),
        first_date=None,
        rows=(1, 1_000_000),
        max_bytes=200_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: stocks are sent as files, nobody publishes them as a feed."""
        raise ConfigurationMissing("stocks", "are loaded from files: python -m etl run stocks --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the stocks of a table; quantity missing where the store was reported and the item not counted.

        The owner is the one who reports where nobody else is named. Raises `PayloadRejected` as
        `etl.tables.read_table` does.
        """
        now = self.clock()
        yield from items_of(
            read_table(payload, FORM),
            payload.name,
            FORM.key,
            Stock,
            "stock",
            lambda columns: _stocks(columns, now),
        )


def _stocks(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the stocks of a chunk; the range of a quantity is left to the table's rule."""
    reported_by = columns.text("reported_by")
    return pd.DataFrame(
        {
            "place_id": columns.text("place_id"),
            "item": columns.text("item"),
            "owner": columns.text("owner").fillna(reported_by),
            "counted_date": columns.date("counted_date", now=now, needed=True),
            "quantity": columns.number("quantity", is_typed=True),
            "unit": columns.text("unit"),
            "standard_id": columns.text("standard_id"),
            "reported_by": reported_by,
        }
    )


source = Stocks()
