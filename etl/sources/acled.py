"""ACLED: political violence event by event, for installations that have an account of their own with ACLED.

Read are the API of 2025 (JSON, CSV), exports of its website and of the API before it as CSV files or workbooks, and the
files of the years until 2018 (`etl.acled_files`). What is decided here, where the feed leaves it open:

- Kind: *Violence against civilians* and remote violence that targets civilians are one_sided. *Battles* and other
  *Explosions/Remote violence* are state_based where state forces take part, other where forces from outside do or
  nobody is told, and non_state else. Exports before 2023 do not tell the target: there, remote violence against
  civilians as the other side targets them. *Protests*, *Riots* and *Strategic developments* are no organised
  violence: they are ignored by name, and an event that was recoded to one of them is deleted here.
- ACLED changes and deletes events at any time. A row's ``timestamp`` is when ACLED last changed it: our version is
  known since then. An id that ACLED names as deleted is deleted here, and known to be so since we heard of it.
- A look that reaches until now asks for what changed since the window's start, a slice of the past for its event dates.
- ``geo_precision`` 3 is a region by one of its points: admin1. The event's day is as published, ``time_precision`` (a
  week, a month) is not read. Fatalities are reported estimates, without a range.
- Notes and sources may name persons. They are not asked for, never kept, and not shown with a rejected row.
- An account that sees no event at all (ACLED keeps recent months from some) fails the look: that is not calm.
- No row may be passed on (terms of use): this is for the installation that has the account.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
from hdx.location.country import Country
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.conflict_event import ConflictEvent
from etl.acled_files import tables
from etl.acled_rows import DELETED, FIELDS, IGNORED, OPTIONAL, REQUIRED, deletions, events, whole_events, without_texts
from etl.client import get, post
from etl.countries import wanted
from etl.delimited import Chunk
from etl.json_records import chunk_of_records
from etl.json_text import read_json
from etl.left_out import new_columns
from etl.markup import plain_text
from etl.not_fetched import note, noted
from etl.personal import refuse_personal
from etl.source import Ignored, Item, Payload, Spec, Window

PAGE_ROWS = 5000
MOST_PAGES = 1000
REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


class AcledSettings(BaseSettings):
    """``WAYPOST_ACLED_USERNAME`` (an e-mail address) and ``WAYPOST_ACLED_PASSWORD`` of an account at acleddata.com."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_ACLED_", env_ignore_empty=True, hide_input_in_errors=True)

    username: str | None = None
    password: str | None = None


