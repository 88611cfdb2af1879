"""Say to somebody who is no programmer what to do about a cell that could not be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from etl.plain_days import date_hint
from etl.plain_numbers import hour_hint, number_hint

TOTAL = re.compile(
    r"^\W*(?:(?:grand|sub|sous)[\s-]*)?(?:totals?|sum|somme|totaux|cumul|gesamt|suma|soma|ensemble$|"
    r"всього|усього|разом|итого|всего|المجموع|الإجمالي|الاجمالي|مجموع|جمع)\b",
    re.IGNORECASE,
)
"""How a cell begins that names a sum of other rows."""
_FREE = frozenset((
    "note", "title", "headline", "status", "source_id", "reported_by", "owner", "organisation", "organiser",
    "publisher",
))  # fmt: skip
"""Columns whose words say nothing of the row: a road may be under total closure."""
_WORDS = re.compile(r"in \((('[a-z_]+'(, )?)+)\)")
_ORDER = re.compile(r"^([a-z_]+)(?:, [a-z_]+)* breaks the rule ([a-z_]+) (>=|>) ([a-z_]+)(?: \(.*\))?$")
_RANGE = re.compile(r"^([a-z_]+) breaks the rule \1 >= ([0-9]+) and \1 <= ([0-9]+)(.*)$")
FAILED = re.compile(r"^#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)$", re.IGNORECASE)
"""What a cell shows whose formula failed."""
_CELLS = re.compile(r"^has ([0-9]+) fields instead of ([0-9]+)")
_CUT = "a comma within a number or a text cuts a cell in two: write numbers without marks, or send the workbook (.xlsx)"
_FEW_COLUMNS = 2
_PERIOD = re.compile(
    r"^(?:[0-9]{4}[-/.][0-9]{1,2}.*|[0-9]{1,2}[-/.][0-9]{1,2}.*|([^\W\d]{3,9})\.?[ -]*(?:[0-9]{2}|[0-9]{4}))$"
)
_SAVE_AGAIN = 'Open it in your spreadsheet program and save it as .xlsx (without a password) or as "CSV UTF-8"'
_ALIKE = "both rows speak of the same and say different things: keep the right one"
_SAID = {
    "is merged with": "one figure or word for several rows? Unmerge the cells and write in each row what is true of it",
    "is struck through": "take the row out or write what holds; where this holds, take the line through it away",
    "is shown as a percentage": "write the number alone in a cell with the format of a number; % belongs to the unit",
    "is a sum of other rows": "take the row out, Waypost adds up by itself; a count of everybody is of the group all",
    "has no letter": "a comma within a number may have cut it in two: write numbers without marks",
    "elsewhere in this column": "write it alike everywhere, or the two are counted as different ones",
    "which is not read": "two counts: add them up, or write who was counted in population_group; one twice: keep one",
    "could not read, so": "look at the day in your source, and write all days of the column like 2026-03-01",
    "names no place known": "write a place of the sheet 'known places' of the template, by its id or its name",
    "may be of another table": "take the names out if the table goes on below them, or send the other one by itself",
    "names another place": "one of the two is wrong: write the right place, or take the other column out",
    "only they can change it": "ask them to correct it, or the people who run this server",
    "nothing to withdraw": "write these columns as they were sent; what never arrived need not be withdrawn",
    "those of": _ALIKE,
    "differs from another row": _ALIKE,
}
"""What to do about a cell by a part of the reason that says it all."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one cell or row: where, which column, what it said, why, and what to do.

    ``place`` is empty for the file as a whole and ``column`` for a row as a whole.
    """

    place: str
    column: str
    value: str
    reason: str
    hint: str = ""


def problems_of(place: str, reason: str, row: Mapping[str, str]) -> list[Problem]:
    """Split the reason for which a row was rejected into its cells, each with a hint.

    ``row`` is what its cells said, by column. A part of the reason begins with the column it is about.
    """
    parts: list[str] = []
    for part in reason.split("; "):
        column = part.split(" ", 1)[0].rstrip(",")
        if parts and column not in row:
            parts[-1] += f"; {part}"
        else:
            parts.append(part)
    if hint := _row_hint(row):
        return [Problem(place, "", "", "; ".join(parts), hint)]
    found = []
    for part in parts:
        column = part.split(" ", 1)[0].rstrip(",")
        column = column if column in row else ""
        value = row.get(column, "").strip()
        said, _, near = part.partition("; did you mean ")
        shown = _shown(said)
        hint = f"did you mean {near.partition('? (')[0]}?" if near else _order_hint(said, row)
        found.append(Problem(place, column, value[:200], shown, hint or hint_for(column, value, part)))
    return found


def hint_for(column: str, value: str, reason: str) -> str:
    """Return what to do about a cell, empty where the reason says it all.

    >>> hint_for("people", "1,234", "people is no plain whole number")
    'write 1234, without marks between the thousands'
    >>> hint_for("period_end_date", "13/04/2026", "period_end_date is no date like YYYY-MM-DD")
    'write 2026-04-13 (year-month-day)'
    """
    hint = next((told for part, told in _SAID.items() if part in reason.partition(" (")[0]), "")
    if hint:
        return hint
    if value.startswith("="):
        hint = "this is a formula without a result: paste its value instead, or open and save the file once"
    elif FAILED.match(value):
        hint = "the formula in this cell fails: mend it, or write its value instead"
    elif words := _WORDS.search(reason):
        hint = _word_hint(value, words[1].replace(chr(39), ""))
    elif "date" in column:
        hint = date_hint(value)
    elif "number" in reason:
        is_whole = "whole number" in reason
        hint = hour_hint(value) if column.endswith("_hour") else number_hint(value, is_whole=is_whole)
    elif reason.removesuffix(" (nan)").endswith(" is missing"):
        hint = "fill in this cell; of merged cells only the first one holds what they show"
    elif _RANGE.match(reason) and value.startswith("-"):
        hint = "write what was counted, 0 where there was none"
    elif cells := _CELLS.match(reason):
        hint = _CUT if int(cells[1]) > int(cells[2]) else "write a cell for each column; if it is a remark, take it out"
    return hint


def _row_hint(row: Mapping[str, str]) -> str:
    """Return what to do about a row that is none of data, empty for one that is."""
    told = {column: cell.strip() for column, cell in row.items() if cell.strip()}
    named = [cell for column, cell in told.items() if column not in _FREE]
    if any(TOTAL.match(cell) for cell in named):
        return "this looks like a row of totals: take it out, Waypost adds up by itself"
    if told and all(cell == column for column, cell in told.items()):
        return "this row repeats the names of the columns: take it out; another table is a file of its own"
    if len(told) == 1 and len(row) > _FEW_COLUMNS:
        return f"the row holds nothing but {next(iter(told.values()))[:80]!r}: if it is a remark or a sum, take it out"
    return ""


def of_file(reason: str) -> str:
    """Return why a file as a whole is refused, with what somebody at a spreadsheet program does about it.

    >>> of_file("is empty")
    'it is empty'
    """
    begins = reason.split(" ", 1)[0] in {"is", "has", "holds", "lacks", "declares", "unpacks", "cannot", "did"}
    said = f"it {reason}" if begins else reason
    stop = "" if said.endswith("?") else "."
    if reason.startswith("is not UTF-8"):
        byte = re.search("byte [0-9,]+", reason)
        said = f"its letters cannot be read ({byte[0] if byte else 'not UTF-8'})"
        return f'{said}. Save it as "CSV UTF-8", or send the workbook (.xlsx) itself'
    if "NUL bytes" in reason:
        return f'its letters cannot be read. Save it as "CSV UTF-8", or send the workbook (.xlsx) itself ({said})'
    if ".xlsx" in reason or ".csv" in reason:
        return f"{said}{stop} {_SAVE_AGAIN}"
    if "lacks the columns" in reason:
        strangers = reason.partition("not known here: ")[2].partition(";")[0].split(", ")
        across = [name for name in strangers if _is_period(name)]
        wide = f"it has days across its columns ({', '.join(across[:3])}): write a row for each place and day; "
        return f"{wide if len(across) > 1 else ''}{said}{stop} The row of column names must be as in the template"
    if "columns twice" in reason:
        return f"{said}: two tables side by side? Send each as a file of its own"
    return said


def _is_period(name: str) -> bool:
    """Tell whether a column is called by a day or a month.

    >>> [_is_period(name) for name in ("2026-03-01", "Jan 2026", "mars-26", "01/03", "place 12")]
    [True, True, True, True, False]
    """
    found = _PERIOD.match(name)
    return found is not None and (found[1] or "").casefold() not in {"place", "point", "site", "week", "room"}


def _word_hint(value: str, words: str) -> str:
    """Return which of the words was meant where only case differs or an s is too many, else all of them."""
    near = value.casefold().replace(" ", "_")
    meant = [word for word in words.split(", ") if near in {word, f"{word}s"}]
    return f"write {meant[0]}, as it stands here" if meant else f"write one of: {words}"


def _order_hint(reason: str, row: Mapping[str, str]) -> str:
    """Return what to do where an end lies before its start, empty for other reasons."""
    order = _ORDER.match(reason)
    if not order:
        return ""
    later, earlier = row.get(order[2], "").strip(), row.get(order[4], "").strip()
    if order[2].endswith("_hour"):  # swapped, a watch from 18 to 6 would become one from 6 to 18
        return "the hours are of one local day: a watch over midnight is written until 24, and from 0 on the next day"
    return f"{order[4]} is {earlier} and {order[2]} is {later}: perhaps they are swapped" if earlier and later else ""


def _shown(reason: str) -> str:
    """Return a reason without the notation of a rule or of a missing value.

    >>> _shown("people breaks the rule people >= 0 and people <= 50000000 (60000000)")
    'people is not from 0 to 50,000,000 (60000000)'
    >>> _shown("start_date, end_date breaks the rule end_date >= start_date (2026-03-02 00:00:00)")
    'start_date, end_date: end_date is before start_date'
    >>> _shown("measure breaks the rule measure in ('stock', 'flow') (Flow)")
    'measure is none of the words that may stand here (Flow)'
    """
    if order := _ORDER.match(reason):
        columns = reason.partition(" breaks the rule ")[0]
        before = "before" if order[3] == ">=" else "not after"
        return f"{columns}: {order[2]} is {before} {order[4]}"
    if limits := _RANGE.match(reason):
        return f"{limits[1]} is not from {int(limits[2]):,} to {int(limits[3]):,}{limits[4]}"
    if _WORDS.search(reason):
        return re.sub(r"breaks the rule .* in \(.*?\)(?= \(|$)", "is none of the words that may stand here", reason)
    return reason.removesuffix(" (nan)").replace("breaks the rule", "must keep to")
