"""Events and deletions of ACLED as rows; what is decided about them stands in `etl.sources.acled`."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
from hdx.location.country import Country

from data.schema.conflict_event import ConflictEvent
from etl.acled_names import country_of
from etl.columns import Columns
from etl.countries import known
from etl.day_order import iso_days
from etl.delimited import Chunk
from etl.geography import with_odd_positions
from etl.month_names import iso_day
from etl.source import Ignored, Item, Replaces

REQUIRED = (
    "event_id_cnty", "event_date", "event_type", "iso", "latitude", "longitude", "geo_precision", "fatalities",
)  # fmt: skip
OPTIONAL = ("country", "admin1", "inter1", "inter2", "civilian_targeting", "timestamp")
IGNORED = (
    "year", "time_precision", "disorder_type", "sub_event_type", "actor1", "assoc_actor_1", "actor2", "assoc_actor_2",
    "interaction", "region", "admin2", "admin3", "location", "source", "source_scale", "notes", "tags", "data_id",
    "event_id_no_cnty", "iso3", "population_1km", "population_2km", "population_5km", "population_best",
)  # fmt: skip
"""Columns that are known and not read, those of the API before 2025 and the optional ones among them."""
FIELDS = (*REQUIRED, *OPTIONAL)
DELETED = ("event_id_cnty", "deleted_timestamp")
ONE_SIDED, FIGHTING = "Violence against civilians", ("Battles", "Explosions/Remote violence")
NO_VIOLENCE = ("Protests", "Riots", "Strategic developments")
SIDES = {"1": "state", "state forces": "state", "8": "outside", "external/other forces": "outside", "": "", "0": ""}
"""``inter1`` and ``inter2``, as codes or words; every other one is an armed group, a crowd or civilians."""
CIVILIANS = ("7", "civilians")
PRECISIONS = {"1": "exact", "2": "near", "3": "admin1"}
SCOPE = "t.source_id = 'acled' AND t.event_id = ANY(:ids)"
_ID = r"[A-Z]{3}[0-9]{1,12}"
_WRITTEN_DAY = re.compile(r"^([0-9]{1,2})[ -]([A-Za-z]{3,9})[ -]([0-9]{4}|[0-9]{2})$")
_FIRST_YEAR = 97
"""ACLED begins in 1997: a year of two digits can only be one."""


def deletions(chunk: Chunk) -> Iterator[Item]:
    """Yield the end of the events that ACLED names as deleted."""
    columns = Columns(chunk, chunk.where)
    ids = columns.good(_ids(columns).to_frame("id"))["id"]
    yield from columns.rejects("conflict_event")
    yield Ignored(0, f"{len(ids):,} events are named as deleted")
    yield Replaces(ConflictEvent, SCOPE, 1.0, {"ids": ids.tolist()})


def events(chunk: Chunk, now: datetime) -> Iterator[Item]:
    """Yield the events of a chunk; a row with anything unreadable is rejected whole."""
    chunk, seconds = _of_two_sides(chunk)
    if seconds:
        yield Ignored(seconds, "the second side of an event (a monadic export has a row for each): told with the first")
    kind = chunk.frame["event_type"].str.strip()
    left_out = kind.isin(NO_VIOLENCE)
    if left_out.any():
        counts = ", ".join(f"{count:,} {name}" for name, count in kind[left_out].value_counts().sort_index().items())
        yield Ignored(int(left_out.sum()), f"no organised violence: {counts}")
        ids = _ids(Columns(chunk.without(~left_out), chunk.where))
        yield Replaces(ConflictEvent, SCOPE, 1.0, {"ids": ids[ids.str.fullmatch(_ID)].tolist()})
        chunk = chunk.without(left_out)
    columns = Columns(chunk, chunk.where)
    yield from columns.items(ConflictEvent, _typed(columns, now))


def whole_events(chunks: Iterable[Chunk | Ignored]) -> Iterator[Chunk | Ignored]:
    """Yield chunks that end between two events: a monadic export may be cut between the sides of one."""
    held: Chunk | None = None
    for chunk in chunks:
        if isinstance(chunk, Ignored) or not _is_monadic(chunk):
            yield chunk
            continue
        if held is not None:
            frame, lines = pd.concat([held.frame, chunk.frame]), pd.concat([held.lines, chunk.lines])
            chunk = without_texts(replace(chunk, frame=frame, lines=lines))  # noqa: PLW2901 - what was held goes first
        ids = chunk.frame["event_id_cnty"]
        is_last = ids == (ids.iloc[-1] if len(ids) else "")
        held = replace(chunk.without(~is_last), broken=[])
        yield chunk.without(is_last)
    if held is not None:
        yield held


def _is_monadic(chunk: Chunk) -> bool:
    """Tell whether a chunk has one side of an event a row."""
    return "inter1" in chunk.frame and "inter2" not in chunk.frame


def _of_two_sides(chunk: Chunk) -> tuple[Chunk, int]:
    """Return a chunk with one row an event, and how many second rows there were.

    A monadic export has one side a row, and no ``inter2``.
    """
    frame = chunk.frame
    if not _is_monadic(chunk):
        return chunk, 0
    ids = frame["event_id_cnty"].str.strip()
    again = ids.duplicated()
    sides = frame["inter1"].groupby(ids).transform("last")
    return replace(chunk, frame=frame.assign(inter2=sides)).without(again), int(again.sum())


def _typed(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the events of a chunk; what is wrong with them is noted in ``columns``."""
    raw = columns.chunk.frame
    raw["event_date"] = iso_days(raw["event_date"].map(_day))
    day = columns.date("event_date", "%Y-%m-%d", now=now, needed=True)
    events = pd.DataFrame(
        {
            "source_id": "acled",
            "event_id": _ids(columns),
            "kind": _kind(columns),
            "start_date": day,
            "end_date": day,
            "country_iso3": _iso3(columns),
            "admin1_name": columns.text("admin1"),
            "longitude": columns.number("longitude", needed=True),
            "latitude": columns.number("latitude", needed=True),
            "location_precision": columns.code("geo_precision", PRECISIONS, is_number=True),
            "location_flag": pd.Series(None, index=raw.index, dtype="str"),
            "fatalities_best": columns.whole_number("fatalities"),
            "known_at": _known_at(columns, now),
        }
    )
    return with_odd_positions(events)


