"""Capacity is the least of the assessed lines; a line not assessed is neither zero nor infinite (ARCHITECTURE idea 4).

Processing is people a day, every other line is people at once: the two are never compared with each other, only each
with the people expected in its own measure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

PER_DAY_LINE = "processing"
"""The one line that is people a day; the others are people at once."""
LINES = (PER_DAY_LINE, "sleeping_space", "water", "toilets", "staff", "stock")
"""All lines, in the order in which people meet them; the words of `data.schema.capacity`."""
TIGHT_SHARE, GAP_SHARE, OVERWHELMED_SHARE = 0.7, 0.9, 1.2
"""Utilisation at which the humanitarian load level changes (DOMAIN.md 4.9, assumption): watch, surge, overwhelmed."""
LEVELS = ("none", "tight", "gap", "overwhelmed")
NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True)
class Capacity:
    """What a place can do, as far as assessed.

    ``people_per_day`` is processing; ``people_at_once`` the least of the other assessed lines and ``limiting`` its
    name. Missing: not assessed. ``not_assessed`` names the lines that could still lower it.
    """

    people_per_day: float | None
    people_at_once: float | None
    limiting: str | None
    not_assessed: tuple[str, ...]


@dataclass(frozen=True)
class LineGap:
    """What one line lacks: ``needed`` and ``capacity`` in people (a day for processing), ``short`` at least zero."""

    line: str
    needed: float
    capacity: float
    short: float
    utilisation: float


@dataclass(frozen=True)
class Gap:
    """The gap of a place.

    ``level`` is the load of the limiting (most used) line, *not_assessed* when no line is known. ``lines`` are the
    assessed ones, most used first. ``not_assessed`` names the others: while there are any, the true gap may be larger.
    """

    level: str
    limiting: LineGap | None
    lines: tuple[LineGap, ...]
    not_assessed: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Tell whether only some lines are assessed."""
        return bool(self.lines and self.not_assessed)

    @property
    def state(self) -> str:
        """Return *gap* when an assessed line is short, *none* when none of them is, or *not_assessed*."""
        if self.limiting is None:
            return NOT_ASSESSED
        return "gap" if any(line.short > 0 for line in self.lines) else "none"


def capacity(lines: Mapping[str, float | None]) -> Capacity:
    """Return the capacity of a place from its lines in people; a line missing or absent is not assessed.

    Raises ValueError for a line that does not exist or a negative number.

    >>> capacity({"processing": 300, "water": 5000, "toilets": 2000, "staff": None})
    Capacity(people_per_day=300.0, people_at_once=2000.0, limiting='toilets', not_assessed=('sleeping_space', ...))
    """
    known = _assessed(lines)
    per_day = known.pop(PER_DAY_LINE, None)
    limiting = min(known, key=lambda line: (known[line], LINES.index(line)), default=None)
    missing = tuple(line for line in LINES if line not in known and (line != PER_DAY_LINE or per_day is None))
    return Capacity(per_day, None if limiting is None else known[limiting], limiting, missing)


def gap(lines: Mapping[str, float | None], people_per_day: float, people_at_once: float) -> Gap:
    """Compare the capacity lines of a place with expected people.

    ``lines`` maps each line to people served (a day for *processing*); missing or absent is not assessed. Raises
    ValueError for a line that does not exist or a number that is negative or not finite.

    >>> gap({"processing": 100, "water": None}, people_per_day=150, people_at_once=0).level
    'overwhelmed'
    >>> gap({"processing": None}, 150, 0).level
    'not_assessed'
    """
    expected = {"people_per_day": people_per_day, "people_at_once": people_at_once}
    for name, value in expected.items():
        if not 0 <= value < float("inf"):
            raise ValueError(f"{name} must be a finite number of at least 0, not {value}")
    known = _assessed(lines)
    found = [
        _line(line, value, people_per_day if line == PER_DAY_LINE else people_at_once) for line, value in known.items()
    ]
    found.sort(key=lambda one: (-one.utilisation, -one.short, LINES.index(one.line)))
    limiting = found[0] if found else None
    level = NOT_ASSESSED if limiting is None else load_level(limiting.utilisation)
    return Gap(level, limiting, tuple(found), tuple(line for line in LINES if line not in known))


def load_level(utilisation: float) -> str:
    """Return the level of a share of capacity in use.

    >>> [load_level(share) for share in (0.69, 0.7, 0.9, 1.2, 1.21)]
    ['none', 'tight', 'gap', 'gap', 'overwhelmed']
    """
    if utilisation > OVERWHELMED_SHARE:
        return "overwhelmed"
    return "gap" if utilisation >= GAP_SHARE else "tight" if utilisation >= TIGHT_SHARE else "none"


def _assessed(lines: Mapping[str, float | None]) -> dict[str, float]:
    """Return the lines that were assessed, in people."""
    if unknown := sorted(set(lines) - set(LINES)):
        raise ValueError(f"no capacity lines: {', '.join(unknown)}; known are {', '.join(LINES)}")
    known = {line: float(value) for line, value in lines.items() if value is not None and not pd.isna(value)}
    for line, value in known.items():
        if not 0 <= value < float("inf"):
            raise ValueError(f"{line} must be a finite number of at least 0, not {value}")
    return known


def _line(line: str, people: float, needed: float) -> LineGap:
    """Return one line's gap; no capacity at all is overwhelmed as soon as anybody comes."""
    utilisation = needed / people if people else float("inf") if needed else 0.0
    return LineGap(line, needed, people, max(needed - people, 0.0), utilisation)
