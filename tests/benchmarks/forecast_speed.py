"""Seconds and memory for many points: from features to rows, 90 days, 500 paths and 7 quantiles."""

import json
import subprocess
import sys
import time
from datetime import date, timedelta

import numpy as np

from data.settings import PROJECT_ROOT
from models.panel import Panel
from models.registry import forecaster
from models.rows import forecast_rows
from tests.benchmarks.made_up import situation
from tests.benchmarks.memory import peak_mb
from tests.benchmarks.row import Row

POINTS = (500, 5000)
WEEKS = 60
START = date(2020, 1, 6)


def measure() -> list[Row]:
    """Measure some hundred points and ten times as many, each in a process of its own."""
    few, many = (_measured(points) for points in POINTS)
    growth = many["seconds"] / few["seconds"]
    label = f"{POINTS[1]:,} points x 90 days"
    return [
        Row(f"speed, seconds for {label}", many["seconds"], None, "", "no goal yet", None),
        Row(f"speed, peak MB for {label}", many["mb"], few["mb"], f"{POINTS[0]} points", "no goal yet", None),
        Row(
            "speed, seconds at ten times the points over seconds",
            growth,
            10.0,
            "in proportion",
            "at most 12",
            growth <= 12,
        ),
    ]


def _measured(points: int) -> dict[str, float]:
    """Run one size in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.forecast_speed", str(points)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(points: int) -> None:
    """Print seconds and peak memory for so many points with weekly counts over `WEEKS` weeks."""
    rng = np.random.default_rng(1)
    level = rng.gamma(1.0, 200.0, points)
    counts = rng.poisson(level[:, None] * np.exp(rng.normal(0, 0.4, (points, WEEKS))))
    flow = {
        f"p-{i:05d}": [(7 * w, 7 * w + 6, float(people)) for w, people in enumerate(line)]
        for i, line in enumerate(counts)
    }
    known = Panel(situation(flow, START), "w", START + timedelta(days=7 * WEEKS))
    began = time.perf_counter()
    rows = forecast_rows(forecaster("steady_change").fit(known), known, 90, 500, 1)
    seconds = time.perf_counter() - began
    if len(rows) < points * 180:
        raise AssertionError(f"{len(rows)} rows for {points} points")
    print(json.dumps({"seconds": seconds, "mb": peak_mb()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
