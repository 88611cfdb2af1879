"""The workbook of the INFORM Risk Index: its sheet of results as rows of the trends.

The sheet ``INFORM Risk 2024 (a-z)`` has its year in the title above the header, a column for each score, and a line of
units below. The other sheets hold figures under other years and are left to the file of latest values.
"""

import re
from collections.abc import Iterator

import pandas as pd

from data.errors import PayloadRejected
from etl.delimited import Chunk
from etl.grid import HEADER_ROWS, Row
from etl.source import Ignored, Payload
from etl.spreadsheet import MOST_BYTES, sheets

SCORES = {
    "inform risk": "INFORM", "hazard exposure": "HA", "natural": "HA.NAT", "human": "HA.HUM", "vulnerability": "VU",
    "socio economic vulnerability": "VU.SEV", "vulnerable groups": "VU.VGR", "lack of coping capacity": "CC",
    "institutional": "CC.INS", "infrastructure": "CC.INF",
}  # fmt: skip
LEAST_SCORES = 4
"""The index and its three dimensions: a sheet with fewer is not that of results."""
COLUMNS = ("Iso3", "IndicatorId", "GNAYear", "IndicatorScore")
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?![0-9])")
_CODE = re.compile(r"[A-Z]{3}")
_NOT_AVAILABLE = ("", "x", "-", "No data", "N/A")


def scores_of(payload: Payload) -> Iterator[Chunk | Ignored]:
    """Yield the scores of a workbook as one chunk of `COLUMNS`; raise PayloadRejected when no sheet is of results."""
    found = [(title, rows, at) for title, rows in sheets(payload.read(MOST_BYTES), payload.name)
             if (at := _header(rows)) is not None]  # fmt: skip
    if not found:
        raise PayloadRejected(payload.name, "has no sheet with ISO3, INFORM RISK and its three dimensions")
    title, rows, at = found[0]
    for other, _, _ in found[1:]:
        yield Ignored(0, f"the sheet {other}: the results are those of the sheet {title}")
    above = [cell for _, cells in rows[:at] for cell in cells]
    years = {year for text in (above, [title], [payload.name]) for cell in text for year in _YEAR.findall(cell)}
    if len(years) != 1:
        raise PayloadRejected(
            payload.name, f"tells {len(years)} years in its titles and name ({', '.join(sorted(years))})"
        )
    yield _chunk(rows, at, years.pop(), f"sheet {title} row")


def _header(rows: list[Row]) -> int | None:
    """Return the place of the row that names countries' codes and scores, None where there is none."""
    for place, (_, cells) in enumerate(rows[:HEADER_ROWS]):
        names = [_plain(cell) for cell in cells]
        if "iso3" in names and len(set(names) & set(SCORES)) >= LEAST_SCORES:
            return place
    return None


def _chunk(rows: list[Row], at: int, year: str, where: str) -> Chunk:
    """Return a row for each country and score; a line without a country's code (units, notes) is none."""
    names = [_plain(cell) for cell in rows[at][1]]
    told, lines = [], []
    for number, cells in rows[at + 1 :]:
        by_name = dict(zip(names, [cell.strip() for cell in cells], strict=False))
        if _CODE.fullmatch(by_name.get("iso3", "")) is None:
            continue
        for name, code in SCORES.items():
            if name in by_name:
                score = by_name[name]
                told.append((by_name["iso3"], code, year, "" if score in _NOT_AVAILABLE else score))
                lines.append(number)
    index = pd.RangeIndex(1, len(told) + 1).astype("int64")
    frame = pd.DataFrame(told, columns=list(COLUMNS), index=index, dtype="str")
    return Chunk(
        frame, pd.Series(lines, index=index, dtype="int64"), [], (), lambda row: ",".join(told[row - 1]), where
    )


def _plain(text: str) -> str:
    """Return a heading in small letters without signs.

    >>> _plain("HAZARD & EXPOSURE"), _plain("Socio-Economic Vulnerability")
    ('hazard exposure', 'socio economic vulnerability')
    """
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text.casefold()).split())
