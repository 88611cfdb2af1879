"""The World Bank's CSV files of one or more indicators as the table of country indicators.

Wide: the Bank's own downloads, a column a year, with some lines about the file above the header. Long: those of the
Humanitarian Data Exchange, a row a year. A unit is what stands in brackets at the end of an indicator's name.
"""

import csv
import io
import re
from collections.abc import Iterator

import pandas as pd

from data.errors import PayloadRejected
from etl.countries import known
from etl.delimited import Chunk
from etl.source import Ignored, Payload
from etl.spreadsheet import MOST_BYTES

PUBLISHER, ADDRESS = "World Bank", "https://data.worldbank.org/indicator/"
COLUMNS = (
    "indicator", "country_iso3", "period_start_date", "period_end_date", "value", "unit", "publisher", "url",
)  # fmt: skip
CODE_OF_COUNTRY = ("Country Code", "Country ISO3")
_NEEDED = ("Indicator Code", "Indicator Name")
_YEAR = re.compile(r"^([12][0-9]{3})(?: \[YR[0-9]{4}\])?$")
_UNIT = re.compile(r"\(([^()]{1,60})\)$")
_HEAD_BYTES = 4096
_MISSING = ("..", "NA")


def is_world_bank(payload: Payload) -> bool:
    """Tell whether a file has the World Bank's columns in one of its first lines."""
    with payload.open() as stream:
        head = stream.read(_HEAD_BYTES)
    return b"Indicator Code" in head and any(name.encode() in head for name in CODE_OF_COUNTRY)


def indicators(payload: Payload) -> Iterator[Chunk | Ignored]:
    """Yield the figures as one chunk of `COLUMNS`; sums over regions and groups of countries are ignored by name.

    Raises PayloadRejected for a file without years or values.
    """
    try:
        text = payload.read(MOST_BYTES).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise PayloadRejected(payload.name, f"cannot be read: {error}"[:200]) from error
    at = next((n for n, row in enumerate(rows) if set(_NEEDED) <= {cell.strip() for cell in row}), None)
    names = [cell.strip() for cell in rows[at]] if at is not None else []
    country = next((name for name in CODE_OF_COUNTRY if name in names), None)
    years = {place: found[1] for place, name in enumerate(names) if (found := _YEAR.match(name))}
    if at is None or country is None or not (years or {"Year", "Value"} <= set(names)):
        raise PayloadRejected(payload.name, "has neither columns of years nor Year and Value beside the indicator")
    told: list[tuple[str, ...]] = []
    lines: list[int] = []
    groups: set[str] = set()
    for line, row in enumerate(rows[at + 1 :], start=at + 2):
        cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
        code = cells.get(country, "")
        if not code or code.startswith("#"):
            continue
        if code not in known() and re.fullmatch("[A-Z]{3}", code):
            groups.add(code)
            continue
        pairs = [(year, row[place].strip()) for place, year in years.items() if place < len(row)]
        for year, value in pairs or [(cells.get("Year", ""), cells.get("Value", ""))]:
            told.append(_figure(cells, code, year, value))
            lines.append(line)
    if groups:
        yield Ignored(len(groups), f"groups of countries, or a code that is none: {', '.join(sorted(groups))[:300]}")
    index = pd.RangeIndex(1, len(told) + 1).astype("int64")
    frame = pd.DataFrame(told, columns=list(COLUMNS), index=index, dtype="str")
    yield Chunk(frame, pd.Series(lines, index=index, dtype="int64"), [], (), lambda row: ",".join(told[row - 1]))


def _figure(cells: dict[str, str], country: str, year: str, value: str) -> tuple[str, ...]:
    """Return one figure as a row of `COLUMNS`; what is no year stays visible."""
    code, name = cells.get("Indicator Code", ""), cells.get("Indicator Name", "")
    unit = _UNIT.search(name)
    return (
        re.sub(r"[^a-z0-9]+", "_", code.casefold()).strip("_"), country, f"{year}-01-01", f"{year}-12-31",
        "" if value in _MISSING else value, unit[1] if unit else "as published", PUBLISHER, ADDRESS + code,
    )  # fmt: skip
