"""The peer: dlt merges the same CSV files by their primary key. Runs in the peers' own environment.

``python dlt_events.py ADDRESS FOLDER rows|arrow FILE...`` prints the seconds of each file as JSON. ``rows`` yields
records as dlt's guide does, ``arrow`` pyarrow tables, dlt's fastest way in. A record whose ``deleted`` is true goes.
"""

import csv
import json
import sys
import time

import dlt
import pyarrow as pa
import pyarrow.csv as pa_csv


def main(address: str, folder: str, form: str, files: list[str]) -> None:
    """Merge each file and print one JSON object."""
    target = dlt.destinations.postgres(json.loads(address))
    pipeline = dlt.pipeline(f"peer_{form}", pipelines_dir=folder, destination=target, dataset_name=f"peer_{form}")
    seconds = []
    for file in files:
        began = time.monotonic()
        read = _rows if form == "rows" else _table
        events = dlt.resource(
            read(file),
            name="events",
            write_disposition="merge",
            primary_key="id",
            columns={"deleted": {"data_type": "bool", "hard_delete": True}},
        )
        pipeline.run(events)
        seconds.append(time.monotonic() - began)
    print(json.dumps(seconds))


def _rows(file):
    with open(file, newline="") as stream:  # noqa: PTH123 - a script without this project's packages
        for record in csv.DictReader(stream):
            yield {
                **record,
                "id": int(record["id"]),
                "latitude": float(record["latitude"]),
                "longitude": float(record["longitude"]),
                "best": int(record["best"]),
                "deleted": record["deleted"] == "True",
            }


def _table(file):
    yield pa_csv.read_csv(file, convert_options=pa_csv.ConvertOptions(column_types={"deleted": pa.bool_()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
