"""Load CSV files of events one after the other by our pipeline, and print the seconds and peak memory as JSON.

A process of its own, so that the peak memory is that of the loads:
``python -m tests.benchmarks.load_events URL FILE...``
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from data.postgres import engine
from data.schema.conflict_event import ConflictEvent
from data.store import Store
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.source import Item, Payload, Replaces
from tests.benchmarks.memory import peak_mb


class WholeFile:
    """The UCDP source, each of whose files is the whole truth: what a file lacks is deleted."""

    spec = source("ucdp").spec
    fetch = staticmethod(source("ucdp").fetch)

    def parse(self, payload: Payload) -> Iterator[Item]:
        yield Replaces(ConflictEvent, "t.source_id = 'ucdp'", 0.5, {})
        yield from source("ucdp").parse(payload)


def main(url: str, files: list[str]) -> None:
    """Load each file and print one JSON object."""
    opened, steps = engine(url), []
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            began = time.monotonic()
            payload = Payload(Path(file).name, Path(file))
            counts = pipeline.load(Store(opened), Archive(Path(folder)), WholeFile(), [payload])
            steps.append({"seconds": time.monotonic() - began, "counts": counts})
    print(json.dumps({"steps": steps, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
