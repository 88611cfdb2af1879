"""Work ahead by one step, so that reading the next part of a payload overlaps with working on this one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

Part = TypeVar("Part")


def ahead(parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the same parts in the same order, each made in another thread while the one before is in use.

    An error is raised where the part it belongs to would have come. At most two parts exist at a time.

    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    end = object()
    with ThreadPoolExecutor(1, "ahead") as worker:
        waiting = worker.submit(next, parts, end)
        while (part := waiting.result()) is not end:
            waiting = worker.submit(next, parts, end)
            yield cast(Part, part)