def _day(text: str) -> str:
    """Return 1 January 2018 and what a spreadsheet makes of it as 2018-01-01, any other text as it is.

    >>> _day("01 January 2018"), _day("1-Jan-18"), _day("1-Jan-97"), _day("01/02/2018")
    ('2018-01-01', '2018-01-01', '1997-01-01', '01/02/2018')
    """
    found = _WRITTEN_DAY.match(text.strip())
    if found is None:
        return text
    century = "" if len(found[3]) == len("2018") else "19" if int(found[3]) >= _FIRST_YEAR else "20"
    return iso_day(f"{found[1].zfill(2)} {found[2]} {century}{found[3]}")


def _ids(columns: Columns) -> "pd.Series[str]":
    """Return the events' ids."""
    ids = columns.text("event_id_cnty", "")
    columns.fault(~ids.str.fullmatch(_ID), "event_id_cnty", "is no id like SOM12345")
    return ids


def _kind(columns: Columns) -> "pd.Series[str]":
    """Return what kind of violence each event is, see the module."""
    told = columns.text("event_type", "")
    columns.fault(~told.isin((ONE_SIDED, *FIGHTING)), "event_type", "is no event type known here")
    sides = [columns.text(n, "").str.casefold().str.removesuffix(".0") for n in ("inter1", "inter2")]
    met = pd.concat([side.map(lambda code: SIDES.get(code, "group")) for side in sides], axis=1)
    has_state, has_outside, has_group = ((met == side).any(axis=1) for side in ("state", "outside", "group"))
    kind = pd.Series("other", index=told.index).mask(has_group & ~has_outside, "non_state")
    targets_civilians = columns.text("civilian_targeting", "").str.casefold() == "civilian targeting"
    if "civilian_targeting" not in columns.chunk.frame:
        has_civilians = pd.concat([side.isin(CIVILIANS) for side in sides], axis=1).any(axis=1)
        targets_civilians = has_civilians & (told == "Explosions/Remote violence")
    return kind.mask(has_state, "state_based").mask(targets_civilians | (told == ONE_SIDED), "one_sided")


def _iso3(columns: Columns) -> "pd.Series[str]":
    """Return the alpha-3 code behind ACLED's number of a country, or behind its name where the number is 0 or none."""
    numbers, names = columns.text("iso", "").str.removesuffix(".0"), columns.text("country", "")
    pairs = {pair: _country_of(*pair) for pair in dict.fromkeys(zip(numbers, names, strict=True))}
    found = pd.Series([pairs[pair] for pair in zip(numbers, names, strict=True)], index=numbers.index, dtype="str")
    columns.fault(found.isna(), "iso", "is no ISO 3166-1 number, and country names none")
    return found


def _country_of(number: str, name: str) -> str | None:
    """Return the alpha-3 code of a country by its number or name, None where there is none."""
    if number.isdecimal() and 0 < len(number) <= 3 and int(number):
        known()
        code = Country.get_iso3_from_m49(int(number), use_live=False)
        return str(code) if code else None
    return country_of(name) if number in ("", "0") else None


def _known_at(columns: Columns, now: datetime) -> "pd.Series[pd.Timestamp]":
    """Return when ACLED last changed each row, missing where it does not say."""
    seconds = columns.whole_number("timestamp")
    latest = int((now + timedelta(days=1)).timestamp())
    columns.fault((seconds > latest).fillna(value=False), "timestamp", "lies in the future")
    possible = seconds.where((seconds > 0) & (seconds <= latest))
    return pd.to_datetime(possible.astype("Float64").astype("float64"), unit="s", utc=True)


def without_texts(chunk: Chunk) -> Chunk:
    """Return a chunk that shows of its rows only what is read: the rest may name persons."""
    broken = [replace(item, text="(not kept: the line may hold notes that name persons)") for item in chunk.broken]
    return replace(chunk, broken=broken, text=lambda row: json.dumps(chunk.frame.loc[row].to_dict())[:2000])
