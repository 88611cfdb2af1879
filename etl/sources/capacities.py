"""Assessed capacity of border points and sites, in Waypost's own contract: CSV or XLSX (docs/formats/capacities.md)."""

from collections.abc import Iterator

import httpx
import pandas as pd

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.capacity import Capacity
from etl.delimited import Chunk
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.numbers import to_date, to_whole_number
from etl.personal import refuse_personal
from etl.source import Item, Payload, Reject, Rows, Spec, Window
from etl.tables import read_table

COLUMNS = ("place_id", "line", "assessed_date", "people", "reported_by")
TAGS = Tags(
    patterns={
        "place_id": ("#loc+code", "#loc+id", "#geo+code", "#loc+name", "#geo+name", "#loc"),
        "line": ("#capacity+line", "#capacity+type", "#indicator+name", "#sector"),
        "assessed_date": ("#date+assessed", "#date+occurred", "#date+reported", "#date"),
        "people": ("#capacity+people", "#capacity+num", "#capacity+value", "#capacity", "#indicator+value"),
        "reported_by": ("#org", "#meta+source"),
    }
)
"""How HXL hashtags mean the columns (docs/formats/hxl.md)."""
FORM = Format(COLUMNS, (), TAGS)
_KEY = list(Capacity.key)


class Capacities:
    """The source; see the module."""

    spec = Spec(
        id="capacities",
        title="Assessed capacity of border points and sites",
        publisher="the organisation that assessed (column reported_by)",
        url="docs/formats/capacities.md",
        licence="as agreed with the organisation that assessed",
        cadence=None,
        tables=(Capacity,),
        first_date=None,
        rows=(1, 1_000_000),
        max_bytes=200_000_000,
    )

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: assessments are sent as files, nobody publishes them as a feed."""
        raise ConfigurationMissing("capacities", "are loaded from files: python -m etl run capacities --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the capacity lines of a table; people missing where a line was not assessed.

        What the table's own rules check (the lines, the range) is left to them. Raises `PayloadRejected` for a file
        with other columns, or with one about a person.
        """
        chunks = list(read_table(payload, FORM))
        refuse_personal(chunks[0].added, payload.name)
        if added := chunks[0].added:
            known = ", ".join(COLUMNS)
            raise PayloadRejected(payload.name, f"has columns not known here: {', '.join(added)}; known are {known}")
        for chunk in chunks:
            for row in chunk.broken:
                yield Reject("capacity", f"{chunk.where} {row.line}", row.reason, row.text)
        yield from _items(chunks)


def _items(chunks: list[Chunk]) -> Iterator[Item]:
    """Turn text into capacity lines."""
    text = pd.concat([chunk.frame for chunk in chunks]).apply(lambda column: column.str.strip())
    where = f"{chunks[0].where} " + pd.concat([chunk.lines for chunk in chunks]).astype("str")
    frame = text.where(text != "")
    frame["people"], no_number = to_whole_number(text["people"])
    frame["assessed_date"], no_date = to_date(text["assessed_date"])
    faults = {
        "people is no plain whole number of at least 0": no_number,
        "assessed_date is no date like 2014-03-01, or lies ahead": no_date,
        "people differs from another row for the same place, line and date": _contradicted(frame, no_number | no_date),
    }
    bad = pd.concat(faults, axis="columns")
    for row in text.index[bad.any(axis="columns")]:
        reason = "; ".join(said for said, found in faults.items() if found[row])
        raw = next(chunk.text(row) for chunk in chunks if row in chunk.frame.index)
        yield Reject("capacity", where[row], reason, raw)
    good = frame[~bad.any(axis="columns")]
    yield Rows(Capacity, good, where[good.index])


def _contradicted(frame: pd.DataFrame, unread: "pd.Series[bool]") -> "pd.Series[bool]":
    """Tell which rows that can be read say something else of the same fact than another; neither is believed."""
    said = frame[~unread].assign(people=lambda readable: readable["people"].fillna(-1)).groupby(_KEY)["people"]
    return (said.transform("nunique") > 1).reindex(frame.index, fill_value=False)


source = Capacities()
