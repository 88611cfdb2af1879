"""Match the names of areas that came without a P-code: exact ones at once, the others into the queue for a person."""

import argparse
from collections.abc import Iterable

import pandas as pd
from sqlalchemy import Executable, func, select

from data.schema.admin_area import AdminArea
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.schema.place_match import PlaceMatch
from data.store import Store, known, reported
from etl.archive import Archive
from etl.pcodes import KEY, match

SOURCE_ID = "place_match"
DECISIONS_SOURCE_ID = "names-page"
TABLES = (AdminArea, Displacement, Indicator)
"""New rows of these may bring new names, or areas that known names mean."""


def command(store: Store, archive: Archive, options: argparse.Namespace) -> int:  # noqa: ARG001 - as all commands
    """Match names and print the outcome; return the exit code."""
    print("match: " + ", ".join(f"{rows} {what}" for what, rows in run(store).items()))
    return 0


def run(store: Store) -> dict[str, int]:
    """Match every name that needs it; return the row counts of the load, with how many names wait for a person.

    A row that a person decided stays as it is. A name whose source no longer brings it keeps its row.
    """
    names, counts = _names(store), {"read": 0}
    if len(names):
        matches = match(names, _frame(store, _areas(names["country_iso3"].unique())))
        with store.load(SOURCE_ID) as target:
            target.keeps(PlaceMatch, "t.decided_pcode IS NOT NULL")
            target.add(PlaceMatch, matches, "name " + matches["name"] + " of " + matches["source_id"])
        counts = target.counts
    queue = store.read(PlaceMatch, is_exact=False)
    return {**counts, "waiting for a person": int(queue["decided_pcode"].isna().sum())}


def decide(store: Store, version_id: int, accepted: bool | None, decided_by: str) -> str | None:
    """Keep what a person says of a suggestion, with the time: it is meant, it is not, or (None) it is open again.

    ``version_id`` is the row that the person saw. Returns the name, or None where the row has changed meanwhile.
    """
    seen = store.read(PlaceMatch, version_id=version_id)
    if seen.empty or seen["suggested_pcode"].isna().any():
        return None
    code = {True: seen["suggested_pcode"].iloc[0], False: "", None: None}[accepted]
    row = seen[PlaceMatch.content()].assign(decided_pcode=code, decided_by=decided_by)
    with store.load(DECISIONS_SOURCE_ID) as target:
        target.add(PlaceMatch, row)
    return str(seen["name"].iloc[0])


def _names(store: Store) -> pd.DataFrame:
    """Return the distinct names without a code: source_id, country_iso3, admin_level, name."""
    figures = select(
        Displacement.source_id, Displacement.country_iso3, Displacement.admin_level,
        Displacement.area_name.label("name"),
    ).where(
        known(Displacement, None), ~Displacement.is_deleted, Displacement.area_pcode.is_(None),
        Displacement.area_name.is_not(None), Displacement.admin_level >= 1,
    )  # fmt: skip
    values = select(
        Indicator.source_id, Indicator.country_iso3, Indicator.admin_level,
        func.coalesce(Indicator.area_name, Indicator.area_id).label("name"),
    ).where(
        known(Indicator, None), ~Indicator.is_deleted, Indicator.area_id_kind == "name",
        Indicator.country_iso3.is_not(None), Indicator.admin_level >= 1,
    )  # fmt: skip
    found = pd.concat([_frame(store, figures.distinct()), _frame(store, values.distinct())], ignore_index=True)
    return found.drop_duplicates().sort_values(["source_id", *KEY], ignore_index=True)


def _areas(countries: Iterable[str]) -> Executable:
    """Return the query of the known areas of some countries, without their outlines, which would fill the memory."""
    columns = AdminArea.pcode, AdminArea.country_iso3, AdminArea.admin_level, AdminArea.name, AdminArea.other_names
    here = AdminArea.country_iso3.in_(list(countries))
    return select(*columns).where(known(AdminArea, None), ~AdminArea.is_deleted, AdminArea.admin_level >= 1, here)


def _frame(store: Store, query: Executable) -> pd.DataFrame:
    """Return what a query finds."""
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(query)
        return pd.DataFrame(rows.fetchall(), columns=list(rows.keys()))
