"""Whose facts are: what came under one organisation's data set is changed only under a data set of the same owner.

What came without an agreement, from an open source or from a situation's folder has no owner: it is changed by what is
sent without an agreement, never under an organisation's data set, whose narrower audience would hide it.
"""

from collections.abc import Hashable

import pandas as pd

from data.schema import Versioned
from data.schema.dataset import Dataset
from data.store import Store
from etl.datasets import UNSHARED
from etl.told_facts import beside


def of_others(store: Store, table: type[Versioned], facts: pd.DataFrame) -> dict[Hashable, str]:
    """Return by label which facts the store's data set may not change, and whose they are in words.

    ``facts`` has the key of ``table``. Whoever sent a fact first owns it, whatever ended or corrected it
    since; what came under a data set that was withdrawn stays with it.
    """
    if facts.empty:
        return {}
    shared = store.read(Dataset)
    owners = {row.id: row.owner for row in shared.itertuples() if row.id != UNSHARED}
    ours = store.dataset_id or UNSHARED
    same = [ours, *(dataset_id for dataset_id, owner in owners.items() if owner == owners.get(ours))]
    query = """
        SELECT position, dataset_id FROM (
            SELECT DISTINCT ON (position) position, coalesce(r.dataset_id, :unshared) AS dataset_id
            FROM {told} JOIN source_run r ON r.id = t.run_id ORDER BY position, t.version_id) AS first
        WHERE dataset_id <> ALL(:same)
    """
    found = beside(store, table, facts, query, same=same, unshared=UNSHARED)
    return {facts.index[row.position]: _whose(row.dataset_id, owners.get(row.dataset_id)) for row in found}


def _whose(dataset_id: str, owner: str | None) -> str:
    """Return in words from whom a fact came."""
    if dataset_id == UNSHARED:
        return "it came without an agreement, or from an open source"
    return f"{owner or 'an organisation that has left'}, under the data set {dataset_id}"
