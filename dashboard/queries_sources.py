"""What the Data page reads: runs, quarantine and how fresh each source and each place is.

Frames have plain Python or pandas types; a missing instant is NaT, a missing count NA.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import text

from data import freshness
from data.access import OPERATIONAL, gate
from data.looks import looks
from data.schema.observation import Observation
from data.schema.place_match import PlaceMatch
from data.schema.quarantine import Quarantine
from data.schema.source_run import SourceRun
from data.store import Store, reported
from etl.area_names import split
from etl.pcodes import likeness
from etl.registry import sources
from etl.schedule import enabled, is_configured, state_of
from etl.source import Spec

RUNS_SHOWN = 40
ROWS_SHOWN = 1_000
ROWS_SAVED = 200_000
COUNTS = ("read", "new", "revised", "deleted", "unchanged", "ignored", "quarantined")


@dataclass(frozen=True)
class SourceState:
    """A source, where it stands and what its runs say; ``scheduled``: the worker looks at it by itself."""

    spec: Spec
    state: freshness.State
    looks: freshness.Looks
    configured: bool
    scheduled: bool


def source_states(store: Store, now: datetime, scheduled: str) -> list[SourceState]:
    """Return every source with its state; ``scheduled`` is the setting WAYPOST_SOURCES."""
    known = sources()
    seen, chosen = looks(store, known, or_by_hand=True), enabled(scheduled)
    return [
        SourceState(s.spec, state_of(s.spec, seen[i], now), seen[i], is_configured(s.spec), i in chosen)
        for i, s in known.items()
    ]


def last_runs(store: Store) -> pd.DataFrame:
    """Return the newest runs of all sources, newest first; failures of one source in a row are one line.

    Adds ``times``: how many runs the line stands for.
    """
    counts = ", ".join(f"rows_{name}" for name in COUNTS)
    query = f"""
        WITH marked AS (SELECT *, lag(status) OVER by_time AS before, lag(message) OVER by_time AS said_before
            FROM (SELECT * FROM source_run WHERE {gate(SourceRun, store.audience)} ORDER BY checked_at DESC
                LIMIT {RUNS_SHOWN * 25}) AS source_run
            WINDOW by_time AS (PARTITION BY source_id ORDER BY checked_at, id)),
        numbered AS (SELECT *, count(*) FILTER (WHERE status NOT IN ('failed', 'not_configured')
            OR status IS DISTINCT FROM before OR message IS DISTINCT FROM said_before)
            OVER (PARTITION BY source_id ORDER BY checked_at, id) AS spell FROM marked)
        SELECT DISTINCT ON (source_id, spell) id, source_id, checked_at, finished_at, status, message, payload_name,
            payload_sha256, {counts}, count(*) OVER (PARTITION BY source_id, spell) AS times
        FROM numbered ORDER BY source_id, spell, checked_at DESC"""
    frame = _frame(store, query)
    return frame.sort_values("checked_at", ascending=False).head(RUNS_SHOWN)


def rejected_groups(store: Store) -> pd.DataFrame:
    """Return the reasons of quarantined rows with how many rows each: run, source, table, reason, rows, first place.

    Numbers and quoted words of a reason are taken out for the grouping, so that one mistake is one line. Of the same
    file or feed only the newest run is there: an hourly feed would repeat its one bad row for ever.
    """
    plain = r"regexp_replace(reason, '(\([^()]*\)|''[^'']*''|-?[0-9][0-9.,:-]*)', '…', 'g')"
    query = f"""
        SELECT q.run_id, r.source_id, r.checked_at, r.payload_name, r.payload_sha256, q.table_name, {plain} AS cause,
            count(*) AS rows, min(q.reason) AS example, (array_agg(q.locator ORDER BY q.id))[1] AS locator
        FROM quarantine q JOIN source_run r ON r.id = q.run_id
        WHERE {gate(Quarantine, store.audience, "q")} AND q.run_id IN (SELECT max(n.run_id) FROM (SELECT DISTINCT run_id
            FROM quarantine) AS n JOIN source_run nr ON nr.id = n.run_id GROUP BY nr.source_id, nr.payload_name)
        GROUP BY q.run_id, r.source_id, r.checked_at, r.payload_name, r.payload_sha256, q.table_name, cause
        ORDER BY q.run_id DESC, rows DESC LIMIT {ROWS_SHOWN}"""
    return _frame(store, query)


def rejected_rows(store: Store, run_id: int | None = None, most: int = ROWS_SHOWN) -> pd.DataFrame:
    """Return quarantined rows, the newest first, of one run or of all."""
    query = f"""
        SELECT q.run_id, r.source_id, r.checked_at, q.table_name, q.locator, q.reason, q.raw
        FROM quarantine q JOIN source_run r ON r.id = q.run_id
        WHERE {gate(Quarantine, store.audience, "q")} AND (CAST(:run_id AS bigint) IS NULL OR q.run_id = :run_id)
        ORDER BY q.id DESC LIMIT :most"""
    return _frame(store, query, run_id=run_id, most=most)


def names(store: Store) -> pd.DataFrame:
    """Return the names of areas that are alike to a known one and not exact, the most alike first, then by name.

    Columns of `data.schema.place_match` with version_id and known_from, suggested_name and likeness (0 to 1). A missing
    ``decided_pcode`` waits for a person, an empty one was rejected. Nobody outside the house is asked.
    """
    query = """
        SELECT m.version_id, m.known_from, m.source_id, m.country_iso3, m.admin_level, m.name, m.suggested_pcode,
            m.decided_pcode, m.decided_by, a.name AS suggested_name, a.other_names
        FROM place_match m JOIN admin_area a ON a.pcode = m.suggested_pcode
        WHERE m.known_to IS NULL AND NOT m.is_deleted AND NOT m.is_exact AND a.known_to IS NULL AND NOT a.is_deleted
            AND :audience = :inside"""
    frame = _frame(store, query, audience=store.audience, inside=OPERATIONAL)
    alike = [likeness(row.name, (row.suggested_name, *split(row.other_names))) for row in frame.itertuples(name="Row")]
    found = frame.drop(columns="other_names").assign(likeness=pd.Series(alike, index=frame.index, dtype=float))
    return found.sort_values(["likeness", "name"], ascending=[False, True], ignore_index=True)


def unlike_names(store: Store) -> int:
    """Return how many names of areas come near no known area."""
    found = store.read(PlaceMatch, is_exact=False)
    return int((found["suggested_pcode"].isna() & found["decided_pcode"].isna()).sum())


def point_freshness(store: Store, situation_id: str, as_of: datetime) -> pd.DataFrame:
    """Return how fresh each border point and site of a situation is, as known at ``as_of``, the latest last.

    Columns: id, name, kind, told_at (when its newest report became known), newest_date (the last day reported on),
    interval_days (its own median gap, NA without a rhythm), state. Only places that ever reported are there.
    """
    query = f"""
        SELECT p.id, p.name, p.kind, max(o.known_from) AS told_at, array_agg(DISTINCT o.period_end_date) AS dates
        FROM place p JOIN observation o ON o.place_id = p.id
        WHERE p.situation_id = :id AND p.known_to IS NULL AND NOT p.is_deleted AND o.quality <> 'estimated'
            AND o.known_from <= :as_of AND (o.known_to IS NULL OR o.known_to > :as_of) AND NOT o.is_deleted
            AND {gate(Observation, store.audience, "o")}
        GROUP BY p.id, p.name, p.kind ORDER BY p.name"""
    frame = _frame(store, query, id=situation_id, as_of=as_of)
    dates: list[list[date]] = frame.pop("dates").tolist()
    gaps = [freshness.own_interval(days) for days in dates]
    return frame.assign(
        newest_date=[max(days) for days in dates],
        interval_days=pd.array([None if gap is None else gap.days for gap in gaps], dtype="Int64"),
        state=[str(freshness.point_state(days, as_of)) for days in dates],
    )


def _frame(store: Store, query: str, **values: Any) -> pd.DataFrame:
    """Return a query's rows; the columns are there also without any."""
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(text(query), values)
        return pd.DataFrame(rows.fetchall(), columns=list(rows.keys()))
