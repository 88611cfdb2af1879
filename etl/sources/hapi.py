"""HDX Humanitarian API (HAPI, version 2): one connector for its themes, which share areas, periods and spellings.

The theme of a payload follows from its columns. Decided here, where the service leaves it open:

- A row that HDX marks with an ``error`` is ignored by name; one with a ``warning`` is kept.
- ``all`` beside its parts: the total is taken where it is published. Where only parts are (returnees by age and sex),
  they are summed within the payload; parts and their total never stand beside each other.
- The end of a period may lie ahead (plans, projections): up to `AHEAD`.
- An area without a P-code is known by its country and the provider's names (AGO/Cunene/Ombadja), because many countries
  have a place of one name; "Not provided" is none, and the row has no place.
- -1 and an empty cell are missing, 0 is zero.
- Rows are withdrawn: of a theme and country whose pages were all had, a known row whose period touches the days asked
  for is deleted when it is no longer there. A theme that failed or came empty, and a file, take nothing away.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.schema.response_plan import ResponsePlan
from etl.client import get
from etl.columns import Columns
from etl.countries import known, wanted
from etl.delimited import Chunk, read
from etl.hapi_themes import GROUPS, HOSTS, NOT_READ, THEMES, Theme
from etl.json_records import chunk_of_records
from etl.json_text import read_json
from etl.left_out import new_columns, without_tags
from etl.not_fetched import noted, part_by_part
from etl.source import Ignored, Item, Payload, Replaces, Rows, Spec, Window
from etl.whole import A_PART, Whole, told_whole, whole

PAGE_ROWS = 10_000
MOST_PAGES = 1_000
AHEAD = timedelta(days=3 * 366)
MOST_VANISHED_SHARES = {Displacement: 1.0, Indicator: 0.5, ResponsePlan: 1.0}
"""Indicators come in many pages: half of them gone is an answer that ended too early. People and plans of a country fit
into one page, which cannot be cut and still be JSON, and a single round that is dated anew is wholly another one."""
NO_NAME = ("", "Not provided", "not provided", "NA", "N/A")


class HapiSettings(BaseSettings):
    """``WAYPOST_HAPI_APP_IDENTIFIER``; the countries are those of ``WAYPOST_COUNTRIES``."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_HAPI_", env_ignore_empty=True)

    app_identifier: str | None = None


