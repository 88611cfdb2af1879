"""Say how a number or an hour of the day that could not be read would be written rightly."""

import re
import unicodedata

_NOTHING = frozenset((
    "n/a", "na", "n.a.", "-", "--", "–", "—", "?", "??", "x", "xx", "nil", "none", "null", "unknown", "nd", "n.d.",
    "tbc", "tbd",
))  # fmt: skip
_GROUPED = re.compile("^[0-9]{1,3}(?:[ ,.'’\u00a0\u202f][0-9]{3})+$")
_MIXED = re.compile("^[0-9]{1,3}(?:[ ,.'’\u00a0\u202f][0-9]{3})+[.,]([0-9]{1,2})$")
_PLAIN = re.compile(r"^[0-9]+([.,][0-9]+)?$")
_WITH_UNIT = re.compile(r"^([0-9]+(?:[.,][0-9]{1,2})?)[ /]*([^\W\d_][^0-9]{0,30})$")
_NEGATIVE = re.compile(r"^-[0-9]")
_ABOUT = re.compile(r"[~≈<>+]|[0-9]\s*[-–]\s*[0-9]|about|approx|env(iron)?\.?|circa", re.IGNORECASE)
_WHEN = re.compile(r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)$")
_HOURS = re.compile("^([0-9]{1,2})(?:h|h00|:00|:00:00)?$", re.IGNORECASE)
_HALF_HOUR = re.compile(r"^([0-9]{1,2})[:h][0-9]{2}(?::00)?$")
_HALF_DAY = re.compile(r"^([0-9]{1,2})(?::00)?\s*([ap])\.?\s?m\.?$", re.IGNORECASE)
_WINDOW = re.compile(r"^([0-9]{1,2})(?::00|h)?\s*(?:-|–|to|à)\s*([0-9]{1,2})(?::00|h)?$", re.IGNORECASE)
_TURNED = "your spreadsheet program made a day or a time of it: format the cell as a number and type it anew"
_KEYBOARD = str.maketrans("٬٫−", ",.-")


def latin(text: str) -> str:
    r"""Return a text with the digits 0 to 9 and the marks of a Latin keyboard, without signs that nobody sees.

    >>> latin("\u200f٤١٢"), latin("1٬234")
    ('412', '1,234')
    """
    plain = (str(unicodedata.decimal(c, c)) for c in text if unicodedata.category(c) != "Cf")
    return "".join(plain).translate(_KEYBOARD).strip()


def hour_hint(value: str) -> str:
    """Return how an hour of the day would be written rightly.

    >>> hour_hint("6 pm"), hour_hint("06:30"), hour_hint("24:00")
    ('write 18', 'write a whole hour: 6 or 7', 'write 24')
    """
    value = latin(value)
    if window := _WINDOW.match(value):
        return f"write {int(window[1])} as window_start_hour and {int(window[2])} as window_end_hour"
    if hour := _HOURS.match(value):
        return f"write {int(hour[1])}"
    if half := _HALF_DAY.match(value):
        return f"write {int(half[1]) % 12 + 12 * (half[2].lower() == 'p')}"
    if between := _HALF_HOUR.match(value):
        return f"write a whole hour: {int(between[1])} or {int(between[1]) + 1}"
    return _TURNED if _WHEN.match(value) else "write the hour alone, a whole number from 0 to 24, like 6"


def number_hint(value: str, *, is_whole: bool) -> str:
    """Return how a number would be written rightly; ``is_whole`` says that it counts people.

    >>> number_hint("٤١٢", is_whole=True), number_hint("1.234,00", is_whole=True)
    ('write 412, typed anew with the digits 0 to 9', 'write 1234, without marks between the thousands')
    """
    plain = latin(value)
    if plain.casefold() in _NOTHING:
        return "leave the cell empty where nobody counted; 0 says that somebody counted and there was none"
    if plain != value and plain.isdecimal():
        return f"write {plain}, typed anew with the digits 0 to 9"
    if _WHEN.match(plain):
        return _TURNED
    if _NEGATIVE.match(plain) and is_whole:
        return "a count cannot be below zero; people who left are a flow of departures"
    return (
        _marks_hint(plain, is_whole=is_whole)
        or _words_hint(plain, is_whole=is_whole)
        or "write one plain number, like 412"
    )


def _marks_hint(value: str, *, is_whole: bool) -> str:
    """Return how a number with marks of thousands or of a fraction would be written rightly, empty for another text.

    >>> _marks_hint("1.234", is_whole=False), _marks_hint("12.000", is_whole=True)
    ('write 1234 for thousands, or 1.2340 for a fraction', 'write 12000 for thousands, or 12')
    >>> _marks_hint("3,5", is_whole=False), _marks_hint("1,234.50", is_whole=False)
    ('write 3.5, with a point', 'write 1234.5, without marks between the thousands')
    """
    digits, without = re.sub("[^0-9]", "", value), "without marks between the thousands"
    if mixed := _MIXED.match(value):
        fraction = mixed[1].rstrip("0")
        return f"write {digits[: -len(mixed[1])]}{'.' if fraction else ''}{fraction}, {without}"
    point, is_grouped = value.replace(",", "."), bool(_GROUPED.match(value))
    if is_grouped and re.fullmatch(r"[0-9]+\.000", value):
        return f"write {digits} for thousands, or {int(digits) // 1000}"
    if is_grouped and (is_whole or not re.fullmatch(r"[0-9]+\.[0-9]{3}", point)):
        return f"write {digits}, {without}"
    if is_grouped:
        return f"write {digits} for thousands, or {point}0 for a fraction"
    if not _PLAIN.match(value):
        return ""
    whole = "people are counted whole: write a number without a decimal part"
    return whole if is_whole else f"write {point}, with a point"


def _words_hint(value: str, *, is_whole: bool) -> str:
    """Return what to do about a number with its unit or with doubt, empty for another text.

    >>> _words_hint("3,5 t", is_whole=False), _words_hint("600/day", is_whole=True)
    ('write the number alone, 3.5, and t in the column unit', 'write how many people, the number alone')
    >>> _words_hint("1e3", is_whole=True), _words_hint("50%", is_whole=True)
    ('', 'a share is no count: write how many')
    """
    if united := _WITH_UNIT.match(value):
        number = united[1].replace(",", ".")
        apart = f"write the number alone, {number}, and {united[2]} in the column unit"
        return "write how many people, the number alone" if is_whole else apart
    if value.endswith("%"):
        return "a share is no count: write how many" if is_whole else "write the number alone; % belongs to the unit"
    return "write one plain number; what makes it uncertain belongs in the note" if _ABOUT.search(value) else ""
