"""Acute food insecurity by area (IPC and Cadre Harmonisé): people and their share in each phase, now and as projected.

The API's list of analyses and the CSV files of the Humanitarian Data Exchange, long and wide, are read. Decided here,
where they leave it open:

- Areas have names, no codes: an area's id is its country with the names that lead to it (``CAF/Ouaka/Bambari``).
- A projection looks ahead (quality *forecast*). A later analysis of the same area and months takes its place, known
  from the end of its month; what the earlier one said stays as an earlier version.
- Some periods hold no phases, only a population that stands for another area or for none (0): no figure is read there.
- Sums over areas are not made: published totals differ from them by rounding.
- Analyses are withdrawn and their months corrected: the API's answer is the list of all analyses of a country, so a
  known figure within the months from its first to its last is deleted when it is no longer there. The CSV files come
  apart by level, and take nothing away; the share of everybody, which is 1, stands in them only.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import pandas as pd
from hdx.location.country import Country
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.indicator import Indicator
from etl import not_fetched
from etl.client import get
from etl.columns import Columns
from etl.countries import iso3_of_code, known, wanted
from etl.delimited import Chunk, read
from etl.ipc_tables import LEVELS, long_tables
from etl.json_records import object_of, shown
from etl.json_text import read_json
from etl.markup import plain_text
from etl.months import first_day, last_day, span
from etl.numbers import to_number, to_whole_number
from etl.source import Ignored, Item, Payload, Reject, Replaces, Rows, Spec, Window
from etl.whole import A_PART

PERIODS = {"": "current", "_projected": "projected", "_second_projected": "second_projected"}
"""The ending of the fields of a period, and the beginning of the field that tells its months."""
PHASES = {"p3plus": "phase 3+", **{f"phase{n}": f"phase {n}" for n in range(1, 6)}}
ACUTE = "A"
VALIDITY = {"current": "reported", "first projection": "forecast", "second projection": "forecast"}
CSV_PHASES = {"all": "all", "3+": "phase 3+", **{str(n): f"phase {n}" for n in range(1, 6)}}
PEOPLE, SHARE = "ipc_people_in_phase", "ipc_share_in_phase"
UNITS = {PEOPLE: "people", SHARE: "share"}
MOST_LEVELS = 3
MOST_VANISHED_SHARE = 0.5
"""A country has few analyses, and one of two may be withdrawn; more is an answer that lacks most of the list."""
_ANSWER = re.compile(r"population-country-[a-z]{2}\.json")
"""How `Ipc.fetch` calls the whole list of a country."""
_OF_COUNTRY = (
    "t.source_id = 'ipc' AND t.country_iso3 = :country AND t.period_start_date >= :start AND t.period_end_date <= :end"
    f" AND NOT (t.indicator = '{SHARE}' AND t.breakdown = 'all')"
)
_AHEAD = timedelta(days=3 * 366)
"""Projections and long analyses end within so many days from now."""


class IpcSettings(BaseSettings):
    """``WAYPOST_IPC_KEY``: the key of the IPC API."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_IPC_", env_ignore_empty=True, hide_input_in_errors=True)

    key: str | None = None


class Node(NamedTuple):
    """A country, group or area of an analysis: the names that lead to it, its level, and its fields."""

    path: tuple[str, ...]
    fields: dict[str, Any]


