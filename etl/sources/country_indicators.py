"""Political and economic indicators of countries in Waypost's own contract (docs/formats/country-indicators.md).

Who publishes a figure is its ``source_id``: two publishers of one indicator are two series. The address it was taken
from is checked and stays in the file, which is kept; a row has no column for it. The World Bank's own CSV files are
read as they are (`etl.world_bank`).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pandas as pd

from data.errors import ConfigurationMissing
from data.schema.indicator import Indicator
from etl.columns import Columns
from etl.countries import known
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.markup import link_of, plain_text
from etl.own_tables import items_of
from etl.source import Item, Payload, Spec, Window
from etl.tables import read_table
from etl.world_bank import indicators, is_world_bank

REQUIRED = (
    "indicator", "country_iso3", "period_start_date", "period_end_date", "value", "unit", "publisher", "url",
)  # fmt: skip
OPTIONAL = ("breakdown", "quality", "published_date")
TAGS = Tags(
    patterns={
        "indicator": ("#indicator+code", "#indicator+name"),
        "country_iso3": ("#country+code",),
        "period_start_date": ("#date+start",),
        "period_end_date": ("#date+end", "#date+occurred", "#date-start-published"),
        "value": ("#indicator+value", "#value"),
        "unit": ("#indicator+unit",),
        "publisher": ("#org", "#meta+source"),
        "url": ("#meta+url",),
        "breakdown": ("#indicator+group", "#meta+group"),
        "quality": ("#meta+quality",),
        "published_date": ("#date+published",),
    },
    figure="value",
    same={"period_start_date": "period_end_date"},
)
"""How HXL hashtags mean the columns (docs/formats/hxl.md)."""
KEY = ("indicator", "country_iso3", "period_start_date", "period_end_date", "publisher", "breakdown")
FORM = Format(REQUIRED, OPTIONAL, TAGS, KEY)
_CODE = re.compile(r"[a-z][a-z0-9_]{0,99}")


class CountryIndicators:
    """The source; see the module. ``clock`` tells now: only a forecast may be of a period that has not ended."""

    spec = Spec(
        id="country_indicators",
        title="Political and economic indicators of countries",
        publisher="the publisher of each figure (column publisher)",
        url="docs/formats/country-indicators.md",
        licence="that of each publisher (column url)",
        cadence=None,
        tables=(Indicator,),
        first_date=None,
        rows=(1, 5_000_000),
        max_bytes=500_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: the tables are sent as files."""
        told = "are loaded from files: python -m etl run country_indicators --from FILE"
        raise ConfigurationMissing("country_indicators", told)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the figures of a table, missing where the cell is empty; personal columns refuse the file.

        Raises `PayloadRejected` as `etl.tables.read_table` does.
        """
        now = self.clock()
        is_typed = not is_world_bank(payload)
        chunks = read_table(payload, FORM) if is_typed else indicators(payload)
        yield from items_of(
            chunks,
            payload.name,
            FORM.key,
            Indicator,
            "country indicator",
            lambda columns: _indicators(columns, now, is_typed=is_typed),
        )


def _indicators(columns: Columns, now: datetime, *, is_typed: bool) -> pd.DataFrame:
    """Return the figures of a chunk; quality's words and the order of dates are left to the table's rules.

    ``is_typed`` says that people wrote the figures (`Columns.number`).
    """
    code, country = columns.text("indicator", ""), columns.text("country_iso3")
    columns.fault(~code.str.fullmatch(_CODE), "indicator", "is no code of small letters, digits and underscores")
    columns.fault(~country.isin(known()), "country_iso3", "is no ISO 3166-1 alpha-3 code")
    publisher, link = columns.text("publisher", "").map(_slug), columns.text("url", "")
    columns.fault(publisher == "", "publisher", "is missing")
    columns.fault(link.map(link_of).isna(), "url", "is no http or https address")
    quality = columns.text("quality", "reported")
    ahead = now + pd.DateOffset(years=10)
    start = columns.date("period_start_date", now=ahead, needed=True)
    end = columns.date("period_end_date", now=ahead, needed=True)
    future = end > pd.Timestamp(now.date()) + pd.Timedelta(days=1)
    is_taken_for_real = (quality != "forecast") & ~columns.withdrawn
    columns.fault(future & is_taken_for_real, "period_end_date", "has not come, and this is no forecast")
    published = columns.date("published_date", now=now)
    early = (published < end) & (quality != "forecast")
    columns.fault(early, "published_date", "is before the period has ended, and this is no forecast")
    return pd.DataFrame(
        {
            "source_id": publisher,
            "indicator": code,
            "breakdown": columns.text("breakdown", "").map(plain_text),
            "country_iso3": country,
            "area_id": country,
            "area_id_kind": "iso3",
            "admin_level": 0,
            "period_start_date": start,
            "period_end_date": end,
            "value": columns.number("value", is_typed=is_typed),
            "unit": columns.text("unit").map(plain_text, na_action="ignore"),
            "quality": quality,
            "known_at": pd.to_datetime(published, utc=True),
        }
    )


def _slug(name: str) -> str:
    """Return a publisher's name as an id: small letters of any script, digits and hyphens.

    >>> _slug("World Bank"), _slug("  "), _slug("البنك")
    ('world-bank', '', 'البنك')
    """
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", name.casefold())).strip("-")[:100]


source = CountryIndicators()
