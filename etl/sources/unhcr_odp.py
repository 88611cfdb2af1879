"""Refugees by situation from UNHCR's operational portal (data.unhcr.org): newer than the yearly figures, fragile.

The addresses behind the portal's charts are not documented, and since September 2026 programs get a page of JavaScript
with status 404 instead of an answer. So the source is optional: it asks only for what `UnhcrOdpSettings` names, says
clearly when it was refused, and the same figures can be loaded from files. Decided here, where it is open:

- A cumulative figure counts everybody ever recorded, a point-in-time figure who is there. They are series of their own
  and never compared; a cumulative one adds up with nothing (`is_additive`).
- Origins are told by UNHCR's own country codes (SUD is Sudan): the name decides. "Others" is no country.
- A time series is of a situation, without countries: it becomes an indicator. Its answer does not tell its population
  group, nor a place within the situation; the payload's name does (``population_group-5478``, ``geo_id-729``).
- A time series is restated: a known point between its first and its last day is deleted when it is no longer there. A
  series by month or week has not all days, and takes nothing away; nor do the figures of countries, one day each.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from etl import not_fetched
from etl.client import send
from etl.countries import iso3_of_name
from etl.json_records import object_of, shown
from etl.json_text import read_json
from etl.markup import plain_text
from etl.numbers import to_date, to_whole_number
from etl.source import Ignored, Item, Payload, Reject, Replaces, Rows, Spec, Window

TYPES = {
    "REF": "refugee", "ASY": "asylum_seeker", "IDP": "idp", "STA": "stateless", "RET": "returned_refugee",
    "RDP": "returned_idp", "OOC": "other", "ROC": "other", "OIP": "other", "OTH": "other",
}  # fmt: skip
COUNTS = {"C": "cumulative", "P": "point_in_time", "N": "point_in_time"}
ALIASES = {"Serbia and Kosovo: S/RES/1244 (1999)": "SRB"}
NO_COUNTRY = ("Others", "Other", "Various", "Unknown", "Stateless")
PEOPLE = "unhcr_individuals"
HELP = (
    "name the charts of the portal to fetch, with spaces between them, each as its address has it after"
    " /population/get/: origin?geo_id=220&population_collection=429"
)
_QUERY = re.compile(r"^(timeseries|sublocation|origin)\?[A-Za-z0-9_=&,-]{1,300}$")
_GROUP = re.compile(r"population[_-](?P<kind>group|collection)[_-](?P<id>[0-9]{1,9}(?:-[0-9]{1,9})*)")
_PLACE = re.compile(r"(?:^|[^a-z])geo[_-]id[_-]([0-9]{1,9})")
_EVERY_DAY = re.compile(r"(?:^|[^a-z])frequency[_-]day(?:[^a-z]|$)")
MOST_VANISHED_SHARE = 0.5
"""A part of a series may be withdrawn; most of it gone is an answer that was cut."""
_OF_SERIES = (
    "t.source_id = 'unhcr_odp' AND t.area_id = :area AND t.breakdown = :part"
    " AND t.period_end_date BETWEEN :start AND :end"
)
_SITUATION = re.compile(r"(?:^|[^a-z])sv[_-]id[_-]([0-9]{1,9})")


class UnhcrOdpSettings(BaseSettings):
    """``WAYPOST_UNHCR_ODP_QUERIES``: the charts to fetch; see `HELP`. The ids are in the address of each chart."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_UNHCR_ODP_", env_ignore_empty=True)

    queries: str = ""


