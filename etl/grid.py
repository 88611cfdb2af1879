"""Turn rows of cells into the chunks that parsers of tables take, wherever the cells come from.

People put titles above the header, merge header cells over two rows, write "Place ID" for place_id, leave rows empty:
all that is understood. What is not understood is named; no column is guessed from its content.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice

import pandas as pd

from data.errors import PayloadRejected
from etl.delimited import Chunk
from etl.hxl_tags import Tags, header_of, is_tag_row
from etl.records import BROKEN_TEXT_CHARACTERS, Broken

HEADER_ROWS = 25
"""Within so many rows with anything in them the header is looked for."""
LEAST_NAMES = 2
WITHDRAWN = "withdrawn"
"""The last column of a format whose rows can be taken back: yes in it takes back what was sent under the row's key."""
_WITHDRAWN_TAGS = ("#meta+withdrawn",)

_ALSO = {
    "people": ("persons", "individuals", "number", "count", "total", "arrivals", "personnes", "nombre", "personas"),
    "place_id": ("place", "location", "site", "border_point", "crossing", "point", "lieu", "lugar"),
    "border_point_id": ("border_point", "place", "crossing", "point", "bcp"),
    "period_end_date": ("date", "day", "period_end", "end_date", "report_date", "jour", "fecha"),
    "source_id": ("source", "organisation", "organization", "agency", "reported_by", "counted_by"),
    "reported_by": ("source", "organisation", "organization", "agency", "source_id"),
}
"""Other words for our columns: named as a guess to the sender, never read as the column."""

Row = tuple[int, list[str]]
"""Where a row stands (1 is the first) and its cells as text."""


@dataclass(frozen=True)
class Format:
    """The columns of a format: required, optional, and how hashtags mean them (None: HXL is not understood).

    ``key`` names the columns by which rows speak of the same; where it is told, rows can be withdrawn.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    tags: Tags | None = None
    key: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all columns."""
        return (*self.required, *self.optional, *([WITHDRAWN] if self.key else []))

    @property
    def meanings(self) -> Tags | None:
        """Return how hashtags mean all columns."""
        if self.tags is None or not self.key:
            return self.tags
        return replace(self.tags, patterns={**self.tags.patterns, WITHDRAWN: _WITHDRAWN_TAGS})

    def without(self, names: Iterable[str]) -> "Format":
        """Return the format where some required columns need not be there."""
        given = set(names)
        kept = tuple(name for name in self.required if name not in given)
        free = (*self.optional, *(name for name in self.required if name in given))
        return replace(self, required=kept, optional=free)


@dataclass(frozen=True)
class Header:
    """Where the header ends, the name of each column, and what hashtags imply for every row.

    ``is_tagged`` says that the header is a row of hashtags.
    """

    row: int
    names: list[str]
    implied: Mapping[str, str]
    is_tagged: bool = False

    def found(self, columns: Iterable[str]) -> set[str]:
        """Return which of some columns are there."""
        return set(columns) & {*self.names, *self.implied}


def header_in(rows: Sequence[Row], form: Format, name: str) -> Header:
    """Find the header: a row of hashtags, or the row that names most of the format's columns.

    Where no row names any, the first one with several cells is taken for it. Raises PayloadRejected for an empty table.
    """
    top = list(islice((row for row in rows if any(cell.strip() for cell in row[1])), HEADER_ROWS))
    if not top:
        raise PayloadRejected(name, "is empty")
    for place, (number, cells) in enumerate(top):
        if form.meanings is not None and is_tag_row(cells):
            above = top[place - 1][1] if place else []
            names, implied = header_of(cells, above, form.meanings, name)
            return Header(number, names, implied, is_tagged=True)
    known = set(form.columns)
    best, most = None, 0
    for place, (number, cells) in enumerate(top):
        for names in (_named(cells, known), _named_over(top[place - 1][1] if place else [], cells, known)):
            count = len(known & set(names))
            if count > most:
                best, most = Header(number, names, {}), count
    if best is not None and most >= min(LEAST_NAMES, len(known)):
        return best
    first = next((row for row in top if sum(bool(cell.strip()) for cell in row[1]) > 1), top[0])
    return Header(first[0], _named(first[1], known), {})


