"""``./waypost bench [name]``: measure ours and the peers side by side in one run, and write what came out.

A benchmark is a module here with ``run(folder) -> list[Row]``. Results go to docs/benchmarks/<name>.json, and
docs/benchmarks.md is rendered from all of them.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from data.settings import PROJECT_ROOT
from tests.benchmarks.row import Row

RESULTS = PROJECT_ROOT / "docs" / "benchmarks"
NAMES = tuple(path.stem for path in sorted(Path(__file__).parent.glob("*.py")) if "\ndef run(" in path.read_text())


def main(names: list[str]) -> int:
    """Run the named benchmarks (none named: all); return the exit code."""
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; known are {', '.join(NAMES)}", file=sys.stderr)
        return 64
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in names or NAMES:
        print(f"benchmark {name} ...", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            rows: list[Row] = import_module(f"tests.benchmarks.{name}").run(Path(folder))
        for row in rows:
            peer = "" if row.peer is None else f", {row.peer:,.4g} {row.peer_name}"
            print(f"  {row.metric}: {row.ours:,.4g} ours{peer} ({row.goal})", flush=True)
        record = {"name": name, **circumstances(), "rows": [asdict(row) | {"ratio": row.ratio} for row in rows]}
        (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    (PROJECT_ROOT / "docs" / "benchmarks.md").write_text(render())
    return 0


def circumstances() -> dict[str, str]:
    """Return when, on what machine and at which commit a run was made."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine, "commit": commit}


def render() -> str:
    """Return the page of all results."""
    parts = [
        "# Benchmarks\n\nWritten by `./waypost bench` from docs/benchmarks/*.json: ours and the peer in one run.\n"
    ]
    for path in sorted(RESULTS.glob("*.json")):
        record = json.loads(path.read_text())
        parts.append(f"\n## {record['name']}\n\n{record['date']}, {record['machine']}, commit {record['commit']}\n\n")
        parts.append("| metric | ours | peer | ratio | goal | met |\n|---|---|---|---|---|---|\n")
        for row in record["rows"]:
            met = {True: "yes", False: "no", None: "–"}[row["met"]]
            peer = "–" if row["peer"] is None else f"{row['peer']:,.4g} ({row['peer_name']})"
            ratio = "–" if row["ratio"] is None else f"{row['ratio']:.2f}"
            parts.append(f"| {row['metric']} | {row['ours']:,.4g} | {peer} | {ratio} | {row['goal']} | {met} |\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
