"""From payloads to rows: archive, parse, place in the world, check expectations, load atomically, record the run."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
from tqdm import tqdm

from data.errors import ConfigurationMissing, ExpectationBroken, WaypostError
from data.load import Load
from data.schema import Versioned
from data.schema.source_run import SourceRun
from data.store import Store
from etl.archive import Archive, sha256_of
from etl.client import client
from etl.expectations import Usual, doubts, usual
from etl.geography import looks_swapped, outside_country
from etl.repeat import counts_of, program_sha256, repeated
from etl.source import Ignored, Item, Keeps, Landing, Payload, Reject, Rows, Source, Spec, Window, Withdrawn
from etl.status_news import joined
from etl.withdrawals import looked_up

COUNTRY_TOLERANCE_KM = 25.0
"""How far outside its declared country a point may lie: outlines are simplified and our points lie on borders."""
MOST_OUTSIDE_SHARE = 0.2


@dataclass(frozen=True)
class Setting:
    """How a payload is read within a situation: the prefix of its local place ids and the assumed delay of knowledge.

    ``lag`` missing means that rows without a stated time become known when they are loaded.
    """

    situation_id: str | None = None
    lag: timedelta | None = None


@dataclass
class _Tally:
    """What the expectations look at, over all payloads of a run."""

    rows: int = 0
    located: int = 0
    outside: int = 0
    swapped: int = 0
    filled: set[str] = field(default_factory=set)


def run(store: Store, archive: Archive, source: Source, window: Window, *, live: bool = True) -> dict[str, int]:
    """Fetch a source for a window and load it; failures are recorded, raised, and leave the last good data.

    A ``live`` look reaches until now and is compared with the looks before it; a slice of the past is neither.
    """
    is_look = _is_look(source.spec, live=live)
    try:
        with client(httpx.URL(source.spec.url).host, *source.spec.hosts, archive=archive) as session:
            payloads = list(source.fetch(session, window))
    except ConfigurationMissing as error:
        store.note_run(source.spec.id, "not_configured", str(error), is_look=is_look)
        raise
    except (httpx.HTTPError, WaypostError) as error:
        store.note_run(source.spec.id, "failed", said(source, error), is_look=is_look)
        raise
    return load(store, archive, source, payloads, known=usual(store, source.spec) if live else None)


def _is_look(spec: Spec, *, live: bool) -> bool:
    """Tell whether a run says how a source stands; one without a cadence is only ever sent, so each sending does."""
    return live or spec.cadence is None


def said(source: Source, error: Exception) -> str:
    """Return an error in words that may be shown and kept: at most 2,000 characters, without the source's key.

    Ours are sentences; one of the client is named before its words, which alone are often none.
    """
    key = os.environ.get(source.spec.key_setting or "", "")
    name = "" if isinstance(error, WaypostError) else f"{type(error).__name__}: "
    words = f"{name}{error}".splitlines()[0][:2000]
    return words.replace(key, "***") if key else words


def load(
    store: Store,
    archive: Archive,
    source: Source,
    payloads: Iterable[Payload],
    setting: Setting | None = None,
    known: Usual | None = None,
) -> dict[str, int]:
    """Load payloads of one source, all or nothing; return the run's row counts.

    ``known`` is what a live look is compared with (missing: files and slices of the past, which are not compared).
    Raises `data.errors.WaypostError` when a payload is not what the source publishes or breaks its expectations.
    """
    payloads = list(payloads)
    hashes = [sha256_of(payload) for payload in payloads]
    names, digest = ", ".join(p.name for p in payloads), ", ".join(hashes)
    before = repeated(store, source.spec, digest) if setting is None else None
    setting = setting or Setting()
    if before is not None:
        return _again(store, source.spec, before, names, known)
    tally = _Tally()
    is_look = _is_look(source.spec, live=known is not None)
    with store.load(source.spec.id, names, digest, program_sha256(), is_look=is_look) as target:
        target.wait_for(source.spec.rows_of or source.spec.id)
        target.believes_losses = known is not None and known.is_believed
        for payload in payloads:
            target.next_payload()
            placed = (_placed(item, setting) for item in source.parse(payload))
            items = joined(store, looked_up(store, placed))
            for item in tqdm(items, desc=f"{source.spec.id}: {payload.name}", unit=" parts", leave=False):
                _take(target, item, setting, tally)
        _expect(source, tally)
        if known is not None:
            newest, now = target.newest_content_at, datetime.now(UTC)
            for doubt in doubts(source.spec, known, target.counts["read"], frozenset(tally.filled), newest, now):
                target.ignore(0, doubt)
        for payload in payloads:  # after parsing: a file refused for what it holds about people is not kept
            archive.keep(payload)
    return target.counts


def _again(store: Store, spec: Spec, before: dict[str, Any], names: str, known: Usual | None) -> dict[str, int]:
    """Record a look that found exactly what the last good one did; a feed that stands still is doubted all the same."""
    counts, newest, told = counts_of(before), before["newest_content_at"], ["the same content as at the last look"]
    if known is not None:
        told += doubts(spec, known, counts["read"], known.filled, newest, datetime.now(UTC))
    values = {f"rows_{name}": count for name, count in counts.items()}
    values |= {name: before[name] for name in ("payload_sha256", "program_sha256", "newest_content_at")}
    values |= {"is_look": _is_look(spec, live=known is not None)}
    store.note_run(spec.id, "unchanged", "; ".join(told), payload_name=names, **values)
    return counts


def is_loaded(store: Store, source_id: str, payloads: Iterable[Payload]) -> bool:
    """Tell whether exactly these payloads were loaded together before."""
    hashes = ", ".join(sha256_of(payload) for payload in payloads)
    runs = store.read(SourceRun, source_id=source_id, payload_sha256=hashes, status=["ok", "unchanged"])
    return not runs.empty


def _placed(item: Item, setting: Setting) -> Item:
    """Return an item with the places of its rows in their situation."""
    if not isinstance(item, (Rows, Withdrawn)):
        return item
    return replace(item, frame=qualify(item.frame, item.table, setting.situation_id))


def _take(target: Load, item: Landing, setting: Setting, tally: _Tally) -> None:
    """Hand one parsed item to the load."""
    if isinstance(item, Rows):
        tally.rows += len(item.frame)
        tally.filled |= {item.table.__tablename__} if len(item.frame) else set()
        _take_rows(target, item, setting, tally)
    elif isinstance(item, Reject):
        target.reject(item.table_name, item.locator, item.reason, item.raw)
    elif isinstance(item, Ignored):
        target.ignore(item.rows, item.reason)
    elif isinstance(item, Keeps):
        target.keeps(item.table, item.condition, **item.values)
    else:
        target.replaces(item.table, item.condition, item.max_vanished_share, **item.values)


def _take_rows(target: Load, item: Rows, setting: Setting, tally: _Tally) -> None:
    """Keep out rows that lie outside their country, and stage the rest."""
    frame = item.frame
    newest = _content_times(frame, item.table)
    if newest is not None and setting.lag is not None and "known_at" not in frame:
        frame = frame.assign(assumed_known_at=newest + setting.lag)
    if "country_iso3" in frame and "longitude" in frame and item.table.__tablename__ != "hazard_event":
        outside = outside_country(frame, COUNTRY_TOLERANCE_KM)
        tally.located += int(frame["longitude"].notna().sum())
        tally.outside += int(outside.sum())
        if outside.any() and looks_swapped(frame[outside]):
            tally.swapped += int(outside.sum())
        for label in frame.index[outside]:
            row = frame.loc[label]
            where = str(label) if item.locators is None else str(item.locators[label])
            place = f"longitude {row['longitude']}, latitude {row['latitude']}"
            reason = f"{place} lies more than {COUNTRY_TOLERANCE_KM:g} km outside {row['country_iso3']}"
            target.reject(item.table.__tablename__, where, reason, row.to_json(date_format="iso"))
        frame = frame[~outside]
    target.add(item.table, frame, item.locators)
    if newest is not None and newest[frame.index].notna().any():
        target.seen(newest[frame.index].max().to_pydatetime())


def _content_times(frame: pd.DataFrame, table: type[Versioned]) -> "pd.Series[Any] | None":
    """Return the instant each row's content is about, None for a timeless table."""
    name = table.content_time
    if name is None or name not in frame:
        return None
    return pd.to_datetime(frame[name], errors="coerce", utc=True)


