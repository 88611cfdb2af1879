"""Say to somebody who is no programmer what to do about a cell that could not be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from etl.month_names import month_number

_NOTHING = frozenset((
    "n/a", "na", "n.a.", "-", "--", "–", "—", "?", "??", "x", "nil", "none", "null", "unknown", "nd", "n.d.",
    "tbc", "tbd",
))  # fmt: skip
_GROUPED = re.compile("^[0-9]{1,3}(?:[ ,.'’\u00a0\u202f][0-9]{3})+$")
_NEGATIVE = re.compile(r"^[-−][0-9]")
_ABOUT = re.compile(r"[~≈<>+]|[0-9]\s*[-–]\s*[0-9]|about|approx|env(iron)?\.?|circa", re.IGNORECASE)
_SLASHED = re.compile(r"^([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4}|[0-9]{2})$")
_ISO = re.compile(r"^([0-9]{4})-([0-9]{2})-([0-9]{2})$")
_TOTAL = re.compile(r"^(grand\s+|sub-?)?(total|sum|somme|totaux|gesamt|suma|المجموع|الإجمالي)\b", re.IGNORECASE)
_WORDS = re.compile(r"in \((('[a-z_]+'(, )?)+)\)")
_ORDER = re.compile(r"^([a-z_]+)(?:, [a-z_]+)* breaks the rule ([a-z_]+) (>=|>) ([a-z_]+)(?: \(.*\))?$")
_RANGE = re.compile(r"^([a-z_]+) breaks the rule \1 >= ([0-9]+) and \1 <= ([0-9]+)(.*)$")
_FAILED = re.compile(r"^#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)$", re.IGNORECASE)
_NO_SUCH_DAY = "the calendar has no such day; write the day alone, like 2026-03-01 (year-month-day)"
_FEW_COLUMNS = 2
_SERIAL = re.compile(r"^[2-6][0-9]{4}(?:\.[0-9]+)?$")
_SERIAL_START = date(1899, 12, 30)
"""The day from which spreadsheet programs count (ECMA-376 part 1, 18.17.4.1); five digits are 1954 to 2091."""
_YEAR_FIRST = re.compile(r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[ T][0-9:.]+)?$")
_MONTH_WORD = re.compile(r"^([0-9]{1,2})[ .-]+([A-Za-z]{3,9})[ .,-]+([0-9]{4}|[0-9]{2})$")
_SAVE_AGAIN = 'Open it in your spreadsheet program and save it as .xlsx or as "CSV UTF-8"'
_HOURS = re.compile("^([0-9]{1,2})(?:h|h00|:00|:00:00)$", re.IGNORECASE)
_WINDOW = re.compile(r"^([0-9]{1,2})(?::00|h)?\s*(?:-|–|to|à)\s*([0-9]{1,2})(?::00|h)?$", re.IGNORECASE)


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
    hint = ""
    if value.startswith("="):
        hint = "this is a formula without a result: paste its value instead, or open and save the file once"
    elif _FAILED.match(value):
        hint = "the formula in this cell fails: mend it, or write its value instead"
    elif words := _WORDS.search(reason):
        hint = _word_hint(value, words[1].replace(chr(39), ""))
    elif "date" in column:
        hint = _date_hint(value)
    elif "number" in reason:
        hint = _hour_hint(value) if column.endswith("_hour") else _number_hint(value)
    elif reason.removesuffix(" (nan)").endswith(" is missing"):
        hint = "fill in this cell; of merged cells only the first one holds what they show"
    elif "names no place known" in reason:
        hint = "write a place of the sheet 'known places' of the template, by its id or its name"
    elif "those of" in reason or "differs from another row" in reason:
        hint = "both rows speak of the same and say different things: keep the right one"
    return hint


def _row_hint(row: Mapping[str, str]) -> str:
    """Return what to do about a row that is none of data, empty for one that is."""
    told = {column: cell.strip() for column, cell in row.items() if cell.strip()}
    if any(_TOTAL.match(cell) for cell in told.values()):
        return "this looks like a row of totals: take it out, Waypost adds up by itself"
    if told and all(cell == column for column, cell in told.items()):
        return "this row repeats the names of the columns: take it out"
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
    if reason.startswith("is not UTF-8"):
        byte = re.search("byte [0-9,]+", reason)
        said = f'letters with accents cannot be read ({byte[0] if byte else "not UTF-8"}). Save it as "CSV UTF-8"'
        return f"{said}, or send the workbook (.xlsx) itself"
    if ".xlsx" in reason or ".csv" in reason:
        return f"{said}. {_SAVE_AGAIN}"
    if "lacks the columns" in reason:
        return f"{said}. The row of column names must be as in the template"
    return said


def _word_hint(value: str, words: str) -> str:
    """Return which of the words was meant where only case differs or an s is too many, else all of them."""
    near = value.casefold().replace(" ", "_")
    meant = [word for word in words.split(", ") if near in {word, f"{word}s"}]
    return f"write {meant[0]}, as it stands here" if meant else f"write one of: {words}"


def _hour_hint(value: str) -> str:
    """Return how an hour of the day would be written rightly."""
    if window := _WINDOW.match(value):
        return f"write {int(window[1])} as window_start_hour and {int(window[2])} as window_end_hour"
    hour = _HOURS.match(value)
    return f"write {int(hour[1])}" if hour else "write the hour alone, a whole number from 0 to 24, like 6"


def _order_hint(reason: str, row: Mapping[str, str]) -> str:
    """Return what to do where an end lies before its start, empty for other reasons."""
    order = _ORDER.match(reason)
    if not order:
        return ""
    later, earlier = row.get(order[2], "").strip(), row.get(order[4], "").strip()
    return f"{order[4]} is {earlier} and {order[2]} is {later}: perhaps they are swapped" if earlier and later else ""


def _number_hint(value: str) -> str:
    """Return how a number would be written rightly."""
    if value.casefold() in _NOTHING:
        return "leave the cell empty where nobody counted; 0 says that somebody counted and there was none"
    if _GROUPED.match(value):
        return f"write {re.sub('[^0-9]', '', value)}, without marks between the thousands"
    if _NEGATIVE.match(value):
        return "a count cannot be below zero; people who left are a flow of departures"
    if _ABOUT.search(value):
        return "write one plain number; what makes it uncertain belongs in the note"
    if re.fullmatch(r"[0-9]+[.,][0-9]+", value):
        return "people are counted whole: write a number without a decimal part"
    return "write one plain number, like 412"


def _date_hint(value: str) -> str:
    """Return how a date would be written rightly."""
    if not value:
        return "fill in this cell, like 2026-03-01"
    if slashed := _SLASHED.match(value):
        first, second, year = slashed.groups()
        full = int(year) + 2000 if len(year) == 2 else int(year)
        options = dict.fromkeys(_real(full, int(month), int(day)) for day, month in ((first, second), (second, first)))
        days = [day.isoformat() for day in options if day is not None]
        meant = ", whichever is meant" if len(days) > 1 else ""
        return f"write {' or '.join(days)} (year-month-day)" + meant if days else _NO_SUCH_DAY
    iso = _ISO.match(value)
    said = _real(*(int(part) for part in iso.groups())) if iso else None
    if iso and said is None:
        return _NO_SUCH_DAY
    today = datetime.now(UTC).date()
    if iso and said is not None and said > today:
        other = _real(int(iso[1]), int(iso[3]), int(iso[2]))
        meant = f"; perhaps day and month are swapped: {other}" if other is not None and other <= today else ""
        return f"this day is still to come{meant}"
    if said is None and (meant_day := _one_day(value)):
        return f"write {meant_day} (year-month-day)"
    return "write the day alone, like 2026-03-01"


def _one_day(value: str) -> date | None:
    """Return the day that a date in another notation means without doubt.

    >>> [str(_one_day(v)) for v in ("2026/3/1", "2026-03-01 14:30", "01-Mar-26", "1 May 1999", "Monday")]
    ['2026-03-01', '2026-03-01', '2026-03-01', '1999-05-01', 'None']
    """
    if _SERIAL.match(value):
        return _SERIAL_START + timedelta(days=int(float(value)))
    if numbers := _YEAR_FIRST.match(value):
        return _real(int(numbers[1]), int(numbers[2]), int(numbers[3]))
    words = _MONTH_WORD.match(value)
    month = month_number(words[2]) if words else None
    if not words or not month:
        return None
    year = int(words[3]) + (2000 if len(words[3]) == len("26") else 0)
    return _real(year, month, int(words[1]))


def _real(year: int, month: int, day: int) -> date | None:
    """Return a day, None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


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
