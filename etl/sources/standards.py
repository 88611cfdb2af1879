"""The planning standards that ship with Waypost (data/reference/standards.csv, from DOMAIN.md section 3).

A planner's edit is never undone by loading the shipped file again, in this release or a later one: a shipped row only
ever replaces a row that is a shipped default itself (`etl.source.Keeps`), and a default that a later release drops is
deleted only while nobody has edited it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd

import data
from data.errors import PayloadRejected
from data.frames import check
from data.schema.standard import Standard
from etl.delimited import Chunk, read
from etl.numbers import to_number
from etl.source import Item, Keeps, Payload, Reject, Replaces, Rows, Spec, Window

SHIPPED = "shipped default"
"""Who a row was edited by when no planner has edited it."""
FILE = Path(data.__file__).parent / "reference" / "standards.csv"
COLUMNS = tuple(Standard.content())
_BUILT_IN_BASES = ("people", "arrivals_per_day")
_MOST_VANISHED_SHARE = 0.5
_ID = r"[a-z0-9]+(?:-[a-z0-9]+)*"


class Standards:
    """The source; see the module."""

    spec = Spec(
        id="standards",
        title="Planning standards",
        publisher="Waypost, from the publication that each row names",
        url="data/reference/standards.csv",
        licence="Apache-2.0; each figure is a fact quoted from the publication that its row names",
        cadence=None,
        tables=(Standard,),
        first_date=None,
        rows=(1, 2_000),
        max_bytes=2_000_000,
    )

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Yield the shipped file: standards have no feed."""
        yield Payload(FILE.name, FILE, "text/csv")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the standards of a CSV file with the columns of `data.schema.standard`.

        A row that breaks a rule, repeats an id or rests on no standard of the file is rejected; while there is any such
        row, no standard that the file lacks counts as dropped. Raises `PayloadRejected` for a file with other columns.
        """
        chunks: list[Chunk] = []
        with payload.open() as stream:
            chunks += read(stream, payload.name, COLUMNS)
        if added := chunks[0].added:
            raise PayloadRejected(payload.name, f"has columns that no standard has: {', '.join(added)}")
        text = pd.concat([chunk.frame for chunk in chunks]).apply(lambda column: column.str.strip())
        where = "line " + pd.concat([chunk.lines for chunk in chunks]).astype("str")
        frame, faults = _typed(text)
        rejects = [
            Reject("standard", f"line {row.line}", row.reason, row.text) for chunk in chunks for row in chunk.broken
        ]
        rejects += [
            Reject("standard", where[row], "; ".join(said), text.loc[row].to_json()) for row, said in faults.items()
        ]
        yield from rejects
        yield Rows(Standard, frame, where[frame.index])
        yield Keeps(Standard, "t.edited_by <> :shipped", {"shipped": SHIPPED})
        if not rejects:
            yield Replaces(Standard, "t.edited_by = :shipped", _MOST_VANISHED_SHARE, {"shipped": SHIPPED})


def _typed(text: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """Return the rows that fit with their values, and by row number what is wrong with the others."""
    faults: dict[int, list[str]] = {}

    def note(bad: "pd.Series[bool]", column: str, what: str) -> None:
        for row in text.index[bad]:
            faults.setdefault(row, []).append(f"{column} {what} ({text.loc[row, column][:80]})")

    values: dict[str, Any] = {name: text[name].where(text[name] != "") for name in COLUMNS}
    for name in ("quantity", "people_per_unit", "sort_order"):
        values[name], unread = to_number(text[name], whole=name == "sort_order")
        note(unread, name, "is no plain number")
    values["per_day"] = text["per_day"].map({"true": True, "false": False}).astype("boolean")
    note(~text["per_day"].isin(["true", "false"]), "per_day", "is neither true nor false")
    note(~text["id"].str.fullmatch(_ID), "id", "is no id of lower-case letters, digits and '-'")
    note(text["id"].duplicated(keep=False), "id", "is there twice")
    note(text["edited_by"] != SHIPPED, "edited_by", f"is not {SHIPPED!r}; edit standards on their page")
    frame = pd.DataFrame(values, index=text.index)
    readable = frame[~frame.index.isin(list(faults))]
    for row, reason in check(readable, Standard).reasons.items():
        faults.setdefault(int(str(row)), []).append(reason)
    _note_lost_bases(text, faults)
    return frame[~frame.index.isin(list(faults))], faults


def _note_lost_bases(text: pd.DataFrame, faults: dict[int, list[str]]) -> None:
    """Note rows that rest on a row that is not there or has a fault, and those that rest on them."""
    while True:
        good = text[~text.index.isin(list(faults))]
        lost = good[~good["basis"].isin([*_BUILT_IN_BASES, *good["id"]])]
        if lost.empty:
            return
        for row in lost.index:
            faults[row] = [f"basis is no standard that landed ({text.loc[row, 'basis'][:80]})"]


source = Standards()
