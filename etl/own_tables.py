"""What tables of Waypost's own contracts have in common, whoever sends them."""

from collections.abc import Callable, Iterable, Iterator

import pandas as pd

from data.schema import Versioned
from etl.columns import Columns
from etl.delimited import Chunk
from etl.personal import refuse_personal
from etl.source import Ignored, Item


def items_of(
    chunks: Iterable[Chunk | Ignored],
    name: str,
    table: type[Versioned],
    noun: str,
    read: Callable[[Columns], pd.DataFrame],
    refuse: Callable[[tuple[str, ...], str], None] = refuse_personal,
) -> Iterator[Item]:
    """Yield the rows and rejects of a payload's chunks; ``read`` makes rows of ``table`` from the columns of one.

    Columns beyond the contract are looked at by ``refuse``, which raises PayloadRejected when one is about a person,
    and are then named once as what no ``noun`` has.
    """
    is_first = True
    for chunk in chunks:
        if isinstance(chunk, Ignored):
            yield chunk
            continue
        if is_first:
            refuse(chunk.added, name)
            if chunk.added:
                yield Ignored(0, f"columns that no {noun} has: {', '.join(chunk.added)[:500]}")
            is_first = False
        columns = Columns(chunk, chunk.where)
        yield from columns.items(table, read(columns))
