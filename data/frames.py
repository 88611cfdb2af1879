"""Check a data frame against a table before it is loaded, from the table's own definition.

Nothing is restated: types and null-ability come from the columns, the rules from the named CHECK constraints.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Float, Integer, Table

from data.schema import Versioned

Reasons = dict[Hashable, list[str]]
_TEXT_LIMIT = 20_000
_FORBIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{202a}-\x{202e}\x{2066}-\x{2069}]"
"""Control characters and marks that turn the direction of text, in the notation of RE2, which arrow uses."""


@dataclass(frozen=True)
class Checked:
    """``good`` rows ready for the store; ``reasons`` maps the index of each bad row to why it is bad."""

    good: pd.DataFrame
    reasons: dict[Hashable, str]


def check(frame: pd.DataFrame, table: type[Versioned]) -> Checked:
    """Split a frame into rows that fit the table and rows that do not.

    Columns the frame lacks are taken as missing; a column the table does not know is a programming error (KeyError).
    Numbers arrive as numbers or missing, dates as dates, instants with a time zone. The index is kept, so that a caller
    can find the rejected rows in its source.
    """
    columns = {c.name: c for c in cast(Table, table.__table__).columns if c.name in table.content()}
    unknown = set(frame.columns) - set(columns)
    if unknown:
        raise KeyError(f"{table.__tablename__} has no column {sorted(unknown)}")
    reasons: Reasons = {}
    typed = {name: _typed(frame, column, reasons) for name, column in columns.items()}
    result = pd.DataFrame(typed, index=frame.index)
    _apply_rules(result, cast(Table, table.__table__), reasons)
    bad = result.index.isin(list(reasons))
    return Checked(result[~bad], {label: "; ".join(texts) for label, texts in reasons.items()})


def _typed(frame: pd.DataFrame, column: "Column[Any]", reasons: Reasons) -> "pd.Series[Any]":
    """Return the column in the table's type, noting rows that cannot be."""
    default = _default_of(column)
    if column.name not in frame.columns:
        values: pd.Series[Any] = pd.Series(default, index=frame.index, dtype=object)
    else:
        values = frame[column.name]
        if default is not None:
            values = values.where(values.notna(), default)
    converted = _convert(values, column)
    lost = converted.isna() & values.notna()
    _note(reasons, lost, column.name, "is not a valid " + type(column.type).__name__.lower(), values)
    if not column.nullable:
        _note(reasons, converted.isna() & ~lost, column.name, "is missing", values)
    if isinstance(converted.dtype, pd.StringDtype) or converted.dtype == object:
        text = converted.astype("str").where(converted.notna(), "")
        most = column.info.get("max_characters", _TEXT_LIMIT)
        _note(reasons, text.str.len() > most, column.name, f"is longer than {most:,} characters", None)
        _note(reasons, _has_forbidden(text), column.name, "has control characters", None)
    return converted


def _has_forbidden(text: "pd.Series[str]") -> "pd.Series[bool]":
    """Tell which texts hold a forbidden character; each distinct text is looked at once."""
    places, distinct = pd.factorize(text)
    found = pc.match_substring_regex(pa.array(distinct, type=pa.string()), _FORBIDDEN)
    return pd.Series(np.asarray(found)[places], text.index)


def _default_of(column: "Column[Any]") -> Any:
    """Return the constant a column takes when a source is silent, or None."""
    if column.server_default is None or not hasattr(column.server_default, "arg"):
        return None
    text = str(column.server_default.arg)
    return int(text) if isinstance(column.type, Integer) else text


def _convert(values: "pd.Series[Any]", column: "Column[Any]") -> "pd.Series[Any]":
    """Convert without guessing: what does not fit becomes missing and is reported by the caller."""
    kind = column.type
    if isinstance(kind, (Integer, BigInteger)):
        numbers = pd.to_numeric(values, errors="coerce")
        whole = numbers.where(np.isfinite(numbers.astype("float64")) & (numbers.astype("float64") % 1 == 0))
        return whole.astype("Int64")
    if isinstance(kind, Float):
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if isinstance(kind, Boolean):
        return values.astype("boolean")
    if isinstance(kind, DateTime):
        return pd.to_datetime(values, errors="coerce", utc=True)
    if isinstance(kind, Date):
        return pd.to_datetime(values, errors="coerce").dt.as_unit("s")
    return values.astype("str").where(values.notna())


def _apply_rules(frame: pd.DataFrame, table: Table, reasons: Reasons) -> None:
    """Evaluate each named CHECK as the database would: a rule on a missing value is not broken."""
    is_known = {name: frame[name].notna() for name in frame.columns}
    for constraint in sorted(table.constraints, key=lambda c: str(c.name)):
        if not isinstance(constraint, CheckConstraint) or "rule" not in constraint.info:
            continue
        text = constraint.info["rule"]
        used = [name for name in frame.columns if name in pd.Index(text.replace("(", " ").split())]
        known = reduce(and_, (is_known[name] for name in used))
        if not known.any():
            continue
        rows = frame[used] if known.all() else frame.loc[known, used]
        held = rows.eval(text, engine="python").to_numpy(dtype=bool)
        if held.all():
            continue
        broken = known.copy()
        broken[known] = ~held
        _note(reasons, broken, ", ".join(used), f"breaks the rule {text}", frame[used[0]] if used else None)


def _note(reasons: Reasons, bad: "pd.Series[bool]", name: str, what: str, values: "pd.Series[Any] | None") -> None:
    """Add a reason with the value to each bad row."""
    for label in bad.index[bad]:
        shown = "" if values is None else f" ({str(values[label])[:80]})"
        reasons.setdefault(label, []).append(f"{name} {what}{shown}")
