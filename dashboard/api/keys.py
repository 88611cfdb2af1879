"""Keys of organisations: made once, shown once, kept only as their SHA-256."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from data.errors import InputRejected
from data.schema.api_key import ApiKey
from data.store import Store
from etl import datasets

PREFIX = "waypost_"
_BYTES = 32
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Sender:
    """Who sends: the number of the key, its organisation, and the data set that what arrives comes under."""

    key_id: int
    organisation: str
    dataset_id: str | None


def add(store: Store, organisation: str, dataset_id: str | None = None) -> str:
    """Make a key and return it: this is the only time that it is seen.

    Raises InputRejected for an organisation without a name, and for a data set that is unknown or expired.
    """
    if not organisation.strip():
        raise InputRejected("the organisation", "needs a name")
    if dataset_id is not None:
        datasets.required(store, dataset_id)
    key = PREFIX + secrets.token_urlsafe(_BYTES)
    row = {"organisation": organisation.strip(), "key_sha256": _hash(key), "dataset_id": dataset_id}
    store.add_one(ApiKey, row, {})
    return key


def known(store: Store) -> pd.DataFrame:
    """Return all keys without their hashes, the oldest first."""
    return store.read(ApiKey).drop(columns="key_sha256").sort_values("id", ignore_index=True)


def revoke(store: Store, organisation: str) -> int:
    """End every key of an organisation at once; return how many were valid."""
    rows = store.read(ApiKey, organisation=organisation)
    valid = rows[rows["revoked_at"].isna()]
    for row in valid.astype(object).where(valid.notna(), None).to_dict("records"):
        store.put(ApiKey, {str(name): value for name, value in row.items()} | {"revoked_at": datetime.now(UTC)})
    return len(valid)


def sender_of(store: Store, authorization: str | None) -> Sender | None:
    """Return whose key an Authorization header carries, None for no key, an unknown or a revoked one."""
    scheme, _, key = (authorization or "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key.startswith(PREFIX) or len(key) > _MOST_CHARACTERS:
        return None
    digest = _hash(key)
    rows = store.read(ApiKey, key_sha256=digest)
    if rows.empty or not hmac.compare_digest(str(rows["key_sha256"].iloc[0]), digest):
        return None
    row = rows.iloc[0]
    if not pd.isna(row["revoked_at"]):
        return None
    return Sender(int(row["id"]), str(row["organisation"]), None if pd.isna(row["dataset_id"]) else row["dataset_id"])


def _hash(key: str) -> str:
    """Return the SHA-256 of a key; it is random and long, so that no salt or slow hash is needed."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
