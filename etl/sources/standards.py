"""The planning standards that ship with Waypost: defaults that a planner may change."""

from collections.abc import Iterator

import httpx
import pandas as pd

from data.schema.standard import Standard
from data.settings import PROJECT_ROOT
from etl.delimited import read
from etl.numbers import to_number
from etl.source import Item, Payload, Reject, Rows, Spec, Window

FILE = PROJECT_ROOT / "data" / "reference" / "standards.csv"
COLUMNS = tuple(Standard.content())
NUMBERS = ("quantity", "people_per_unit", "sort_order")


class Standards:
    """The source; see the module."""

    spec = Spec(
        id="standards",
        title="Planning standards",
        publisher="publications named in each row",
        url="docs/formats/standards.md",
        licence="facts with their source",
        cadence=None,
        tables=(Standard,),
        first_date=None,
        rows=(1, 10_000),
        max_bytes=5_000_000,
    )

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Yield the file that ships with Waypost."""
        yield Payload(FILE.name, FILE)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the standards of a CSV file in the columns of the table."""
        with payload.open() as stream:
            for chunk in read(stream, payload.name, COLUMNS, ()):
                for row in chunk.broken:
                    yield Reject("standard", f"row {row.row}", f"has {row.found} fields, not {row.expected}", row.text)
                text = chunk.frame
                numbers = {name: to_number(text[name])[0] for name in NUMBERS}
                daily = text["per_day"].map({"true": True, "false": False})
                frame = text.assign(**numbers, per_day=daily)[list(COLUMNS)]
                yield Rows(Standard, frame, "row " + pd.Series(frame.index.astype("str"), index=frame.index))


source = Standards()
