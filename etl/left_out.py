"""What the tables of others hold that is not read, said in the same words by every source."""

from collections.abc import Iterable

from etl.delimited import Chunk
from etl.hxl_tags import is_tag_row
from etl.source import Ignored


def new_columns(names: Iterable[str]) -> list[Ignored]:
    """Return the report of columns that nobody knows, none where there are none.

    >>> new_columns(["soil", "tide"]), new_columns([])
    ([Ignored(rows=0, reason='columns that are new here and not read: soil, tide')], [])
    """
    told = ", ".join(names)
    return [Ignored(0, f"columns that are new here and not read: {told[:500]}")] if told else []


def without_tags(chunk: Chunk) -> tuple[Chunk, list[Ignored]]:
    """Return a chunk without the line of HXL tags at its beginning, and the report of that line.

    The Humanitarian Data Exchange puts that line below the header.
    """
    frame = chunk.frame
    if frame.empty or not is_tag_row([str(cell) for cell in frame.iloc[0]]):
        return chunk, []
    return chunk.without(frame.index.to_series() == frame.index[0]), [Ignored(1, "a line of HXL tags")]
