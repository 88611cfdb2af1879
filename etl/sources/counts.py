"""Counts of people at a border point or a site, in Waypost's own CSV contract (docs/formats/counts.md)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pandas as pd

from data.errors import ConfigurationMissing
from data.schema.observation import Observation
from etl.delimited import read
from etl.numbers import to_date, to_number
from etl.personal import refuse_personal
from etl.source import Item, Payload, Reject, Rows, Spec, Window

REQUIRED = ("place_id", "measure", "period_end_date", "people", "source_id")
OPTIONAL = (
    "direction", "population_group", "period_start_date", "window_start_hour", "window_end_hour", "quality", "note",
)  # fmt: skip
DAY = r"\d{4}-\d\d-\d\d"


class Counts:
    """The source; see the module."""

    spec = Spec(
        id="counts",
        title="Counts at border points and sites",
        publisher="the organisation that counts (column source_id)",
        url="docs/formats/counts.md",
        licence="as agreed with the organisation that counts",
        cadence=None,
        tables=(Observation,),
        first_date=None,
        rows=(1, 20_000_000),
    )

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: counts are sent as files, nobody publishes them as a feed."""
        raise ConfigurationMissing("counts", "are loaded from files: python -m etl run counts --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the counts of a CSV file; a file with a column about a person is refused whole."""
        with payload.open() as stream:
            for chunk in read(stream, payload.name, REQUIRED, OPTIONAL):
                refuse_personal(chunk.frame.columns, payload.name)
                for row in chunk.broken:
                    reason = f"has {row.found} fields instead of {row.expected}"
                    yield Reject("observation", f"row {row.row}", reason, row.text)
                if not chunk.frame.empty:
                    yield from _items(chunk.frame)


def _items(text: pd.DataFrame) -> Iterator[Item]:
    """Turn text into observations; what the table's own rules check is left to them."""
    text = text.reindex(columns=[*REQUIRED, *OPTIONAL], fill_value="").apply(lambda column: column.str.strip())
    reasons = pd.Series("", index=text.index)
    values: dict[str, Any] = {}
    for name in ("people", "window_start_hour", "window_end_hour"):
        values[name], unread = to_number(text[name], whole=True)
        reasons = reasons.mask(unread, reasons + name + " is no plain whole number (" + text[name] + "); ")
    for name in ("period_end_date", "period_start_date"):
        values[name], unread = to_date(text[name], "%Y-%m-%d", DAY)
        reasons = reasons.mask(
            unread, reasons + name + " is no date like 2014-03-01, or lies ahead (" + text[name] + "); "
        )
    bad = reasons != ""
    for number in text.index[bad]:
        yield Reject("observation", f"row {number}", reasons[number].rstrip("; "), text.loc[number].to_json())
    is_stock = text["measure"] == "stock"
    frame = pd.DataFrame(
        {
            "place_id": text["place_id"],
            "measure": text["measure"],
            "direction": text["direction"].mask((text["direction"] == "") & is_stock, "present"),
            "population_group": text["population_group"].mask(text["population_group"] == "", "all"),
            "period_start_date": values["period_start_date"].fillna(values["period_end_date"]),
            "period_end_date": values["period_end_date"],
            "source_id": text["source_id"],
            "people": values["people"],
            "window_start_hour": values["window_start_hour"].fillna(0),
            "window_end_hour": values["window_end_hour"].fillna(24),
            "quality": text["quality"].mask(text["quality"] == "", "reported"),
            "note": text["note"].where(text["note"] != ""),
        }
    )
    emptied = ("place_id", "measure", "direction", "source_id")
    frame = frame.assign(**{name: frame[name].where(frame[name] != "") for name in emptied})[~bad]
    yield Rows(Observation, frame, "row " + frame.index.astype("str").to_series(index=frame.index))


source = Counts()
