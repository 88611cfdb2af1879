"""UCDP Georeferenced Event Dataset: organised violence as published, from its CSV files or its API.

`etl.ged` reads the events; the monthly candidates are a source of their own, ``ucdp_candidate``. Decided here:

- UCDP withdraws events with a later release. A file under the name of a release (ged261-csv.zip, GEDEvent_v26_1.csv) is
  the truth for each country and year of which it has an event: a known event that it lacks is deleted. A file under any
  other name may be an extract, and takes nothing away.
- A fetch that got every page is the truth for the events that lie wholly within the days asked for.
- An older release that is loaded after a newer one takes its place in the years that both have: load them in order.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing
from data.schema.conflict_event import ConflictEvent
from etl.client import get
from etl.ged import envelope, events_of, is_page
from etl.source import Item, Payload, Replaces, Rows, Spec, Window
from etl.whole import A_PART, told_whole, whole

PAGE_ROWS = 1000
PAUSE_SECONDS = 1.0
"""The API answers a quick series of calls with status 400."""
_YEARLY = re.compile(r"[0-9]{1,2}\.[1-9][0-9]?")
_CANDIDATE = re.compile(r"[0-9]{1,2}\.0[1]?\.[0-9.]{1,12}")
_RELEASE = re.compile(r"(?i)ged(?:event_v)?[0-9]{2}_?[1-9](?:-csv)?\.(?:csv|zip)")
MOST_VANISHED_SHARE = 0.5
"""UCDP keeps the ids of its events from release to release and withdraws few of them: half of them gone is a file that
was cut or filtered, or one with new ids."""
_IN_CELLS = "t.source_id = 'ucdp' AND concat_ws(' ', t.country_iso3, extract(year FROM t.end_date)) = ANY(:cells)"
_IN_SPAN = "t.source_id = 'ucdp' AND t.start_date > :start AND t.end_date < :end"


class UcdpSettings(BaseSettings):
    """``WAYPOST_UCDP_TOKEN``, and ``WAYPOST_UCDP_VERSION``: a yearly release such as ``26.1``.

    A monthly candidate (``26.0.8``) is refused: it is the source ``ucdp_candidate``, whose events count only until the
    yearly release covers them.
    """

    model_config = SettingsConfigDict(env_prefix="WAYPOST_UCDP_", env_ignore_empty=True, hide_input_in_errors=True)

    token: str | None = None
    version: str = "26.1"


class Ucdp:
    """The source; see the module. ``clock`` tells now: an event more than a day later is none."""

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
        publication_delay=timedelta(days=540),
    )
    """The release of a summer ends with the year before: its newest event is a year and a half old before the next."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the API's pages for a window, and last that they are all there were.

        Raises ConfigurationMissing without a token or a yearly version.
        """
        settings = UcdpSettings()
        if not settings.token:
            raise ConfigurationMissing("WAYPOST_UCDP_TOKEN", f"is not set; {self.spec.key_help}")
        if _YEARLY.fullmatch(settings.version) is None:
            raise ConfigurationMissing("WAYPOST_UCDP_VERSION", _refusal(settings.version))
        client.headers["x-ucdp-access-token"] = settings.token
        url, page, pages, had = f"{self.spec.url}/{settings.version}", 0, 1, 0
        span = {"StartDate": f"{window.start:%Y-%m-%d}", "EndDate": f"{window.end:%Y-%m-%d}"}
        while page < pages:
            time.sleep(PAUSE_SECONDS if page else 0)
            body, kind = get(client, url, self.spec.max_bytes, pagesize=PAGE_ROWS, page=page, **span)
            payload = Payload(f"gedevents-{settings.version}-page-{page}.json", body, kind)
            events, pages = envelope(payload, self.spec.max_bytes)
            had += len(events)
            yield payload
            page += 1
        if had:
            after_release = date(2000 + int(settings.version.partition(".")[0]), 1, 1)
            yield whole(window.start.date(), min(window.end.date(), after_release))

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the events of a CSV file, a zip file with one, or a page of the API, and what a whole replaces."""
        if (had := told_whole(payload)) is not None:
            yield Replaces(ConflictEvent, _IN_SPAN, MOST_VANISHED_SHARE, {"start": had.start, "end": had.end})
            return
        cells: set[str] = set()
        for item in events_of(payload, self.spec.id, self.spec.max_bytes, self.clock()):
            cells |= _cells(item.frame) if isinstance(item, Rows) else set()
            yield item
        if is_page(payload):
            return
        if _RELEASE.fullmatch(payload.name) is None:
            yield A_PART
        elif cells:
            yield Replaces(ConflictEvent, _IN_CELLS, MOST_VANISHED_SHARE, {"cells": sorted(cells)})


def _cells(events: pd.DataFrame) -> set[str]:
    """Return the countries and years in which events ended, such as "CAF 2014"."""
    pairs = pd.DataFrame({"country": events["country_iso3"], "year": events["end_date"].dt.year}).drop_duplicates()
    return {f"{pair.country} {pair.year}" for pair in pairs.itertuples()}


def _refusal(version: str) -> str:
    """Say why a version is none of this source."""
    if _CANDIDATE.fullmatch(version):
        return (
            f"is {version}, a candidate release: its events are not checked yet and would stand beside those of the "
            "yearly release. Set a yearly version such as 26.1; the source ucdp_candidate reads candidates by itself"
        )
    return f"is {version[:40]}, no yearly version such as 26.1"


source = Ucdp()
