"""Who may read what: rows that came under a data set obey its audience and its expiry.

The gate is one SQL condition on ``run_id``, used by every read of the store and by the queries beside it. It fails
closed: rows of a run whose data set is unknown, withdrawn, expired or for a narrower circle are not there. An expiry
counts by today's date (UTC), not by the replay clock: an agreement that ended cannot be read in the past either.
"""

from data.schema import Base, Versioned
from data.schema.quarantine import Quarantine
from data.schema.source_run import SourceRun

OPERATIONAL = "operational"
AUDIENCES = {
    "public": ("public",),
    "partners": ("public", "partners"),
    OPERATIONAL: ("public", "partners", OPERATIONAL),
}
"""The audiences of data sets that each viewer may read."""


def hidden_runs(audience: str) -> str:
    """Return a query of the runs whose rows an audience may not read; KeyError for an unknown audience."""
    allowed = ", ".join(f"'{name}'" for name in AUDIENCES[audience])
    return (
        "SELECT r.id FROM source_run r WHERE r.dataset_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dataset d"
        f" WHERE d.id = r.dataset_id AND d.known_to IS NULL AND NOT d.is_deleted AND d.audience IN ({allowed})"
        " AND (d.expires_date IS NULL OR d.expires_date >= (now() AT TIME ZONE 'UTC')::date))"
    )


def gate(table: type[Base], audience: str, alias: str | None = None) -> str:
    """Return the condition under which an audience may read a row of a table, under its name or an ``alias``.

    The record of runs is hidden from outside viewers only: those who work here must see that an expired set was loaded.
    """
    name = alias or table.__tablename__
    if issubclass(table, Versioned) or table is Quarantine:
        return f"{name}.run_id NOT IN ({hidden_runs(audience)})"
    if table is SourceRun and audience != OPERATIONAL:
        return f"{name}.id NOT IN ({hidden_runs(audience)})"
    return "true"
