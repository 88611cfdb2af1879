"""Understand tables with HXL hashtags (hxlstandard.org): which of our columns a tagged column is.

Only the tags are read here, with libhxl's own patterns; the cells are cut by our readers, so that a row keeps its place
in the file and nothing is fetched from anywhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hxl import HXLException
from hxl.model import Column, TagPattern

from data.errors import PayloadRejected

_TAG = re.compile(r"^#[A-Za-z][A-Za-z0-9_]*(\s*\+\s*[A-Za-z][A-Za-z0-9_]*)*$")
LEAST_TAGS = 2
"""A row with fewer tags is no row of tags: a single cell may begin with # for other reasons."""


@dataclass(frozen=True)
class Tags:
    """How hashtags become the columns of one format.

    ``patterns`` gives for each column the tag patterns that mean it, the best first; ``implied`` what a pattern on the
    column of figures says besides (``#affected+arrivals`` is a flow of arrivals); ``same`` which column repeats another
    where the file has no tag for it (a single ``#date`` is first and last day).
    """

    patterns: Mapping[str, tuple[str, ...]]
    figure: str = "people"
    implied: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)


def is_tag_row(cells: Sequence[str]) -> bool:
    """Tell whether a row holds hashtags: two or more, and most of it; some publishers misspell a few of them.

    >>> is_tag_row(["#loc+name", "", "#affected +arrivals"]), is_tag_row(["#1", "412"]), is_tag_row(["#N/A", "#REF!"])
    (True, False, False)
    """
    told = [cell.strip() for cell in cells if cell.strip()]
    return max(LEAST_TAGS, len(told) // 2 + 1) <= sum(_TAG.match(cell) is not None for cell in told)


def header_of(tags: Sequence[str], above: Sequence[str], meaning: Tags, name: str) -> tuple[list[str], dict[str, str]]:
    """Return a name for each column, ours where its tag means one, and the values that the tags imply for every row.

    A column that means nothing to us keeps the heading ``above`` it, or its tag. Raises PayloadRejected when two
    columns have an equally good tag for the same thing, because one of them would be lost.
    """
    columns = [_column(tag) for tag in tags]
    header = [
        (above[place].strip() if place < len(above) and above[place].strip() else tag.strip()) or f"column {place + 1}"
        for place, tag in enumerate(tags)
    ]
    taken: dict[int, str] = {}
    for wanted, patterns in meaning.patterns.items():
        for pattern in patterns:
            fits = [
                place
                for place, column in enumerate(columns)
                if column is not None and place not in taken and TagPattern.parse(pattern).match(column)
            ]
            if len(fits) > 1:
                both = ", ".join(tags[place].strip() for place in fits)
                raise PayloadRejected(name, f"has several columns tagged as {wanted}: {both}; keep one of them a file")
            if fits:
                taken[fits[0]] = wanted
                break
    for place, wanted in taken.items():
        header[place] = wanted
    figures = [columns[place] for place, wanted in taken.items() if wanted == meaning.figure]
    implied: dict[str, str] = {}
    for pattern, values in meaning.implied.items():
        if any(column is not None and TagPattern.parse(pattern).match(column) for column in figures):
            implied |= {key: value for key, value in values.items() if key not in header}
    return header, implied


def _column(tag: str) -> Column | None:
    """Return libhxl's column of a hashtag, None for an untagged one."""
    try:
        return Column.parse(tag.strip()) or None
    except HXLException:
        return None
