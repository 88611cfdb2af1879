"""Loading conflict events with validation and history, against loads that do neither and against dlt's merge."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Engine, make_url, text
from tqdm import tqdm

from data.cluster import Cluster
from data.migrate import upgrade
from data.postgres import engine
from data.settings import PROJECT_ROOT
from tests.benchmarks.row import Row

MANY, FEW = 1_000_000, 100_000
REVISED_SHARE, DELETED_SHARE = 0.05, 0.01
COLUMNS = (
    "id", "type_of_violence", "where_prec", "adm_1", "latitude", "longitude", "country_id", "date_start", "date_end",
    "best", "low", "high",
)  # fmt: skip


def run(folder: Path) -> list[Row]:
    """Measure the loads of many events, then of fewer with revisions and deletions."""
    cluster = Cluster(folder / "pg", throwaway=True)
    try:
        url = cluster.start()
        with tqdm(total=2, desc="ingest", unit=" parts") as progress:
            many = _many(folder, url)
            progress.update()
            few = _few(folder, url)
            progress.update()
    finally:
        cluster.remove()
    return [*many, *few]


def _many(folder: Path, url: str) -> list[Row]:
    """Many events by our pipeline, by a bare binary COPY and by geopandas.to_postgis."""
    file, frame = folder / "many.csv", events(MANY)
    frame.to_csv(file, index=False)
    ours = _ours(_database(url, "many"), file, file)
    with_points = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["longitude"], frame["latitude"], crs=4326))
    peers = engine(_database(url, "peers"))
    peer = MANY / _timed(lambda: with_points.to_postgis("peer", peers))
    bare = MANY / _timed(lambda: _binary_copy(peers, frame))
    peers.dispose()
    first, again = (MANY / step["seconds"] for step in ours["steps"])
    load, what = f"{MANY:,} events: rows/s, first load", f"{MANY:,} events"
    memory = ours["peak_mb"]
    return [
        Row(load, first, peer, "geopandas.to_postgis", "at least to_postgis", first >= peer),
        Row(load, first, bare, "bare binary COPY", "half of the COPY", first >= bare / 2),
        Row(f"{what}: rows/s, identical load", again, first, "our first load", "5 times", again >= 5 * first),
        Row(f"{what}: peak memory, MB", memory, None, "", "bounded", memory < 1000),
    ]


def _few(folder: Path, url: str) -> list[Row]:
    """Fewer events, then 5 % revised and 1 % deleted, then the identical file again, beside dlt and ogr2ogr."""
    files = _three_files(folder)
    ours = _ours(_database(url, "few"), *(file for file, _ in files))
    wanted = {"revised": round(FEW * REVISED_SHARE), "deleted": round(FEW * DELETED_SHARE)}
    if {name: ours["steps"][1]["counts"][name] for name in wanted} != wanted:
        raise AssertionError(f"not every change landed: {ours['steps'][1]['counts']}")
    seconds = [step["seconds"] for step in ours["steps"]]
    rows = [Row(f"{FEW:,} events: peak memory, MB", ours["peak_mb"], None, "", "bounded", ours["peak_mb"] < 1000)]
    repeat = seconds[0] / seconds[2]
    rows.append(Row(f"{FEW:,}: first load over identical load", repeat, 1, "our first load", "5 times", repeat >= 5))
    for form in ("rows", "arrow"):
        peer = _dlt(folder, _database(url, f"dlt_{form}"), form, *(marked for _, marked in files))
        for what, mine, other in zip(
            ("first load", "5 % revised, 1 % deleted", "identical"), seconds, peer, strict=False
        ):
            met = other >= 3 * mine
            rows.append(Row(f"{FEW:,}, {what}: rows/s", FEW / mine, FEW / other, f"dlt merge, {form}", "3 times", met))
    other = _ogr2ogr(_database(url, "ogr"), files[0][0])
    if other is not None:
        load = f"{FEW:,}, first load: rows/s"
        rows.append(Row(load, FEW / seconds[0], FEW / other, "ogr2ogr (COPY, no history)", "no goal", None))
    return rows


def _three_files(folder: Path) -> list[tuple[Path, Path]]:
    """Write each state twice: as UCDP publishes it, and for dlt with the deleted rows marked instead of missing."""
    first = events(FEW).assign(deleted=False)
    changed = first.copy()
    revised = changed.index[: round(FEW * REVISED_SHARE)]
    changed.loc[revised, ["best", "high"]] += 7
    changed.loc[changed.index[-round(FEW * DELETED_SHARE) :], "deleted"] = True
    files = []
    for name, frame in (("first", first), ("changed", changed), ("identical", changed)):
        plain, marked = folder / f"{name}.csv", folder / f"{name}-marked.csv"
        frame[~frame["deleted"]].drop(columns="deleted").to_csv(plain, index=False)
        frame.to_csv(marked, index=False)
        files.append((plain, marked))
    return files


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


def _database(url: str, name: str) -> str:
    """Return the address of a new migrated database."""
    admin = engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    fresh = make_url(url).set(database=name).render_as_string(hide_password=False)
    opened = engine(fresh)
    with opened.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    upgrade(opened)
    opened.dispose()
    return fresh


def _ours(url: str, *files: Path) -> dict:
    """Load files in a process of its own; return its steps and peak memory."""
    command = [sys.executable, "-m", "tests.benchmarks.load_events", url, *map(str, files)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _dlt(folder: Path, url: str, form: str, *files: Path) -> list[float]:
    """Return dlt's seconds for each file; none when it is not installed, which is said."""
    python = os.environ.get("WAYPOST_BENCH_PYTHON")
    if python is None:
        print("  the peer dlt is missing: ./waypost bench installs it from requirements-bench.lock", flush=True)
        return []
    made = make_url(url)
    where = {"database": made.database, "username": made.username, "password": made.password or "not asked for"}
    where |= {"host": made.host or "localhost", "port": made.port or 5432, "query": dict(made.query)}
    command = [python, str(Path(__file__).with_name("dlt_events.py")), json.dumps(where), str(folder / "dlt"), form]
    environment = os.environ | {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    done = subprocess.run([*command, *map(str, files)], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _ogr2ogr(url: str, file: Path) -> float | None:
    """Return ogr2ogr's seconds for a load into an indexed table; None when it is not installed, which is said."""
    if shutil.which("ogr2ogr") is None:
        print("  the peer ogr2ogr is missing: it is in Debian's package gdal-bin", flush=True)
        return None
    made = make_url(url)
    parts = {
        "dbname": made.database,
        "user": made.username,
        "host": made.host or made.query.get("host"),
        "port": made.port,
    }
    target = "PG:" + " ".join(f"{name}='{value}'" for name, value in parts.items() if value)
    command = ["ogr2ogr", "-f", "PostgreSQL", target, str(file), "-nln", "peer", "-oo", "X_POSSIBLE_NAMES=longitude"]
    command += ["-oo", "Y_POSSIBLE_NAMES=latitude", "-a_srs", "EPSG:4326", "--config", "PG_USE_COPY", "YES"]
    return _timed(lambda: subprocess.run(command, check=True))


def _binary_copy(opened: Engine, frame: pd.DataFrame) -> None:
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
