"""UCDP Georeferenced Event Dataset: organised violence as published, from its CSV files or its API.

`etl.ged` reads the events; the monthly candidates are a source of their own, ``ucdp_candidate``.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing
from data.schema.conflict_event import ConflictEvent
from etl.client import get
from etl.ged import envelope, events_of
from etl.source import Item, Payload, Spec, Window

PAGE_ROWS = 1000
PAUSE_SECONDS = 1.0
"""The API answers a quick series of calls with status 400."""
_YEARLY = re.compile(r"[0-9]{1,2}\.[1-9][0-9]?")
_CANDIDATE = re.compile(r"[0-9]{1,2}\.0[1]?\.[0-9.]{1,12}")


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
        """Yield the API's pages for a window; raise ConfigurationMissing without a token or a yearly version."""
        settings = UcdpSettings()
        if not settings.token:
            raise ConfigurationMissing("WAYPOST_UCDP_TOKEN", f"is not set; {self.spec.key_help}")
        if _YEARLY.fullmatch(settings.version) is None:
            raise ConfigurationMissing("WAYPOST_UCDP_VERSION", _refusal(settings.version))
        client.headers["x-ucdp-access-token"] = settings.token
        url, page, pages = f"{self.spec.url}/{settings.version}", 0, 1
        span = {"StartDate": f"{window.start:%Y-%m-%d}", "EndDate": f"{window.end:%Y-%m-%d}"}
        while page < pages:
            time.sleep(PAUSE_SECONDS if page else 0)
            body, kind = get(client, url, self.spec.max_bytes, pagesize=PAGE_ROWS, page=page, **span)
            payload = Payload(f"gedevents-{settings.version}-page-{page}.json", body, kind)
            _, pages = envelope(payload, self.spec.max_bytes)
            yield payload
            page += 1

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the events of a CSV file, a zip file with one, or a page of the API."""
        yield from events_of(payload, self.spec.id, self.spec.max_bytes, self.clock())


def _refusal(version: str) -> str:
    """Say why a version is none of this source."""
    if _CANDIDATE.fullmatch(version):
        return (
            f"is {version}, a candidate release: its events are not checked yet and would stand beside those of the "
            "yearly release. Set a yearly version such as 26.1; the source ucdp_candidate reads candidates by itself"
        )
    return f"is {version[:40]}, no yearly version such as 26.1"


source = Ucdp()