class Acled:
    """The source; see the module. ``clock`` tells now: an event more than a day later is none."""

    spec = Spec(
        id="acled",
        title="Political violence (ACLED)",
        publisher="Armed Conflict Location & Event Data",
        url="https://acleddata.com/api/",
        licence="ACLED terms of use: no redistribution of event rows, attribution; for this installation only",
        cadence=timedelta(days=7),
        tables=(ConflictEvent,),
        first_date=date(1997, 1, 1),
        rows=(1, 5_000_000),
        max_bytes=1_000_000_000,
        publication_delay=timedelta(days=7),
        key_setting="WAYPOST_ACLED_PASSWORD",
        key_help="register at acleddata.com, set WAYPOST_ACLED_USERNAME, WAYPOST_ACLED_PASSWORD and WAYPOST_COUNTRIES",
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield each country's events page by page, then the deletions; what cannot be had is named, the rest stays.

        Raises ConfigurationMissing without an account, PayloadRejected when ACLED refuses the account.
        """
        settings, countries = AcledSettings(), _account(self.spec)
        client.headers["Authorization"] = f"Bearer {_token(client, settings)}"
        is_live = window.end >= self.clock() - timedelta(days=1)
        span = {"timestamp": f"{window.start.timestamp():.0f}", "timestamp_where": ">="} if is_live else _dates(window)
        asked: list[tuple[str, str, dict[str, str]]] = [
            (f"events-{iso3}", "acled/read", {"iso": _number(iso3), **span, "fields": "|".join(FIELDS)})
            for iso3 in countries
        ]
        if is_live:
            since = {"deleted_timestamp": span["timestamp"], "deleted_timestamp_where": ">="}
            asked.append(("deleted", "deleted/read", since))
        failed: list[str] = []
        for name, path, params in asked:
            try:
                yield from self._pages(client, name, path, params)
            except (httpx.HTTPError, PayloadRejected) as error:
                if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in REFUSED:
                    raise PayloadRejected(path, _refusal(error.response.status_code)) from error
                failed.append(f"{name}: {type(error).__name__}")
                if len(failed) == len(asked):
                    raise
        if failed:
            yield note(failed)

    def _pages(self, client: httpx.Client, name: str, path: str, params: dict[str, str]) -> Iterator[Payload]:
        """Yield the pages of one question, until one is empty."""
        for page in range(1, MOST_PAGES + 1):
            url = f"{self.spec.url}{path}"
            body, kind = get(client, url, self.spec.max_bytes, _format="json", limit=PAGE_ROWS, page=page, **params)
            payload = Payload(f"{name}-{page}.json", body, kind)
            if not _records(payload, self.spec.max_bytes):
                return
            yield payload

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the events, or the deletions, of a page of the API or of a CSV file."""
        if (missed := noted(payload)) is not None:
            yield missed
            return
        for chunk in whole_events(self._chunks(payload)):
            if isinstance(chunk, Ignored):
                yield chunk
                continue
            refuse_personal(chunk.added, payload.name)
            yield from new_columns(chunk.added)
            yield from deletions(chunk) if DELETED[1] in chunk.frame else events(chunk, self.clock())

    def _chunks(self, payload: Payload) -> Iterator[Chunk | Ignored]:
        """Yield chunks of the columns that are read, without the text of their rows."""
        with payload.open() as stream:
            head = stream.read(65_536).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not head.startswith((b"{", b"[")):
            yield from tables(payload, self.spec.max_bytes)
            return
        records = _records(payload, self.spec.max_bytes)
        if any(isinstance(record, dict) and DELETED[1] in record for record in records):
            yield without_texts(chunk_of_records(payload.name, records, DELETED))
        else:
            told = {name for record in records if isinstance(record, dict) for name in record}
            optional = [name for name in OPTIONAL if name in told]  # what is not told differs from what is empty
            yield without_texts(chunk_of_records(payload.name, records, REQUIRED, optional, IGNORED))


def _account(spec: Spec) -> list[str]:
    """Return the countries to ask for; raise ConfigurationMissing without an account or without any country."""
    settings = AcledSettings()
    for name in ("username", "password"):
        if not getattr(settings, name):
            raise ConfigurationMissing(f"WAYPOST_ACLED_{name.upper()}", f"is not set; {spec.key_help}")
    return wanted()


def _token(client: httpx.Client, settings: AcledSettings) -> str:
    """Log in and return the token for a day; raise PayloadRejected when there is none."""
    url = "https://acleddata.com/oauth/token"
    form = {"username": settings.username or "", "password": settings.password or "", "client_id": "acled"}
    try:
        body, _ = post(client, url, 1_000_000, grant_type="password", **form)
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status not in (httpx.codes.BAD_REQUEST, *REFUSED):
            raise
        raise PayloadRejected(url, f"refused the login with HTTP {status}: check WAYPOST_ACLED_USERNAME and "
                              "WAYPOST_ACLED_PASSWORD") from error  # fmt: skip
    answer = read_json(url, body)
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise PayloadRejected(url, "answered the login without an access_token")
    return token


def _refusal(status: int) -> str:
    """Say what a refusal after a good login means."""
    return (
        f"was refused with HTTP {status} after a good login: the account may not read events. Accept the terms of use "
        "and complete the profile at acleddata.com, or ask ACLED for access to the API"
    )


def _dates(window: Window) -> dict[str, str]:
    """Return the question for the events of a past window, both days included."""
    last = window.end - timedelta(microseconds=1)
    return {"event_date": f"{window.start:%Y-%m-%d}|{last:%Y-%m-%d}", "event_date_where": "BETWEEN"}


def _number(iso3: str) -> str:
    """Return the ISO number of a country, by which ACLED knows it."""
    return str(Country.get_m49_from_iso3(iso3, use_live=False))


def _records(payload: Payload, max_bytes: int) -> list[object]:
    """Return the records of the API's envelope, or of a list of them that somebody saved without it.

    Raises PayloadRejected with what the envelope says when it is no success.
    """
    answer = read_json(payload.name, payload.read(max_bytes))
    answer = {"data": answer} if isinstance(answer, list) else answer
    told = answer if isinstance(answer, dict) else {}
    succeeded = told.get("success") is not False and told.get("status", "200") == "200"
    if not isinstance(told.get("data"), list) or not succeeded:
        said = told.get("error") or told.get("message") or "it has no list named data"
        words = plain_text(said if isinstance(said, str) else json.dumps(said))[:200]
        raise PayloadRejected(payload.name, f"is no successful answer of the ACLED API: {words}")
    records: list[object] = told["data"]
    return records


source = Acled()
