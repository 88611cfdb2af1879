"""Campaign calendars in Waypost's own contract (docs/formats/campaigns.md).

Vaccination rounds, distributions, markets, elections and school terms move or gather people; what is planned is known
before it begins, so dates may lie ahead.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pandas as pd

from data.errors import ConfigurationMissing
from data.schema.campaign import Campaign
from etl.columns import Columns
from etl.countries import known
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.markup import plain_text
from etl.own_tables import items_of
from etl.source import Item, Payload, Spec, Window
from etl.tables import read_table

REQUIRED = ("campaign_id", "kind", "title", "country_iso3", "start_date", "end_date", "organiser")
OPTIONAL = ("area_pcode", "area_name", "target_people", "note")
TAGS = Tags(
    patterns={
        "campaign_id": ("#activity+id", "#activity+code", "#event+code", "#event+id"),
        "kind": ("#activity+type", "#event+type"),
        "title": ("#activity+name", "#event+name"),
        "country_iso3": ("#country+code",),
        "area_pcode": ("#adm3+code", "#adm2+code", "#adm1+code", "#loc+code"),
        "area_name": ("#adm3+name", "#adm2+name", "#adm1+name", "#loc+name"),
        "start_date": ("#date+start",),
        "end_date": ("#date+end",),
        "target_people": ("#targeted", "#population+targeted"),
        "organiser": ("#org",),
        "note": ("#description", "#meta+note"),
    },
    figure="target_people",
)
"""How HXL hashtags mean the columns (docs/formats/hxl.md)."""
FORM = Format(REQUIRED, OPTIONAL, TAGS, ("campaign_id",))
AHEAD_DAYS = 3660
"""So far ahead something may be planned: ten years."""


class Campaigns:
    """The source; see the module. ``clock`` tells now: what is planned for more than ten years ahead is a mistake."""

    spec = Spec(
        id="campaigns",
        title="Campaign calendars",
        publisher="the organiser (column organiser)",
        url="docs/formats/campaigns.md",
        licence="as agreed with the organiser",
        cadence=None,
        tables=(Campaign,),
        first_date=None,
        rows=(1, 500_000),
        max_bytes=100_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: calendars are sent as files, nobody publishes them as a feed."""
        raise ConfigurationMissing("campaigns", "are loaded from files: python -m etl run campaigns --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the campaigns of a table; a file with a column about a person is refused whole.

        Raises `PayloadRejected` as `etl.tables.read_table` does.
        """
        now = self.clock()
        yield from items_of(
            read_table(payload, FORM),
            payload.name,
            FORM.key,
            Campaign,
            "campaign",
            lambda columns: _campaigns(columns, now),
        )


def _campaigns(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the campaigns of a chunk; the words of ``kind`` and the order of dates are left to the table's rules."""
    country = columns.text("country_iso3")
    columns.fault(~country.isin(known()), "country_iso3", "is no ISO 3166-1 alpha-3 code")
    ahead = now + timedelta(days=AHEAD_DAYS)
    return pd.DataFrame(
        {
            "source_id": "campaigns",
            "campaign_id": columns.text("campaign_id"),
            "kind": columns.text("kind"),
            "title": columns.text("title").map(plain_text, na_action="ignore"),
            "country_iso3": country,
            "area_pcode": columns.text("area_pcode"),
            "area_name": columns.text("area_name").map(plain_text, na_action="ignore"),
            "start_date": columns.date("start_date", now=ahead, needed=True),
            "end_date": columns.date("end_date", now=ahead, needed=True),
            "target_people": columns.whole_number("target_people"),
            "organiser": columns.text("organiser").map(plain_text, na_action="ignore"),
            "note": columns.text("note", "").map(plain_text),
        }
    )


source = Campaigns()
