"""A payload that the last good run of its source has loaded already: nothing to parse, nothing to change."""

import hashlib
from functools import cache
from typing import Any

from sqlalchemy import text

from data.settings import PROJECT_ROOT
from data.store import Store, reported
from etl.registry import sources
from etl.source import Spec

_COUNTS = ("read", "new", "revised", "deleted", "unchanged", "ignored", "quarantined")


def repeated(store: Store, spec: Spec, payload_sha256: str) -> dict[str, Any] | None:
    """Return the last good run of a source when it read exactly this content and nothing changed since, else None.

    A run with rejected rows is never taken as a repetition (what they pointed to may be known by now), nor is one by
    another state of the program, nor one after which another source wrote to the same tables.
    """
    shares = [one.spec.id for one in sources().values() if set(one.spec.tables) & set(spec.tables)]
    last = """
        SELECT * FROM source_run WHERE source_id = :id AND status IN ('ok', 'unchanged') ORDER BY id DESC LIMIT 1"""
    later = """
        SELECT count(*) FROM source_run WHERE id > :run AND source_id = ANY(:shares) AND source_id != :id
            AND rows_new + rows_revised + rows_deleted > 0"""
    with reported(), store.engine.connect() as connection:
        run = connection.execute(text(last), {"id": spec.id}).mappings().one_or_none()
        if run is None or run["rows_quarantined"] or run["dataset_id"] != store.dataset_id:
            return None
        if (run["payload_sha256"], run["program_sha256"]) != (payload_sha256, program_sha256()):
            return None
        values = {"run": run["id"], "shares": shares, "id": spec.id}
        return None if connection.execute(text(later), values).scalar_one() else dict(run)


def counts_of(run: dict[str, Any]) -> dict[str, int]:
    """Return the row counts of the same content read again: all that landed is unchanged."""
    counts = {name: int(run[f"rows_{name}"]) for name in _COUNTS}
    landed = sum(counts[name] for name in ("new", "revised", "deleted", "unchanged"))
    return counts | {"new": 0, "revised": 0, "deleted": 0, "unchanged": landed}


@cache
def program_sha256() -> str:
    """Return a fingerprint of everything that turns a payload into rows: the code and the tables it looks up."""
    digest = hashlib.sha256()
    looked_up = (PROJECT_ROOT / "data" / "reference").glob("*.*")
    for path in sorted([*(PROJECT_ROOT / "etl").rglob("*.py"), *(PROJECT_ROOT / "data").rglob("*.py"), *looked_up]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