class Ipc:
    """The source; see the module. ``clock`` tells now: an analysis of a later month is none."""

    spec = Spec(
        id="ipc",
        title="Acute food insecurity by phase (IPC and CH)",
        publisher="Integrated Food Security Phase Classification",
        url="https://api.ipcinfo.org/population",
        licence="free to use with attribution to IPC",
        cadence=timedelta(days=30),
        tables=(Indicator,),
        first_date=date(2017, 1, 1),
        rows=(1, 3_000_000),
        max_bytes=100_000_000,
        key_setting="WAYPOST_IPC_KEY",
        key_help="ask IPC for a key to its API (ipcinfo.org); the CSV files need none: etl run ipc --from FILE",
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - no window in the API
        """Yield the analyses of each of WAYPOST_COUNTRIES; the key is a part of the address, which no error repeats."""
        settings, failed = IpcSettings(), []
        if not settings.key:
            raise ConfigurationMissing("WAYPOST_IPC_KEY", f"is not set; {self.spec.key_help}")
        countries = wanted()
        for iso3 in countries:
            iso2 = Country.get_iso2_from_iso3(iso3, use_live=False) or ""
            try:
                body, kind = get(client, self.spec.url, self.spec.max_bytes, country=iso2, type=ACUTE, key=settings.key)
                yield Payload(f"population-country-{iso2.lower()}.json", body, kind)
            except httpx.HTTPStatusError as error:
                failed.append(f"{iso3} (status {error.response.status_code})")
            except httpx.TransportError as error:
                failed.append(f"{iso3} ({type(error).__name__})")
        if len(failed) == len(countries):
            raise PayloadRejected(self.spec.url, f"gave no answer for {', '.join(failed)[:500]}")
        if failed:
            yield not_fetched.note(failed)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the figures of all analyses of a payload."""
        if failed := not_fetched.noted(payload):
            yield failed
            return
        with payload.open() as stream:
            start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith((b"[", b"{")):
            with payload.open() as stream:
                yield from _table(long_tables(read(stream, payload.name, ()), payload.name), self.clock())
            yield A_PART
            return
        content = read_json(payload.name, payload.read(self.spec.max_bytes))
        if isinstance(content, dict) and content.get("type") == "FeatureCollection":
            told = (
                "is the map of one analysis: it tells neither its country nor its months; load the CSV files beside it"
            )
            raise PayloadRejected(payload.name, told)
        if not isinstance(content, list) or not content:
            raise PayloadRejected(payload.name, f"is no list of analyses: {shown(content)[:200]}")
        found = list(_analyses(content, self.clock()))
        yield from found
        rows = [item.frame for item in found if isinstance(item, Rows)]
        if _ANSWER.fullmatch(payload.name) and rows:
            yield from _replaced(pd.concat(rows))
        else:
            yield A_PART


def _replaced(figures: pd.DataFrame) -> Iterator[Replaces]:
    """Yield what the figures of all analyses of a country replace."""
    for country, told in figures.groupby("country_iso3"):
        values = {"country": country, "start": told["period_start_date"].min(), "end": told["period_end_date"].max()}
        yield Replaces(Indicator, _OF_COUNTRY, MOST_VANISHED_SHARE, values)


def _analyses(analyses: list[object], now: datetime) -> Iterator[Item]:
    """Yield the figures of acute analyses, the oldest first, so that the newest of a month stands."""
    order = []
    for number, analysis in enumerate(analyses, start=1):
        try:
            fields = object_of(analysis)
            if _text(fields, "condition") != ACUTE:
                yield Ignored(1, f"an analysis of another condition than acute ({_text(fields, 'condition')[:20]})")
                continue
            order.append((_known_at(_text(fields, "analysis_date"), now), number, fields))
        except ValueError as error:
            yield Reject("indicator", f"analysis {number}", str(error), shown(analysis))
    for known_at, number, fields in sorted(order, key=lambda one: (one[0], -one[1])):
        yield from _figures(fields, f"analysis {number}", known_at, now)


def _figures(analysis: dict[str, Any], place: str, known_at: datetime, now: datetime) -> Iterator[Item]:
    """Yield the figures of one analysis and all its areas; a period that cannot be read is rejected as a whole."""
    told: list[dict[str, Any]] = []
    iso3 = iso3_of_code(_text(analysis, "country"))
    if iso3 is None:
        yield Reject("indicator", place, f"country is none ({_text(analysis, 'country')[:40]})", shown(analysis))
        return
    try:
        nodes = list(_nodes((), analysis, 0))
    except ValueError as error:
        yield Reject("indicator", place, str(error), shown(analysis))
        return
    for ending, name in PERIODS.items():
        text = _text(analysis, f"{name}_period_dates")
        months = span(text)
        if text and (months is None or months[1] > (now + _AHEAD).date()):
            reason = f"{name}_period_dates are no months like May 2021 - Jun 2021 ({text[:60]})"
            yield Reject("indicator", place, reason, shown(analysis))
            continue
        for node in nodes:
            found = list(_cells(node.fields, ending))
            where = f"{place}, {'/'.join((iso3, *node.path))}"
            if found and months is None:
                reason = f"has figures for {name} months that the analysis does not tell"
                own = {key: value for key, value in node.fields.items() if key not in {"groups", "areas", "metadata"}}
                yield Reject("indicator", where, reason, shown(own))
            elif months is not None:
                row = _row(iso3, node.path, months, known_at, ending)
                told += [
                    {**row, "indicator": kind, "breakdown": part, "text": cell, "locator": f"{where}, {part}"}
                    for kind, part, cell in found
                ]
    yield from _rows(pd.DataFrame(told)) if told else ()


def _row(
    iso3: str, path: tuple[str, ...], months: tuple[date, date], known_at: datetime, ending: str
) -> dict[str, Any]:
    """Return what the figures of one area and period have in common."""
    return {
        "source_id": "ipc",
        "country_iso3": iso3,
        "area_id": "/".join((iso3, *path)),
        "area_id_kind": "name" if path else "iso3",
        "area_name": path[-1] if path else None,
        "admin_level": len(path),
        "period_start_date": months[0],
        "period_end_date": months[1],
        "quality": "forecast" if ending else "reported",
        "known_at": known_at,
    }


def _nodes(path: tuple[str, ...], fields: dict[str, Any], level: int) -> Iterator[Node]:
    """Yield an area and those within it; raise ValueError when they are too deep or have no name."""
    if level > MOST_LEVELS:
        raise ValueError(f"has areas within areas over more than {MOST_LEVELS} levels")
    yield Node(path, fields)
    for key in ("groups", "areas"):
        inner = fields.get(key) or []
        if not isinstance(inner, list) or not all(isinstance(one, dict) for one in inner):
            raise ValueError(f"{key} is no list of areas")
        for one in inner:
            name = plain_text(_text(one, "name")).replace("/", "-")
            if not name:
                raise ValueError(f"{key} has an area without a name ({shown(one.get('id'))[:40]})")
            yield from _nodes((*path, name), one, level + 1)


def _cells(fields: dict[str, Any], ending: str) -> Iterator[tuple[str, str, str]]:
    """Yield indicator, breakdown and text of the figures of a period; nothing where it has no phases."""
    found = []
    for key, part in PHASES.items():
        people = f"{key}{ending}" if key == "p3plus" else f"{key}_population{ending}"
        for kind, name in ((PEOPLE, people), (SHARE, f"{key}_percentage{ending}")):
            if name in fields:
                found.append((kind, part, _plain(fields[name])))
    if not any(text for _, _, text in found):
        return
    whole = f"estimated_population{ending}"
    if whole in fields:
        found.append((PEOPLE, "all", _plain(fields[whole])))
    yield from found


def _rows(frame: pd.DataFrame) -> Iterator[Item]:
    """Turn the texts of figures into values, and yield them with those that are none."""
    is_share = frame["indicator"] == SHARE
    text = frame["text"].astype("str")
    people, no_people = to_whole_number(text)
    share, no_share = to_number(text)
    no_share |= ~share.between(0, 1) & share.notna()
    bad = no_share.where(is_share, no_people)
    for row in frame[bad].to_dict("records"):
        what = "share from 0 to 1" if row["indicator"] == SHARE else "plain whole number of 0 or more"
        yield Reject("indicator", row["locator"], f"is no {what} ({row['text'][:80]})", row["text"][:2000])
    value = share.where(is_share, people.astype("float64"))
    good = frame.assign(value=value, unit=frame["indicator"].map(UNITS))[~bad]
    if len(good):
        yield Rows(Indicator, good.drop(columns=["text", "locator"]), good["locator"].astype("str"))


def _text(record: dict[str, Any], key: str) -> str:
    """Return a field as text, empty where it is absent or no plain value."""
    value = record.get(key)
    return value.strip() if isinstance(value, str) else ""


def _plain(value: object) -> str:
    """Return a figure as text, empty where it is null; what is no figure stays visible."""
    return "" if value is None else value.strip() if isinstance(value, str) else shown(value)


def _known_at(text: str, now: datetime) -> datetime:
    """Return the end of the month of an analysis, or now while it lasts; raise ValueError for no or a later month."""
    first = first_day(text)
    if first is None or first > now.date():
        raise ValueError(f"analysis_date is no month like Apr 2023, or a later one ({text[:40]})")
    end = datetime.combine(last_day(first), datetime.min.time(), UTC) + timedelta(hours=23, minutes=59)
    return min(end, now)


def _table(chunks: Iterable[Chunk | Ignored], now: datetime) -> Iterator[Item]:
    """Yield the figures of a CSV file."""
    for chunk in chunks:
        if isinstance(chunk, Ignored):
            yield chunk
            continue
        columns = Columns(chunk, chunk.where)
        frame = columns.good(_long(columns, now))
        yield from columns.rejects("indicator")
        for kind, unit in UNITS.items():
            told = frame[(frame["breakdown"] != "all") | frame[kind].notna()]  # wide files have no share of all
            if len(told):
                named = {"indicator": kind, "unit": unit, "value": told[kind].astype("float64")}
                rows = told.drop(columns=list(UNITS)).assign(**named)
                yield Rows(Indicator, rows, columns.locators()[told.index])


def _long(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the figures of a chunk; what is wrong with them is noted in ``columns``."""
    country = columns.text("Country", "")
    columns.fault(~country.isin(known()), "Country", "is no country")
    analysed = columns.text("Date of analysis", "")
    months = {text: first_day(text) for text in analysed.unique()}
    good = {text: _known_at(text, now) for text, month in months.items() if month and month <= now.date()}
    columns.fault(~analysed.isin(list(good)), "Date of analysis", "is no month like Apr 2023, or a later one")
    names = pd.concat([columns.text(name, "").map(plain_text).str.replace("/", "-") for name in LEVELS], axis=1)
    paths = [tuple(name for name in row if name) for row in names.to_numpy(dtype=str)]
    share = columns.number("Percentage")
    columns.fault(share.notna() & ~share.between(0, 1), "Percentage", "is no share from 0 to 1")
    return pd.DataFrame(
        {
            "source_id": "ipc",
            "breakdown": columns.code("Phase", CSV_PHASES),
            "country_iso3": country,
            "area_id": ["/".join((c, *path)) for c, path in zip(country, paths, strict=True)],
            "area_id_kind": ["name" if path else "iso3" for path in paths],
            "area_name": [path[-1] if path else None for path in paths],
            "admin_level": [len(path) for path in paths],
            "period_start_date": columns.date("From", now=now + _AHEAD, needed=True),
            "period_end_date": columns.date("To", now=now + _AHEAD, needed=True),
            PEOPLE: columns.whole_number("Number"),
            SHARE: share,
            "quality": columns.code("Validity period", VALIDITY),
            "known_at": pd.to_datetime(analysed.map(good), utc=True),
        },
        index=country.index,
    )


source = Ipc()
