"""The tables of a situation folder (docs/formats/situation.md): their columns, and reading one from its bytes."""

import io
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from data.errors import PayloadRejected
from etl import delimited
from etl.source import Reject


@dataclass(frozen=True)
class Field:
    """How the text of a column becomes a value; a row without a ``needed`` value is rejected.

    ``convert`` raises ValueError with what is wrong; it never sees an empty text, which is a missing value.
    """

    convert: Callable[[str], Any]
    needed: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table as read: typed values (missing as None), where each row stood (same index), and the rows that failed."""

    frame: pd.DataFrame
    locators: "pd.Series[str]"
    rejects: list[Reject]


def identifier(text: str) -> str:
    """Accept a local id: lower-case ASCII letters, digits, and ``-``, ``_`` or ``.`` between them.

    >>> identifier("gado-badzere")
    'gado-badzere'
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,79}", text):
        raise ValueError("is no id of up to 80 lower-case letters, digits, '-', '_', '.'")
    return text


def country(text: str) -> str:
    """Accept the form of an ISO 3166-1 alpha-3 code."""
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError("is no ISO 3166-1 alpha-3 code")
    return text


def number(text: str) -> float:
    """Accept a plain decimal number: no thousands separator, no sign of estimation, no NaN.

    >>> number("-3.5")
    -3.5
    """
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,20})?", text, re.ASCII):
        raise ValueError("is no plain number like 12.5")
    return float(text)


def whole(text: str) -> int:
    """Accept a whole number."""
    if not re.fullmatch(r"[+-]?\d{1,15}", text, re.ASCII):
        raise ValueError("is no whole number")
    return int(text)


def day(text: str) -> date:
    """Accept a date as YYYY-MM-DD."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError("is no date like 2014-03-01")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is no date of the calendar") from error


_ID, _ID_IF_ANY = Field(identifier, needed=True), Field(identifier)
_TEXT, _NAME = Field(str), Field(str, needed=True)
_COUNTRY, _DAY, _DAY_IF_ANY = Field(country, needed=True), Field(day, needed=True), Field(day)
_LENGTH = Field(number, needed=True)

TABLES: dict[str, dict[str, Field]] = {
    "situation": {
        "id": _ID, "title": _NAME, "origin_iso3": _COUNTRY, "start_date": _DAY, "end_date": _DAY_IF_ANY,
        "conflict_lag_days": Field(whole, needed=True), "registration_lag_days": Field(whole, needed=True),
        "source": _NAME, "licence": _NAME, "note": _TEXT,
    },
    "places": {
        "id": _ID, "name": _NAME, "kind": _NAME, "country_iso3": _COUNTRY, "admin1_name": _TEXT,
        "longitude": Field(number), "latitude": Field(number), "coordinate_quality": _TEXT,
        "population": Field(whole), "note": _TEXT,
    },
    "border_points": {
        "id": _ID, "kind": _TEXT, "origin_iso3": _COUNTRY, "host_iso3": _COUNTRY, "opposite_id": _ID_IF_ANY,
    },
    "sites": {"id": _ID, "kind": _NAME},
    "links": {"border_point_id": _ID, "site_id": _ID, "distance_km": _LENGTH, "since_date": _DAY_IF_ANY},
    "routes": {"from_id": _ID, "to_id": _ID, "distance_km": _LENGTH, "border_point_id": _ID_IF_ANY},
    "status_periods": {
        "border_point_id": _ID_IF_ANY, "origin_iso3": Field(country), "host_iso3": Field(country), "start_date": _DAY,
        "end_date": _DAY_IF_ANY, "status": _NAME, "note": _TEXT,
    },
    "conflict_periods": {
        "place_id": _ID, "start_date": _DAY, "end_date": _DAY_IF_ANY, "intensity": _LENGTH, "source": _NAME,
    },
}  # fmt: skip
"""The columns of each table by the file's stem; a column that is not ``needed`` may be absent."""

REQUIRED = ("situation", "places", "routes")
"""The tables without which a folder is no situation."""


def read_table(name: str, content: bytes) -> Sheet:
    """Read the table ``name`` from the bytes of its CSV file; rows that do not fit are rejected one by one.

    Raises `data.errors.PayloadRejected` when the file as a whole is not such a table: other columns, an encoding that
    is not UTF-8 or marked as UTF-16, an unterminated quote.
    """
    fields, file_name = TABLES[name], f"{name}.csv"
    required = [column for column, field in fields.items() if field.needed]
    rows: dict[str, dict[str, Any]] = {}
    rejects: list[Reject] = []
    for chunk in delimited.read(io.BytesIO(content), file_name, required, fields):
        if unknown := sorted(set(chunk.frame.columns) - set(fields)):
            what = f"has columns that are not known here: {', '.join(unknown)}; its columns are {', '.join(fields)}"
            raise PayloadRejected(file_name, what)
        for row, cells in zip(chunk.frame.index, chunk.frame.to_dict("records"), strict=True):
            values, reasons = _row(cells, fields)
            if reasons:
                raw = ",".join(str(cell) for cell in cells.values())
                rejects.append(Reject(name, f"{file_name} row {row}", "; ".join(reasons), raw))
            else:
                rows[f"{file_name} row {row}"] = values
        rejects += [Reject(name, f"{file_name} row {item.row}", item.reason, item.text) for item in chunk.broken]
    frame = pd.DataFrame(list(rows.values()), columns=list(fields), dtype=object)
    return Sheet(frame, pd.Series(list(rows), index=frame.index, dtype="str"), rejects)


def _row(cells: dict[Hashable, Any], fields: dict[str, Field]) -> tuple[dict[str, Any], list[str]]:
    """Return a row's values, and what is wrong with it."""
    values: dict[str, Any] = dict.fromkeys(fields)
    reasons = []
    for name, cell in cells.items():
        text = cell.strip()
        try:
            values[str(name)] = fields[str(name)].convert(text) if text else None
        except ValueError as error:
            reasons.append(f"{name} {error} ({text[:80]})")
            continue
        if fields[str(name)].needed and not text:
            reasons.append(f"{name} is missing")
    return values, reasons