class Hapi:
    """The source; see the module. ``clock`` tells now."""

    spec = Spec(
        id="hapi",
        title="Humanitarian indicators (HDX HAPI)",
        publisher="OCHA Centre for Humanitarian Data; each row's own provider",
        url="https://hapi.humdata.org/api/v2/",
        licence="that of each data set on HDX, mostly CC BY-IGO",
        cadence=timedelta(days=7),
        tables=(Displacement, Indicator, ResponsePlan),
        first_date=date(2000, 1, 1),
        rows=(1, 20_000_000),
        max_bytes=500_000_000,
        publication_delay=timedelta(days=60),
        key_setting="WAYPOST_HAPI_APP_IDENTIFIER",
        key_help='make one of your application and e-mail: base64 of "waypost:you@example.org"; set WAYPOST_COUNTRIES',
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield every theme of every country page by page, what could not be had by name, and last what was whole."""
        identifier = HapiSettings().app_identifier
        if not identifier:
            raise ConfigurationMissing("WAYPOST_HAPI_APP_IDENTIFIER", f"is not set; {self.spec.key_help}")
        if ":" in identifier:
            identifier = base64.b64encode(identifier.encode()).decode()
        client.headers["X-HDX-HAPI-APP-IDENTIFIER"] = identifier
        asked = [(country, theme) for country in wanted() for theme in THEMES]
        had: dict[str, list[str]] = {}
        yield from part_by_part({f"{t.path} of {who}": self._pages(client, t, who, window, had) for who, t in asked})
        if had:
            yield whole(window.start.date(), window.end.date(), had)

    def _pages(
        self, client: httpx.Client, theme: Theme, country: str, window: Window, had: dict[str, list[str]]
    ) -> Iterator[Payload]:
        """Yield the pages of one theme and country, and note in ``had`` that they were all there are."""
        span = {"start_date": f"{window.start:%Y-%m-%d}", "end_date": f"{window.end:%Y-%m-%d}"}
        asked: dict[str, str | int] = {theme.filter: country, "output_format": "json", "limit": PAGE_ROWS}
        for page in range(MOST_PAGES):
            url = f"{self.spec.url}{theme.path}"
            body, kind = get(client, url, self.spec.max_bytes, **asked, **span, offset=page * PAGE_ROWS)
            payload = Payload(f"{theme.path.rpartition('/')[2]}-{country}-{page + 1}.json", body, kind)
            records = _records(payload, self.spec.max_bytes)
            if records:
                yield payload
            if len(records) < PAGE_ROWS:
                if page or records:
                    had.setdefault(theme.path, []).append(country)
                return

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the rows of one theme."""
        if (missed := noted(payload)) is not None:
            yield missed
            return
        if (had := told_whole(payload)) is not None:
            yield from _replaced(had)
            return
        found: list[pd.DataFrame] = []
        theme: Theme | None = None
        for theme, chunk in self._chunks(payload):
            chunk, left_out = _sound(chunk)  # noqa: PLW2901
            yield from left_out
            columns = Columns(chunk, chunk.where)
            rows = _common(columns, theme, self.clock() + AHEAD).join(theme.read(columns))
            good = columns.good(rows)
            yield from columns.rejects(theme.table.__tablename__)
            good = good.assign(locator=columns.locators()[good.index])
            if theme.sums:
                found.append(good)
            elif len(good):
                yield from _rows(theme, good)
        if theme is not None and found:
            yield from _rows(theme, theme.sums(pd.concat(found, ignore_index=True)) if theme.sums else found[0])
        if not payload.name.endswith(".json"):
            yield A_PART

    def _chunks(self, payload: Payload) -> Iterator[tuple[Theme, Chunk]]:
        """Yield the theme with each chunk of a page of the API or of a CSV file."""
        with payload.open() as stream:
            head = stream.read(65_536).removeprefix(b"\xef\xbb\xbf").lstrip()
        if head.startswith(b"{"):
            records = _records(payload, self.spec.max_bytes)
            names = {key for record in records if isinstance(record, dict) for key in record}
            theme = _theme(names, payload.name)
            yield theme, chunk_of_records(payload.name, records, theme.required, theme.optional, theme.known)
            return
        names = set(head.splitlines()[0].decode("utf-8", "replace").replace('"', "").split(",")) if head else set()
        theme = _theme({name.strip() for name in names}, payload.name)
        with payload.open() as stream:
            for chunk in read(stream, payload.name, theme.required, (*theme.optional, *theme.known)):
                yield theme, chunk


def _replaced(had: Whole) -> Iterator[Replaces]:
    """Yield what the pages of a fetch replace in each table: the rows of the API's own test of a span of days."""
    for table, share in MOST_VANISHED_SHARES.items():
        themes = [theme for theme in THEMES if theme.table is table and theme.path in had.parts]
        period = "" if table is ResponsePlan else "period_"
        span = f"t.source_id = 'hapi' AND t.{period}end_date >= :start AND t.{period}start_date < :end"
        of = [f"({theme.condition} AND t.country_iso3 = ANY(:countries{n}))" for n, theme in enumerate(themes)]
        values = {f"countries{n}": had.parts[theme.path] for n, theme in enumerate(themes)}
        days = {"start": had.start, "end": had.end}
        if themes:
            yield Replaces(table, f"{span} AND ({' OR '.join(of)})", share, days | values)


@dataclass(frozen=True)
class _Area:
    """Where a row is about: columns for a table."""

    country: "pd.Series[str]"
    level: "pd.Series[int]"
    pcode: "pd.Series[str]"
    name: "pd.Series[str]"
    path: "pd.Series[str]"


def _records(payload: Payload, max_bytes: int) -> list[Any]:
    """Return the records of the API's envelope."""
    answer = read_json(payload.name, payload.read(max_bytes))
    records = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(records, list):
        raise PayloadRejected(payload.name, "is no answer of HAPI: it has no list named data")
    return records


def _theme(names: set[str], place: str) -> Theme:
    """Return the theme whose columns are all there; raise PayloadRejected when it is none."""
    for theme in THEMES:
        if set(theme.required) <= names:
            return theme
    if other := next((told for name, told in NOT_READ.items() if name in names), None):
        raise PayloadRejected(place, f"is HAPI's theme of {other}, which is not read here")
    raise PayloadRejected(place, f"has the columns of no theme read here: {', '.join(sorted(names))[:300]}")


def _sound(chunk: Chunk) -> tuple[Chunk, list[Ignored]]:
    """Leave out lines of HXL tags and the rows that HDX marks as wrong; say which columns are new."""
    added = new_columns(chunk.added)
    chunk, tags = without_tags(chunk)
    items = [*added, *tags]
    left_out = pd.Series(False, index=chunk.frame.index)
    if "error" in chunk.frame:
        left_out = chunk.frame["error"].str.strip() != ""
    if left_out.any():
        items.append(Ignored(int(left_out.sum()), "a row that HDX itself marks with an error"))
    if {"population_group", "origin_location_code"} <= set(chunk.frame.columns):
        hosts = (chunk.frame["population_group"].str.strip() == HOSTS) & ~left_out
        if hosts.any():
            items.append(Ignored(int(hosts.sum()), "a host community, which is not displaced"))
        left_out = left_out | hosts
    return (chunk.without(left_out) if left_out.any() else chunk), items


def _common(columns: Columns, theme: Theme, latest: datetime) -> pd.DataFrame:
    """Return area and period of each row; what is wrong with them is noted in ``columns``."""
    area = _area(columns, theme.country)
    frame = pd.DataFrame(
        {
            "source_id": "hapi",
            "country_iso3": area.country,
            "admin_level": area.level,
            "area_name": area.name,
            "period_start_date": columns.date("reference_period_start", *_FORMS, now=latest, needed=True),
            "period_end_date": columns.date("reference_period_end", *_FORMS, now=latest, needed=True),
        }
    )
    if theme.table is Displacement:
        return frame.assign(area_pcode=area.pcode)
    if theme.table is ResponsePlan:
        return frame.drop(columns=["admin_level", "area_name"])
    here = area.level == 0
    place = area.country.where(here, area.pcode.fillna(area.path))
    columns.fault(place.isna(), "admin1_name", "names no area: there is neither a code nor a name")
    kind = pd.Series("name", index=here.index).mask(area.pcode.notna(), "pcode").mask(here, "iso3")
    return frame.assign(area_id=place, area_id_kind=kind)


_FORMS = tuple(f"%Y-%m-%d{clock}" for clock in ("", "T00:00:00", "T23:59:59", " 00:00:00", " 23:59:59"))


def _area(columns: Columns, country_column: str) -> _Area:
    """Return country, level, P-code and name of the smallest area that a row names."""
    country = columns.text(country_column, "")
    columns.fault(~country.isin(known()), country_column, "is no ISO 3166-1 alpha-3 code")
    codes = {level: columns.text(f"admin{level}_code") for level in (1, 2)}
    names = {
        level: columns.text(f"admin{level}_name").fillna(columns.text(f"provider_admin{level}_name"))
        for level in (1, 2)
    }
    names = {level: name.mask(name.isin(NO_NAME)) for level, name in names.items()}
    told = columns.text("admin_level", "")
    level = pd.Series(0, index=country.index).mask(codes[1].notna() | names[1].notna() | (told == "1"), 1)
    level = level.mask(codes[2].notna() | names[2].notna() | (told == "2"), 2)
    name = names[2].where(level == 2, names[1].where(level == 1))
    within = ("/" + names[1]).fillna("").where(level == 2, "")
    code = codes[2].where(level == 2, codes[1].where(level == 1))
    return _Area(country, level, code, name, country + within + "/" + name)


def _rows(theme: Theme, frame: pd.DataFrame) -> Iterator[Rows]:
    """Yield the rows of a theme, one set a measured column."""
    for part in theme.spread(frame):
        part = part.reset_index(drop=True)  # noqa: PLW2901
        if theme.table is Displacement:
            part["population_group"] = part["population_group"].map(lambda code: GROUPS.get(code, ("other",))[0])
        yield Rows(theme.table, part.drop(columns="locator"), part["locator"].astype("str"))


source = Hapi()
