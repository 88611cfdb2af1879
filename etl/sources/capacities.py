"""Assessed capacity of border points and sites, in Waypost's own contract: CSV or XLSX (docs/formats/capacities.md)."""

from collections.abc import Iterator

import httpx
import pandas as pd

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.capacity import Capacity
from etl.columns import Columns
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.own_tables import left_aside, parted
from etl.personal import refuse_personal
from etl.source import Item, Payload, Spec, Window
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
FORM = Format(COLUMNS, (), TAGS, Capacity.key)


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
            known = ", ".join(FORM.columns)
            raise PayloadRejected(payload.name, f"has columns not known here: {', '.join(added)}; known are {known}")
        yield from left_aside(chunks[0], payload.name, Capacity, "capacity")
        parts = [Columns(chunk, chunk.where) for chunk in chunks]
        lines = [parted(columns, _lines(columns), FORM.key, Capacity) for columns in parts]
        frame = pd.concat([part.good(found) for part, (found, _) in zip(parts, lines, strict=True)])
        contradicted = _contradicted(frame)
        for columns, (found, withdrawn) in zip(parts, lines, strict=True):
            bad = contradicted.reindex(found.index, fill_value=False)
            columns.fault(bad, "people", "differs from another row for the same place, line and date")
            yield from columns.items(Capacity, found)
            yield from withdrawn


def _lines(columns: Columns) -> pd.DataFrame:
    """Return the capacity lines of a chunk; the vocabulary and the range are left to the table's rules."""
    return pd.DataFrame(
        {
            "place_id": columns.text("place_id"),
            "line": columns.text("line"),
            "assessed_date": columns.date("assessed_date"),
            "people": columns.whole_number("people"),
            "reported_by": columns.text("reported_by"),
        }
    )


def _contradicted(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which rows say something else of the same fact than another; neither is believed."""
    said = frame.assign(people=frame["people"].fillna(-1)).groupby(list(FORM.key))["people"]
    return said.transform("nunique") > 1


source = Capacities()
