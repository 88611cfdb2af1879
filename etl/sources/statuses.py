"""Whether border points are open, restricted or closed, in Waypost's own contract (docs/formats/statuses.md)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pandas as pd

from data.errors import ConfigurationMissing
from data.schema.status_period import StatusPeriod
from etl.columns import Columns
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.own_tables import left_aside, parted
from etl.personal import refuse_personal
from etl.source import Item, Payload, Reject, Rows, Spec, Window
from etl.status_chain import chained
from etl.tables import read_table

REQUIRED = ("border_point_id", "start_date", "status")
OPTIONAL = ("end_date", "note")
TAGS = Tags(
    patterns={
        "border_point_id": ("#loc+code", "#loc+id", "#geo+code", "#loc+name", "#geo+name", "#loc"),
        "start_date": ("#date+start", "#date+occurred", "#date-end"),
        "end_date": ("#date+end",),
        "status": ("#status+border", "#status", "#access+status"),
        "note": ("#description", "#meta+note"),
    },
    figure="status",
)
"""How HXL hashtags mean the columns (docs/formats/hxl.md)."""
FORM = Format(REQUIRED, OPTIONAL, TAGS, StatusPeriod.key)


class Statuses:
    """The source; see the module. ``clock`` tells now: a status is reported when it holds, not before."""

    spec = Spec(
        id="statuses",
        title="Status of border points: open, restricted, closed",
        publisher="the border service or whoever is on the spot",
        url="docs/formats/statuses.md",
        licence="as agreed with the organisation that reports",
        cadence=None,
        tables=(StatusPeriod,),
        first_date=None,
        rows=(1, 200_000),
        max_bytes=50_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: statuses are sent as files, nobody publishes them as a feed."""
        raise ConfigurationMissing("statuses", "are loaded from files: python -m etl run statuses --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the periods of a table; within it the next status of a border point ends the one before.

        Raises `PayloadRejected` as `etl.tables.read_table` does.
        """
        now = self.clock()
        chunks = list(read_table(payload, FORM))
        refuse_personal(chunks[0].added, payload.name)
        yield from left_aside(chunks[0], payload.name, StatusPeriod, "status")
        frames, places = [], []
        for chunk in chunks:
            columns = Columns(chunk, chunk.where)
            periods, withdrawn = parted(columns, _periods(columns, now), FORM.key, StatusPeriod)
            frames.append(columns.good(periods))
            places.append(columns.locators()[frames[-1].index])
            yield from columns.rejects("status_period")
            yield from withdrawn
        frame, where = pd.concat(frames), pd.concat(places)
        good, faults = chained(frame)
        for row, reason in faults.items():
            yield Reject("status_period", str(where[row]), reason, frame.loc[row].to_json(date_format="iso"))
        if len(good):
            yield Rows(StatusPeriod, good, where[good.index])


def _periods(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the periods of a chunk; the vocabulary of status and the period's order are left to the table."""
    return pd.DataFrame(
        {
            "border_point_id": columns.text("border_point_id"),
            "start_date": columns.date("start_date", now=now, needed=True),
            "end_date": columns.date("end_date", now=now),
            "status": columns.text("status").str.lower(),
            "note": columns.text("note", ""),
        }
    )


source = Statuses()