class UnhcrOdp:
    """The source; see the module. ``clock`` tells now: no figure is of a later day."""

    spec = Spec(
        id="unhcr_odp",
        title="Refugees by situation (UNHCR operational portal)",
        publisher="UNHCR, Operational Data Portal",
        url="https://data.unhcr.org/population/get/",
        licence="CC BY 4.0",
        cadence=timedelta(days=7),
        tables=(Displacement, Indicator),
        first_date=date(2011, 1, 1),
        rows=(1, 500_000),
        max_bytes=50_000_000,
        key_setting="WAYPOST_UNHCR_ODP_QUERIES",
        key_help=HELP,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - no window in the portal
        """Yield the answer of each chart; raise PayloadRejected when the portal gave none at all."""
        queries, failed = UnhcrOdpSettings().queries.split(), []
        if not queries or (bad := [query for query in queries if not _QUERY.match(query)]):
            raise ConfigurationMissing(
                "WAYPOST_UNHCR_ODP_QUERIES", f"is {bad[0][:80] if queries else 'not set'}; {HELP}"
            )
        for query in queries:
            try:
                request = client.build_request("GET", f"{self.spec.url}{query}")
                body, kind = send(client, request, self.spec.max_bytes)
                refused = "" if "json" in kind else f"{kind[:60] or 'no content type'} instead of JSON"
            except httpx.HTTPStatusError as error:
                refused = f"status {error.response.status_code}, {error.response.headers.get('content-type', '')[:60]}"
            except httpx.TransportError as error:
                refused = type(error).__name__
            if refused:
                failed.append(f"{query} ({refused})")
            else:
                yield Payload(re.sub(r"[?=&,]+", "-", query) + ".json", body, kind)
        if len(failed) == len(queries):
            hint = "most likely the portal's challenge for programs; use unhcr_stats or files from HDX instead"
            raise PayloadRejected(self.spec.url, f"gave no answer for {', '.join(failed)[:500]}: {hint}")
        if failed:
            yield not_fetched.note(failed)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the figures of one chart."""
        if failed := not_fetched.noted(payload):
            yield failed
            return
        body = payload.read(self.spec.max_bytes)
        if not body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            raise PayloadRejected(payload.name, "is no JSON; the portal answers programs with a page of JavaScript")
        content = read_json(payload.name, body)
        data = content.get("data") if isinstance(content, dict) else None
        if isinstance(data, dict) and isinstance(data.get("timeseries"), list):
            yield from _series(payload.name, content, data["timeseries"], self.clock())
        elif isinstance(data, list) and data:
            yield from _places(data, self.clock())
        else:
            raise PayloadRejected(payload.name, f"holds no figures: {shown(content)[:200]}")


def _places(records: list[Any], now: datetime) -> Iterator[Item]:
    """Yield the figures of countries."""
    rows, where = [], []
    for number, record in enumerate(records, start=1):
        place = f"record {number}"
        try:
            rows.append(_place(record, now))
            where.append(f"{place} ({rows[-1]['country_iso3']})")
        except ValueError as error:
            yield Reject("displacement", place, str(error), shown(record))
    if not rows:
        return
    frame = pd.DataFrame(rows)
    twice = frame.duplicated("record_id", keep=False)
    for label in frame.index[twice]:
        raw = shown(records[int(where[label].split()[1]) - 1])
        yield Reject("displacement", where[label], "is told twice, of the same group and day", raw)
    if not twice.all():
        yield Rows(Displacement, frame[~twice], pd.Series(where, dtype="str")[~twice])


def _place(told_record: object, now: datetime) -> dict[str, Any]:
    """Return a country's figure as a row; raise ValueError with what is wrong with it."""
    record = object_of(told_record)
    name = _text(record, "geomaster_name")
    country = ALIASES.get(name) or iso3_of_name(name)
    if _text(record, "admin_level") != "Country" or country is None:
        raise ValueError(f"is about no country ({name[:60]}, {_text(record, 'admin_level')[:20]})")
    groups = record.get("population_groups")
    told = groups if isinstance(groups, list) else [record]
    if not told or not all(isinstance(group, dict) for group in told):
        raise ValueError("population_groups is no list of groups")
    kind = _one(told, "pop_type_code", TYPES)
    count = _one(told, "pop_frequency_cumulative_code", COUNTS)
    origins = {_text(group, "pop_origin_name") for group in told} - {""}
    origin = next(iter(origins)) if len(origins) == 1 else ""
    iso3 = iso3_of_name(origin) if origin and origin not in NO_COUNTRY else None
    if origin and iso3 is None and origin not in NO_COUNTRY:
        raise ValueError(f"pop_origin_name is no country ({origin[:60]})")
    ids = "+".join(sorted(re.findall("[0-9]{1,9}", _text(record, "population_group_id"))))
    day = _day(_text(record, "date"), "date", now)
    return {
        "source_id": "unhcr_odp",
        "record_id": f"{count}:{ids}:{country}:{origin}:{day:%Y-%m-%d}",
        "series": f"{count} {ids}",
        "population_group": kind,
        "measure": "stock",
        "country_iso3": country,
        "origin_iso3": iso3,
        "admin_level": 0,
        "period_start_date": day,
        "period_end_date": day,
        "people": _people(_text(record, "individuals")),
        "is_additive": count == "point_in_time",
        "quality": "provisional",
        "note": plain_text(_text(record, "source")) or None,
    }


def _one(groups: list[dict[str, Any]], key: str, codes: dict[str, str]) -> str:
    """Return the one meaning of a code of all groups of a figure; raise ValueError for an unknown one or several."""
    told = {_text(group, key) for group in groups}
    if unknown := sorted(told - set(codes)):
        raise ValueError(f"{key} is none of {', '.join(codes)} ({unknown[0][:40]})")
    found = {codes[code] for code in told}
    if len(found) > 1:
        raise ValueError(f"{key} differs within one figure ({', '.join(sorted(told))})")
    return found.pop()


def _series(name: str, content: dict[str, Any], points: list[Any], now: datetime) -> Iterator[Item]:
    """Yield the figures of a situation's time series."""
    told = _SITUATION.search(name)
    situation = _text(content, "situation_view_id") or (told[1] if told else "")
    title = plain_text(_text(content, "situation_view_name"))
    if not re.fullmatch("[0-9]{1,9}", situation):
        raise PayloadRejected(name, f"has no number situation_view_id ({situation[:40]})")
    group = _GROUP.search(name)
    if group is None:
        yield Ignored(0, "the payload's name has no population_group, so its series is that of no known group")
    parts = [f"population {group['kind']} {group['id']}"] if group else []
    parts += [f"place {place[1]}"] if (place := _PLACE.search(name)) else []
    rows, where = [], []
    for number, point in enumerate(points, start=1):
        try:
            fields = object_of(point)
            day, people = _day(_text(fields, "data_date"), "data_date", now), _people(_text(fields, "individuals"))
            rows.append({"period_start_date": day, "period_end_date": day, "value": people})
            where.append(f"point {number}")
        except ValueError as error:
            yield Reject("indicator", f"point {number}", str(error), shown(point))
    if rows:
        frame = pd.DataFrame(rows).assign(
            source_id="unhcr_odp", indicator=PEOPLE, breakdown="; ".join(parts),
            country_iso3=None, area_id=f"UNHCR situation {situation}", area_id_kind="name", area_name=title or None,
            admin_level=0, unit="people", quality="provisional",
        )  # fmt: skip
        yield Rows(Indicator, frame, pd.Series(where, dtype="str"))
        if group and _EVERY_DAY.search(name):
            days = {"start": frame["period_end_date"].min(), "end": frame["period_end_date"].max()}
            values = {"area": frame["area_id"][0], "part": "; ".join(parts), **days}
            yield Replaces(Indicator, _OF_SERIES, MOST_VANISHED_SHARE, values)


def _text(record: dict[str, Any], key: str) -> str:
    """Return a field as text, empty where it is absent, null or no plain value."""
    value = record.get(key)
    return value.strip() if isinstance(value, str) else ""


def _people(text: str) -> int | None:
    """Return a count, None where it is not told; raise ValueError for anything else."""
    values, unread = to_whole_number(pd.Series([text], dtype="str"))
    if unread[0]:
        raise ValueError(f"individuals is no plain whole number of 0 or more ({text[:40]})")
    return None if pd.isna(values[0]) else int(values[0])


def _day(text: str, key: str, now: datetime) -> pd.Timestamp:
    """Return a date; raise ValueError for none, one in another form, or an impossible one."""
    values, unread = to_date(pd.Series([text], dtype="str"), now=now)
    if unread[0] or pd.isna(values[0]):
        raise ValueError(f"{key} is no date like 2024-06-30, or an impossible one ({text[:40]})")
    return pd.Timestamp(values[0])


source = UnhcrOdp()
