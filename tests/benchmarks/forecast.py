"""Forecasts against their peers (BENCHMARK.md): where people go, how many come, whether it would have warned, speed.

The situations and series are evidence beside the project and never committed; WAYPOST_BENCH_SITUATIONS says where the
situations are (the series are looked for in ``../series`` from there), WAYPOST_BENCH_ONLY names some of them,
separated by commas; WAYPOST_BENCH_EVERY=4 scores every fourth origin only (and the table says so). Whatever a score
needs to be learnt from situations leaves the scored one's country out.
"""

import os
import time
from dataclasses import replace
from pathlib import Path

from data.cluster import Cluster
from data.migrate import upgrade
from data.postgres import engine
from data.settings import PROJECT_ROOT
from data.store import Store
from etl.archive import Archive
from etl.outlines import outlines
from etl.situation import load
from tests.benchmarks import forecast_many, forecast_series, forecast_speed, forecast_warn, forecast_where
from tests.benchmarks.memory import peak_mb
from tests.benchmarks.row import Row
from tests.benchmarks.situations import convert

DEFAULT = PROJECT_ROOT.parent / "shared" / "benchmark" / "situations"


def run(folder: Path) -> list[Row]:
    """Load the situations by the ordinary intake into a throw-away database, and measure everything."""
    evidence = Path(os.environ.get("WAYPOST_BENCH_SITUATIONS", DEFAULT))
    rows: list[Row] = []
    if not evidence.is_dir():
        print(f"  no situations in {evidence}: only the speed is measured", flush=True)
        return forecast_speed.measure()
    names = _names(evidence)
    cluster = Cluster(folder / "pg", throwaway=True)
    try:
        opened = engine(cluster.start())
        upgrade(opened)
        store = Store(opened)
        for name in names:
            convert(evidence / name, folder / name, outlines())
            load(store, Archive(folder / "raw"), folder / name)
        rows += _part("where", lambda: forecast_where.measure(store, evidence, names))
        every = int(os.environ.get("WAYPOST_BENCH_EVERY", "1"))
        rows += _part("how many and warning", lambda: _judged(store, names, every))
        opened.dispose()
    finally:
        cluster.remove()
    series = evidence.parent / "series"
    if series.is_dir():
        rows += _part("series", lambda: forecast_series.measure(series, every))
    else:
        print(f"  no series in {series}", flush=True)
    rows += _part("speed", forecast_speed.measure)
    return rows if every == 1 else [replace(row, metric=f"{row.metric} (every {every}th origin)") for row in rows]


def _names(evidence: Path) -> list[str]:
    """Return the situations to run."""
    every = sorted(path.name for path in evidence.iterdir() if (path / "locations.csv").is_file())
    only = os.environ.get("WAYPOST_BENCH_ONLY")
    return [name for name in every if name in only.split(",")] if only else every


def _judged(store: Store, names: list[str], every: int) -> list[Row]:
    """Judge forecasts once, for how many come and for whether they would have warned."""
    judged = forecast_many.judge(store, names, every)
    return [*forecast_many.rows(judged), *forecast_warn.rows(judged)]


def _part(name: str, work) -> list[Row]:
    """Measure one part; its last rows say how long it took and how much memory."""
    began = time.monotonic()
    rows = work()
    seconds = time.monotonic() - began
    rows.append(Row(f"time, {name}, ours and peers together, seconds", seconds, None, "", "no goal of its own", None))
    rows.append(Row(f"memory, peak MB after {name}, without workers", peak_mb(), None, "", "no goal of its own", None))
    for row in rows:
        print(f"  {row.metric}: {row.ours:.4g}, {row.peer_name or 'no peer'} {row.peer}", flush=True)
    print(f"  {name}: {len(rows)} rows in {seconds:.0f} s", flush=True)
    return rows
