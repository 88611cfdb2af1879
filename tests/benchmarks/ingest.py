"""Loading a million conflict events with validation and history, against loads that do neither."""

import resource
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import text

from data.cluster import Cluster
from data.migrate import upgrade
from data.postgres import engine
from data.store import Store
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.source import Payload
from tests.benchmarks.row import Row

EVENTS = 1_000_000
COLUMNS = (
    "id", "type_of_violence", "where_prec", "adm_1", "latitude", "longitude", "country_id", "date_start", "date_end",
    "best", "low", "high",
)  # fmt: skip


def run(folder: Path) -> list[Row]:
    """Load the same events by our pipeline (twice), by a bare binary COPY and by geopandas.to_postgis."""
    frame = events(EVENTS)
    file = folder / "events.csv"
    frame.to_csv(file, index=False)
    cluster = Cluster(folder / "pg", throwaway=True)
    try:
        opened = engine(cluster.start())
        upgrade(opened)
        first = _timed(lambda: _ours(Store(opened), folder, file))
        again = _timed(lambda: _ours(Store(opened), folder, file))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        bare = _timed(lambda: _binary_copy(opened, frame))
        geometry = gpd.points_from_xy(frame["longitude"], frame["latitude"], crs=4326)
        with_points = gpd.GeoDataFrame(frame, geometry=geometry)
        peer = _timed(lambda: with_points.to_postgis("peer", opened))
        opened.dispose()
    finally:
        cluster.remove()
    ours, rate, copied = EVENTS / first, EVENTS / peer, EVENTS / bare
    return [
        Row("rows a second, first load", ours, rate, "geopandas.to_postgis", "at least to_postgis", ours >= rate),
        Row("rows a second, first load", ours, copied, "bare binary COPY", "half of the bare COPY", ours >= copied / 2),
        Row("seconds, identical load again", again, first, "our first load", "no goal yet", None),
        Row("peak memory of our process, MB", peak_mb, None, "", "no goal yet", None),
    ]


def events(number: int) -> pd.DataFrame:
    """Return invented events in UCDP's columns, all inside the Central African Republic."""
    draw = np.random.default_rng(7)
    start = pd.Timestamp("2010-01-01") + pd.to_timedelta(draw.integers(0, 5000, number), unit="D")
    best = draw.poisson(3, number)
    return pd.DataFrame(
        {
            "id": np.arange(number),
            "type_of_violence": draw.integers(1, 4, number),
            "where_prec": draw.integers(1, 6, number),
            "adm_1": "Ouaka province",
            "latitude": draw.uniform(5.6, 6.6, number).round(6),
            "longitude": draw.uniform(17.5, 22.0, number).round(6),
            "country_id": 482,
            "date_start": start.strftime("%Y-%m-%d"),
            "date_end": start.strftime("%Y-%m-%d"),
            "best": best,
            "low": best,
            "high": best + 1,
        },
        columns=list(COLUMNS),
    )


def _ours(store: Store, folder: Path, file: Path) -> None:
    counts = pipeline.load(store, Archive(folder / "raw"), source("ucdp"), [Payload(file.name, file)])
    if counts["new"] + counts["unchanged"] != EVENTS:
        raise AssertionError(f"not every event landed: {counts}")


def _binary_copy(opened, frame: pd.DataFrame) -> None:
    types = {"int64": "int8", "float64": "float8"}
    columns = ", ".join(f"{name} {types.get(str(kind), 'text')}" for name, kind in frame.dtypes.items())
    with opened.begin() as connection:
        connection.execute(text(f"CREATE TABLE bare ({columns})"))
        with connection.connection.cursor().copy("COPY bare FROM STDIN (FORMAT binary)") as copy:
            copy.set_types([types.get(str(kind), "text") for kind in frame.dtypes])
            for row in frame.itertuples(index=False):
                copy.write_row(row)


def _timed(work) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
