"""Facts that somebody tells, beside what is known of them in the database."""

from typing import Any

import pandas as pd
from sqlalchemy import text

from data.schema import Versioned
from data.store import Store, reported


def beside(store: Store, table: type[Versioned], facts: pd.DataFrame, query: str, **values: Any) -> list[Any]:
    """Return the rows of a query over ``{told}``: the versions ``t`` of the facts that were told, with ``position``.

    ``facts`` has the key of ``table``; ``position`` is the place of a fact in it, from 0. ``values`` are those of the
    query's own parameters.
    """
    match = " AND ".join(f"t.{name} = told.{name}" for name in table.key)
    typed = (f"{name} {table.__table__.c[name].type.compile(store.engine.dialect)}" for name in table.key)
    told = (
        f"json_to_recordset(CAST(:facts AS json)) AS told ({', '.join(typed)}, position bigint)"
        f" JOIN {table.__tablename__} t ON {match}"
    )
    listed = facts[list(table.key)].assign(position=range(len(facts))).to_json(orient="records", date_format="iso")
    with reported(), store.engine.connect() as connection:
        return list(connection.execute(text(query.format(told=told)), {"facts": listed, **values}))