def chunk_of(rows: Iterable[Row], form: Format, name: str, where: str) -> Chunk:
    """Return the rows below the header as one chunk; raises PayloadRejected when the header is not the format's.

    A row without anything in it is none. One with more cells than the header is broken.
    """
    rows = list(rows)
    header = header_in(rows, form, name)
    added = check_names([*header.names, *header.implied], form, name)
    sound: dict[int, list[str]] = {}
    lines: dict[int, int] = {}
    broken: list[Broken] = []
    raw: dict[int, str] = {}
    width = len(header.names)
    count = 0
    for number, cells in rows:
        if number <= header.row or not any(cell.strip() for cell in cells):
            continue
        count += 1
        raw[count] = _joined(cells)
        if any(cell.strip() for cell in cells[width:]):
            reason = f"has {len(cells)} fields instead of {width}"
            broken.append(Broken(count, number, reason, raw[count]))
            continue
        sound[count] = [*cells[:width], *[""] * (width - len(cells))]
        lines[count] = number
    index = pd.Index(list(sound), dtype="int64")
    frame = pd.DataFrame(list(sound.values()), columns=header.names, index=index, dtype="str")
    frame = frame.assign(**{column: value for column, value in header.implied.items() if column not in frame})
    if form.tags is not None and header.is_tagged:
        frame = frame.assign(**{a: frame[b] for a, b in form.tags.same.items() if a not in frame and b in frame})
    return Chunk(
        frame, pd.Series(list(lines.values()), index=index, dtype="int64"), broken, added, raw.__getitem__, where
    )


def check_names(names: Sequence[str], form: Format, name: str) -> tuple[str, ...]:
    """Return the columns nobody knows; raise PayloadRejected for columns that are missing or there twice."""
    twice = sorted({column for column in names if list(names).count(column) > 1 and column in form.columns})
    added = tuple(dict.fromkeys(column for column in names if column not in form.columns))
    missing = [column for column in form.required if column not in names]
    faults = [f"has columns twice: {', '.join(twice)}"] if twice else []
    faults += [f"lacks the columns {', '.join(missing)}"] if missing else []
    if not faults:
        return added
    strangers = f"; columns not known here: {', '.join(added)[:1000]}" if added and missing else ""
    raise PayloadRejected(name, "; ".join(faults) + strangers + renamed(missing, added))


def renamed(missing: Iterable[str], added: Iterable[str]) -> str:
    """Say which unknown column may be a missing one under another name, empty where none is near.

    >>> renamed(["people"], ["persons", "weather"])
    '; call people what is called persons now?'
    """
    plain = {_plain(column): column for column in added}
    near = {
        column: [word for word in _ALSO.get(column, ()) if word in plain] or get_close_matches(column, plain, 1, 0.5)
        for column in missing
    }
    said = [f"call {column} what is called {plain[found[0]]} now?" for column, found in near.items() if found]
    return "; " + "; ".join(said) if said else ""


def _named(cells: Sequence[str], known: set[str]) -> list[str]:
    """Return the names of a header row: ours where the cell is one of ours up to case, spaces and a star."""
    names = []
    for place, cell in enumerate(_trimmed(cells), start=1):
        plain = _plain(cell)
        names.append(plain if plain in known else cell.strip() or f"column {place}")
    return names


def _named_over(above: Sequence[str], cells: Sequence[str], known: set[str]) -> list[str]:
    """Return the names of a header of two rows, whose upper cells are merged over several columns."""
    names, over = [], ""
    width = max(len(_trimmed(above)), len(_trimmed(cells)))
    for place in range(width):
        upper = above[place].strip() if place < len(above) else ""
        lower = cells[place].strip() if place < len(cells) else ""
        over = upper or over
        options = (lower, f"{over} {lower}", upper)
        found = next((_plain(option) for option in options if _plain(option) in known), None)
        names.append(found or lower or upper or f"column {place + 1}")
    return names


def _plain(text: str) -> str:
    """Return a heading as a column's name is written: small letters, underscores, no star for "required"."""
    return re.sub(r"[\s_\-./]+", "_", text.strip().strip("*").strip().casefold()).strip("_")


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """Return cells without the empty ones at the end."""
    last = max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)
    return cells[:last]


def _joined(cells: Sequence[str]) -> str:
    """Return a row as one line of CSV, at most its beginning."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(_trimmed(cells))
    return line.getvalue()[:BROKEN_TEXT_CHARACTERS]
