"""Make the committed coefficients of the structural model (`models.where`) from situations that are over."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.panel import Panel
from models.where.coefficients import Learnt, write
from models.where.shares import DestinationShares

ORIGIN = (
    "Learnt by `python -m models fit-where` from registrations at the sites of several displacement situations; "
    "aggregates of the fit, no count of any of them is kept. Meaning and units: models/where/coefficients.py."
)


def fit_where(panels: Sequence[Panel], path: Path) -> Learnt:
    """Fit on the panels, write the coefficients with their origin and return them.

    Raises ValueError when no panel has two reports to learn from.
    """
    model = DestinationShares().fit(panels)
    described: dict[str, Any] = {
        "origin": ORIGIN,
        "licence": "Apache-2.0",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "situations": len(panels),
        "countries_of_origin": len({panel.situation["origin_iso3"] for panel in panels}),
        "draws": model.draws,
        "kept": model.kept,
        "seed": model.seed,
    }
    write(model.learnt_, described, path)
    return model.learnt_
