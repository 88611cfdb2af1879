"""IPC figures as the Humanitarian Data Exchange published them over the years, as one long table.

Long files have a row for each period and phase, wide ones a column; both had other column names until 2024, phases
called P3+, and the first day of a period's last month for its end. All become chunks with today's long columns.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

import pandas as pd

from data.errors import PayloadRejected
from etl.delimited import Chunk
from etl.left_out import new_columns, without_tags
from etl.months import last_day
from etl.source import Ignored

LONG = ("Date of analysis", "Country", "Validity period", "From", "To", "Phase", "Number", "Percentage")
LEVELS = ("Level 1", "Area")
AREA = ("Date of analysis", "Country")
IGNORED = ("Total country population",)
OLD_NAMES = {
    "analysis_date": "Date of analysis", "country_iso3": "Country", "level1_name": "Level 1", "area_name": "Area",
    "projection": "Validity period", "period_start": "From", "period_end": "To", "phase": "Phase",
    "number_affected": "Number", "percentage_affected": "Percentage", "population": "Total country population",
}  # fmt: skip
OLD_PERIODS = {"current": "current", "projected": "first projection", "second_projected": "second projection"}
PERIODS = {"current": "current", "projection": "first projection", "second projection": "second projection"}
"""The word for a period in a wide file's columns, and what a long file calls it."""
PHASES = ("all", "3+", "1", "2", "3", "4", "5")


def long_tables(chunks: Iterable[Chunk], name: str) -> Iterator[Chunk | Ignored]:
    """Yield chunks of today's long columns, and what is left out of them.

    A period without any day and figure of a wide row is none. Raises PayloadRejected for other columns.
    """
    for found in chunks:
        names = set(found.frame.columns)
        is_old, is_wide = "analysis_date" in names, not names & {"Phase", "phase"}
        columns = _wide_columns(is_old=is_old) if is_wide else {}
        plain = {label: ours for label, ours in OLD_NAMES.items() if is_old and label not in columns}
        needed = set(AREA) if is_wide else set(LONG)
        missing = needed - {plain.get(label, label) for label in names}
        if missing or (is_wide and not names & set(columns)):
            added = ", ".join(found.frame.columns)[:1000]
            lacking = ", ".join(sorted(missing or set(LONG)))
            raise PayloadRejected(name, f"lacks the columns {lacking}; columns not known here: {added}")
        known = {*LONG, *LEVELS, *IGNORED, *plain, *columns}
        chunk, tags = without_tags(replace(found, frame=found.frame.rename(columns=plain), added=()))
        yield from (*new_columns(label for label in found.frame.columns if label not in known), *tags)
        chunk = _melted(chunk, columns) if is_wide else chunk
        yield _todays(chunk) if is_old else chunk


def _wide_columns(*, is_old: bool) -> dict[str, tuple[str, str, str]]:
    """Return the columns of a wide file: the period, the phase ("" for days) and the long column of each.

    >>> _wide_columns(is_old=False)["Phase 3+ number second projection"]
    ('second projection', '3+', 'Number')
    >>> _wide_columns(is_old=True)["phase1_percentage"]
    ('current', '1', 'Percentage')
    """
    found: dict[str, tuple[str, str, str]] = {}
    if is_old:
        for period in OLD_PERIODS:
            ending = "" if period == "current" else f"_{period}"
            found |= {f"period_start{ending}": (period, "", "From"), f"period_end{ending}": (period, "", "To")}
            found[f"affected_population{ending}"] = (period, "all", "Number")
            for phase, (word, column) in product(PHASES[1:], (("population", "Number"), ("percentage", "Percentage"))):
                begin = "p3plus" if phase == "3+" else f"phase{phase}"
                found[f"{begin}_{word}{ending}"] = (period, phase, column)
        return found
    for word, period in PERIODS.items():
        begin = word.capitalize()
        found |= {f"{begin} from": (period, "", "From"), f"{begin} to": (period, "", "To")}
        found[f"Population analyzed {word}"] = (period, "all", "Number")
        for phase, kind in product(PHASES[1:], ("number", "percentage")):
            found[f"Phase {phase} {kind} {word}"] = (period, phase, kind.capitalize())
    return found


def _melted(chunk: Chunk, columns: dict[str, tuple[str, str, str]]) -> Chunk:
    """Return a wide chunk as a long one, whose rows stand where the wide one stood."""
    frame = chunk.frame
    told = {key: frame[label] for label, key in columns.items() if label in frame}
    empty = pd.Series("", index=frame.index, dtype="str")
    common = frame[[label for label in (*AREA, *LEVELS) if label in frame]]
    parts = []
    for period in dict.fromkeys(period for period, _, _ in told):
        days = {name: told.get((period, "", name), empty) for name in ("From", "To")}
        figures = pd.DataFrame(
            {key: cells for key, cells in told.items() if key[0] == period and key[1]}, index=frame.index
        )
        is_there = (days["From"] != "") | (days["To"] != "") | (figures != "").any(axis=1)
        for phase in PHASES:
            cells = {name: told.get((period, phase, name), empty) for name in ("Number", "Percentage")}
            part = common.assign(**{"Validity period": period, "Phase": phase}, **days, **cells)
            has_any = is_there & ((cells["Number"] != "") | (cells["Percentage"] != "") | (phase != "all"))
            parts.append(part[has_any])
    long = pd.concat(parts) if parts else frame
    rows = long.index.to_numpy()
    index = pd.RangeIndex(1, len(long) + 1).astype("int64")
    lines = pd.Series(chunk.lines.loc[rows].to_numpy(), index=index)
    return replace(chunk, frame=long.set_axis(index), lines=lines, text=lambda row: chunk.text(int(rows[row - 1])))


def _todays(chunk: Chunk) -> Chunk:
    """Return a chunk of an old file in today's words; its periods end with the month of the day that they tell."""
    frame = chunk.frame
    return replace(
        chunk,
        frame=frame.assign(
            **{
                "Phase": frame["Phase"].str.removeprefix("P"),
                "Validity period": frame["Validity period"].replace(OLD_PERIODS),
                "To": frame["To"].map(_month_end),
            }
        ),
    )


def _month_end(text: str) -> str:
    """Return the last day of a month for its first one, any other text as it is.

    >>> _month_end("2021-09-01"), _month_end("2021-09-30"), _month_end("2021-13-01")
    ('2021-09-30', '2021-09-30', '2021-13-01')
    """
    if re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])-01", text.strip()) is None or text.startswith("0000"):
        return text
    return last_day(pd.Timestamp(text.strip()).date()).isoformat()
