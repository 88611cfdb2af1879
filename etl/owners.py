"""Whose facts are: what came under one organisation's data set is changed only under a data set of the same owner.

What came without an agreement, from an open source or from a situation's folder has no owner: it is changed by what is
sent without an agreement, never under an organisation's data set, whose narrower audience would hide it.
"""

from collections.abc import Hashable

import pandas as pd
from sqlalchemy import text

from data.schema import Versioned
from data.schema.dataset import Dataset
from data.store import Store, reported
from etl.datasets import UNSHARED


def of_others(store: Store, table: type[Versioned], facts: pd.DataFrame) -> dict[Hashable, str]:
    """Return by label which facts the store's data set may not change, and whose they are in words.

    ``facts`` has the key of ``table``. Whoever sent a fact first owns it, whatever ended or corrected it
    since; what came under a data set that was withdrawn stays with it.
    """
    shared = store.read(Dataset)
    owners = {row.id: row.owner for row in shared.itertuples() if row.id != UNSHARED}
    ours = store.dataset_id or UNSHARED
    same = [ours, *(dataset_id for dataset_id, owner in owners.items() if owner == owners.get(ours))]
    match = " AND ".join(f"t.{name} = told.{name}" for name in table.key)
    typed = (f"{name} {table.__table__.c[name].type.compile(store.engine.dialect)}" for name in table.key)
    query = text(f"""
        SELECT position, dataset_id FROM (
            SELECT DISTINCT ON (position) position, coalesce(r.dataset_id, :unshared) AS dataset_id
            FROM json_to_recordset(CAST(:facts AS json)) AS told ({", ".join(typed)}, position bigint)
            JOIN {table.__tablename__} t ON {match} JOIN source_run r ON r.id = t.run_id
            ORDER BY position, t.version_id) AS first
        WHERE dataset_id <> ALL(:same)
    """)
    told = facts[list(table.key)].assign(position=range(len(facts))).to_json(orient="records", date_format="iso")
    values = {"facts": told, "same": same, "unshared": UNSHARED}
    with reported(), store.engine.connect() as connection:
        found = connection.execute(query, values).all()
    return {facts.index[row.position]: _whose(row.dataset_id, owners.get(row.dataset_id)) for row in found}


def _whose(dataset_id: str, owner: str | None) -> str:
    """Return in words from whom a fact came."""
    if dataset_id == UNSHARED:
        return "it came without an agreement, or from an open source"
    return f"{owner or 'an organisation that has left'}, under the data set {dataset_id}"
