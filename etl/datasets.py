"""Shared data sets: who owns them, under which agreement, for whom, until when."""

from datetime import UTC, date, datetime

import pandas as pd

from data.errors import InputRejected
from data.frames import check
from data.schema.dataset import Dataset
from data.store import Store

UNSHARED = "no-agreement"
"""The data set of what arrives without one: for operational use on this server only."""


def add(store: Store, dataset: dict[str, object]) -> str:
    """Add a data set, or revise the one with its id; return its id. Raises InputRejected when it is not complete."""
    frame = pd.DataFrame([dataset])
    reasons = check(frame, Dataset).reasons
    if reasons:
        raise InputRejected("the data set", "; ".join(reasons.values()))
    with store.load("datasets") as target:
        target.add(Dataset, frame)
    return str(dataset["id"])


def known(store: Store) -> pd.DataFrame:
    """Return the data sets with ``is_expired``, by id."""
    frame = store.read(Dataset).sort_values("id", ignore_index=True)
    today = pd.Timestamp(datetime.now(UTC).date())
    return frame.assign(is_expired=frame["expires_date"].notna() & (frame["expires_date"] < today))


def required(store: Store, dataset_id: str | None) -> str:
    """Return the id of the data set that a sending comes under; raises InputRejected for one unknown or expired."""
    if dataset_id is None:
        if UNSHARED not in set(store.read(Dataset)["id"]):
            add(store, _unshared())
        return UNSHARED
    found = known(store)
    row = found[found["id"] == dataset_id]
    if row.empty:
        raise InputRejected(f"the data set {dataset_id[:80]!r}", "is not known; see python -m etl datasets list")
    if bool(row["is_expired"].iloc[0]):
        ended: date = row["expires_date"].iloc[0].date()
        raise InputRejected(f"the data set {dataset_id}", f"ended on {ended}; its agreement has to be renewed first")
    return dataset_id


def _unshared() -> dict[str, object]:
    """Return the data set of what comes without an agreement."""
    return {
        "id": UNSHARED,
        "title": "Sent without a data-sharing agreement",
        "owner": "the organisation that sent it",
        "agreement": "none",
        "audience": "operational",
        "expires_date": None,
    }
