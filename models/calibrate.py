"""Make the committed table of standardised errors (`models.calibration`) from several situations."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from models.calibration import COLUMNS, KNOTS_DAYS, pooled
from models.centred import CentredForecaster
from models.panel import Panel
from models.registry import candidates, forecaster


def calibrate(panels: Sequence[Panel]) -> pd.DataFrame:
    """Return the table: model_name, measure, horizon_days and a column for each level, situations of equal weight."""
    parts = []
    for name, cls in candidates().items():
        if not issubclass(cls, CentredForecaster):
            continue
        errors = []
        for panel in panels:
            model = forecaster(name).fit(panel)
            assert isinstance(model, CentredForecaster)
            errors.append(model.standardised(panel))
        for measure in ("arrivals", "stock"):
            frame = pd.DataFrame(np.round(pooled([e[measure] for e in errors]), 4), columns=COLUMNS)
            frame.insert(0, "horizon_days", KNOTS_DAYS)
            frame.insert(0, "measure", measure)
            frame.insert(0, "model_name", name)
            parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write the table as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
