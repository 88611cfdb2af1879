"""Make the committed tables of margins (`models.calibration`) and skills (`models.selection`) from whole situations.

Beside each table lies what it was made of, as beside every reference table.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import InputRejected
from data.store import Store
from models.calibration import COLUMNS, KNOTS_DAYS, TABLE_FILE, pooled
from models.centred import CentredForecaster
from models.issue import issue
from models.outcomes import outcomes
from models.panel import Panel
from models.registry import candidates, forecaster
from models.selection import COUNTED, PRIOR_FILE, REGISTERED, kinds_of, prior_of

ORIGIN = (
    "Learnt by `python -m models calibrate` from {}: figures of how wrong forecasters were, no count of any place is "
    "kept. Meaning and units: {}."
)


def calibrate(store: Store, situations: Sequence[str], folder: Path, jobs: int = 1) -> list[Path]:
    """Write both tables and their descriptions into a folder; return the paths of the tables.

    Forecasts that are missing are issued, ``jobs`` origins at once. Of places of a kind (registering people present,
    or counting arrivals) that none of the situations has, the skills committed before are kept. Raises
    UnknownSituation.
    """
    panels = {situation: _whole(store, situation, jobs) for situation in situations}
    folder.mkdir(parents=True, exist_ok=True)
    made = f"{len(panels)} situations of {len({p.situation['origin_iso3'] for p in panels.values()})} countries"
    found = [folder / TABLE_FILE.name, folder / PRIOR_FILE.name]
    _write(margins(list(panels.values())), found[0], ORIGIN.format(made, "models/calibration.py"))
    _write(skills(store, panels), found[1], ORIGIN.format(made, "models/selection.py"))
    return found


def margins(panels: Sequence[Panel]) -> pd.DataFrame:
    """Return model_name, measure, horizon_days and a column for each level of errors, situations of equal weight."""
    parts = []
    for name in candidates():
        fitted = [(forecaster(name).fit(panel), panel) for panel in panels]
        errors = [model.standardised(panel) for model, panel in fitted if isinstance(model, CentredForecaster)]
        for measure in ("arrivals", "stock") if errors else ():
            frame = pd.DataFrame(np.round(pooled([e[measure] for e in errors]), 4), columns=COLUMNS)
            frame.insert(0, "horizon_days", KNOTS_DAYS)
            frame.insert(0, "measure", measure)
            frame.insert(0, "model_name", name)
            parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def skills(store: Store, panels: Mapping[str, Panel]) -> pd.DataFrame:
    """Return kind, measure, model_name and log_ratio, from the stored forecasts of each situation."""
    before = pd.read_csv(PRIOR_FILE)
    judged = {name: outcomes(store, panel) for name, panel in panels.items()}
    judged = {name: rows[rows["model_name"].isin(list(candidates()))] for name, rows in judged.items()}
    kinds = {name: rows["place_id"].map(kinds_of(panels[name])) for name, rows in judged.items()}
    parts = []
    for kind in (REGISTERED, COUNTED):
        some = {name: rows[kinds[name] == kind] for name, rows in judged.items() if (kinds[name] == kind).any()}
        new = [
            (kind, measure, model, round(value, 3))
            for (_, measure), by_model in sorted(prior_of(some, kind).items())
            for model, value in sorted(by_model.items())
        ]
        parts.append(pd.DataFrame(new, columns=before.columns) if new else before[before["kind"] == kind])
    return pd.concat(parts, ignore_index=True)


def _whole(store: Store, situation: str, jobs: int) -> Panel:
    """Return the panel of a situation on the day of its last report, with forecasts issued at all its origins."""
    issue(store, situation, jobs)
    panel = Panel.read(store, situation, datetime.now(UTC).date())
    if panel.newest_observation_date is None:
        raise InputRejected(situation, "has no report to learn from")
    return panel.at(panel.newest_observation_date)


def _write(table: pd.DataFrame, path: Path, origin: str) -> None:
    """Write a table as CSV, and beside it what it is."""
    content = table.to_csv(index=False, lineterminator="\n").encode()
    path.write_bytes(content)
    described = {
        "file": path.name,
        "origin": origin,
        "licence": "Apache-2.0",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "rows": len(table),
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }
    path.with_suffix(".json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
