"""The numbers of the structural model of destination shares, and where they are kept."""

import json
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from models.calibration import LEVELS

Floats: TypeAlias = npt.NDArray[np.float64]

COEFFICIENTS_FILE = Path(__file__).resolve().parents[2] / "data" / "reference" / "where" / "coefficients.json"


@dataclass(frozen=True)
class Coefficients:
    """What is learnt; plain numbers without unit unless the name says so.

    ``distance_power`` and ``distance_offset_km``: appeal falls with (road km + offset) to this power. ``nest_scale``:
    how alike destinations of one country are (1: not at all). ``country_size_power``: how appeal of a country grows
    with the number of its open destinations. ``emission_power``: how much more people leave places with near
    destinations. ``hub_bonus``: forwarding hubs before a destination. ``crowding_penalty``: other destinations near it.
    ``passed_penalty``: other destinations passed on the way. ``road_count_power``: roads that meet there.
    ``even_share``: the part spread evenly. ``background_share``: the part that leaves from everywhere in the country
    of origin, the rest leaves from places in conflict.
    """

    distance_power: float
    distance_offset_km: float
    nest_scale: float
    country_size_power: float
    emission_power: float
    hub_bonus: float
    crowding_penalty: float
    passed_penalty: float
    road_count_power: float
    even_share: float
    background_share: float


RANGES = {
    "distance_power": (0.8, 3.0),
    "distance_offset_km": (0.0, 100.0),
    "nest_scale": (0.7, 3.0),
    "country_size_power": (-0.4, 0.4),
    "emission_power": (0.0, 1.0),
    "hub_bonus": (0.0, 1.2),
    "crowding_penalty": (0.0, 1.0),
    "passed_penalty": (0.0, 1.5),
    "road_count_power": (-0.5, 0.2),
    "even_share": (0.0, 0.25),
    "background_share": (0.3, 1.0),
}
"""Ranges that are searched, evenly (`nest_scale`: evenly in its logarithm). They were set with the seven benchmark
situations in view; their middle, nothing learnt, is about as good as what is learnt."""


@dataclass(frozen=True)
class Learnt:
    """Coefficients, and how wrong they are elsewhere.

    ``log_errors`` are quantiles (at `models.calibration.LEVELS`) of log((seen + `LEAST_SHARE`) / (said +
    `LEAST_SHARE`)), where *seen* is a destination's share of four weeks' arrivals in a situation whose country was
    left out of the fit and *said* is what the model then said.
    """

    coefficients: Coefficients
    log_errors: tuple[float, ...]


LEAST_SHARE = 0.01
"""Added to shares before a ratio is taken: nobody coming is an error like another."""


def middle() -> Coefficients:
    """Return the middle of the ranges: a model that has learnt nothing."""
    values = {name: (low + high) / 2 for name, (low, high) in RANGES.items()}
    low, high = RANGES["nest_scale"]
    return Coefficients(**{**values, "nest_scale": (low * high) ** 0.5})


def draw(rng: np.random.Generator) -> Coefficients:
    """Return one random set from the ranges."""
    values = {name: float(rng.uniform(low, high)) for name, (low, high) in RANGES.items()}
    low, high = np.log(RANGES["nest_scale"])
    return Coefficients(**{**values, "nest_scale": float(np.exp(rng.uniform(low, high)))})


def mean(several: list[Coefficients]) -> Coefficients:
    """Return the mean of several sets: far steadier than the best one of them."""
    return Coefficients(**{f.name: float(np.mean([getattr(c, f.name) for c in several])) for f in fields(Coefficients)})


@cache
def committed(path: Path = COEFFICIENTS_FILE) -> Learnt:
    """Return the committed numbers. Raises FileNotFoundError without the file, TypeError when it names others."""
    record = json.loads(path.read_text(encoding="utf-8"))
    errors = [float(record["log_errors"][f"{level:g}"]) for level in LEVELS]
    return Learnt(Coefficients(**record["coefficients"]), tuple(errors))


def write(learnt: Learnt, described: dict[str, Any], path: Path) -> None:
    """Write the numbers as JSON, with what ``described`` says of their origin."""
    errors = {f"{level:g}": round(error, 3) for level, error in zip(LEVELS, learnt.log_errors, strict=True)}
    rounded = {name: round(value, 3) for name, value in asdict(learnt.coefficients).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {**described, "coefficients": rounded, "log_errors": errors}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
