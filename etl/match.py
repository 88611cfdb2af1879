"""Match the names of areas that came without a P-code: exact ones at once, the others into the queue for a person."""

import argparse

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


def command(store: Store, archive: Archive, options: argparse.Namespace) -> int:  # noqa: ARG001 - as all commands
    """Match names and print the outcome; return the exit code."""
    print("match: " + ", ".join(f"{rows} {what}" for what, rows in run(store).items()))
    return 0


def run(store: Store) -> dict[str, int]:
    """Match every name that needs it; return the row counts of the load, with how many names wait for a person.

    A row that a person decided stays as it is. A name whose source no longer brings it keeps its row.
    """
    names = _names(store)
    matches = match(names, _frame(store, _areas()))
    with store.load(SOURCE_ID) as target:
        target.keeps(PlaceMatch, "t.decided_pcode IS NOT NULL")
        if len(matches):
            where = "name " + matches["name"] + " of " + matches["source_id"]
            target.add(PlaceMatch, matches, where)
    queue = store.read(PlaceMatch, is_exact=False)
    return {**target.counts, "waiting for a person": int(queue["decided_pcode"].isna().sum())}


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


def _areas() -> Executable:
    """Return the query of the known areas, without their outlines, which would fill the memory."""
    columns = AdminArea.pcode, AdminArea.country_iso3, AdminArea.admin_level, AdminArea.name, AdminArea.other_names
    return select(*columns).where(known(AdminArea, None), ~AdminArea.is_deleted, AdminArea.admin_level >= 1)


def _frame(store: Store, query: Executable) -> pd.DataFrame:
    """Return what a query finds."""
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(query)
        return pd.DataFrame(rows.fetchall(), columns=list(rows.keys()))
