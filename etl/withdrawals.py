"""Facts that their sender takes back: each becomes a deletion of what is known of it, and its history stays."""

from collections.abc import Iterable, Iterator

import pandas as pd

from data.frames import check
from data.schema import Versioned
from data.store import Store
from etl.source import Item, Landing, Reject, Rows, Withdrawn
from etl.told_facts import beside


def nothing(key: Iterable[str]) -> str:
    """Return why a row is rejected that withdraws what nobody sent; ``key`` are the columns by which it was looked up.

    >>> nothing(["place_id", "line"])
    'withdrawn is yes, but there is nothing to withdraw: no row with the same place_id, line was ever sent'
    """
    listed = ", ".join(key)
    return f"withdrawn is yes, but there is nothing to withdraw: no row with the same {listed} was ever sent"


def deletions(store: Store, table: type[Versioned], facts: pd.DataFrame) -> pd.DataFrame:
    """Return the facts as they are known, marked as deleted; those that nobody ever sent are absent.

    ``facts`` has the key of ``table``, its index is kept. What was withdrawn before comes as it was then, so that to
    withdraw it again changes nothing.
    """
    if facts.empty:
        return pd.DataFrame(columns=[*table.content(), "is_deleted"])
    content = table.content()
    listed = ", ".join(f"t.{name}" for name in content)
    rows = beside(store, table, facts, f"SELECT position, {listed} FROM {{told}} WHERE t.known_to IS NULL")
    known = pd.DataFrame(rows, columns=["position", *content], dtype=object).set_index("position").sort_index()
    known.index = facts.index[known.index.astype("int64")]
    return check(known, table).good.assign(is_deleted=True)


def looked_up(store: Store, items: Iterable[Item]) -> Iterator[Landing]:
    """Yield items as they come; what is withdrawn as deletions, and as rejected where nobody sent it."""
    for item in items:
        if not isinstance(item, Withdrawn):
            yield item
            continue
        known = deletions(store, item.table, item.frame)
        for label in item.frame.index.difference(known.index):
            told = item.frame.loc[label].to_json(date_format="iso")
            yield Reject(item.table.__tablename__, str(item.locators[label]), nothing(item.table.key), told)
        if len(known):
            yield Rows(item.table, known, item.locators[known.index])