def qualify(frame: pd.DataFrame, table: type[Versioned], situation_id: str | None) -> pd.DataFrame:
    """Give local place ids the prefix of their situation; ids that have one are kept.

    >>> from data.schema.site import Site
    >>> qualify(pd.DataFrame({"id": ["gore", "x:y"], "kind": "camp"}), Site, "car2013")["id"].tolist()
    ['car2013:gore', 'x:y']
    """
    if situation_id is None:
        return frame
    placed = {column for column, parent in table.references if parent in {"place", "border_point", "site"}}
    local = [c for c in frame.columns if c in placed or (c in {"id", "opposite_id"} and table.__tablename__ in _PLACES)]
    changed = {}
    for column in local:
        text = frame[column].astype("str")
        changed[column] = frame[column].where(frame[column].isna() | text.str.contains(":"), f"{situation_id}:" + text)
    return frame.assign(**changed)


_PLACES = {"place", "border_point", "site"}


def _expect(source: Source, tally: _Tally) -> None:
    """Raise `ExpectationBroken` when the run as a whole is not what the source declares."""
    least, most = source.spec.rows
    if tally.rows < least:
        raise ExpectationBroken("the number of rows", tally.rows, least)
    if tally.rows > most:
        raise ExpectationBroken("the number of rows", tally.rows, most)
    if tally.located and tally.outside / tally.located > MOST_OUTSIDE_SHARE:
        swapped = "the axes look swapped; " if tally.swapped * 2 > tally.outside else ""
        metric = f"{swapped}the share of rows outside their country"
        raise ExpectationBroken(metric, tally.outside / tally.located, MOST_OUTSIDE_SHARE)
