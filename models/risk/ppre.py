"""UNHCR's preparedness scale: impact by arrivals a day, likelihood within six months, seriousness of both.

Source: UNHCR Preparedness Package for Refugee Emergencies (PPRE), text seen, trust mark V (DOMAIN.md 4.3); the cut-offs
of seriousness are the IASC ERP's, from professional knowledge, trust mark K. The scale gives a number only to classes 3
to 5: where 1 ends and 2 ends are assumptions, and arguments.

``likelihood_6m`` is the probability that a scenario happens within six months, from experts or an ensemble. It is not
the probability that arrivals exceed a number within a forecast's horizon (``p_exceed``), and never computed from it.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import pandas as pd

MODERATE_PEOPLE_PER_DAY = 500.0
"""Class 3 reaches up to here, "needs full national capacity" (V)."""
SEVERE_PEOPLE_PER_DAY = 1000.0
"""Class 4 reaches up to here, "exceeds national capacity"; class 5 lies above, "massive resources required" (V)."""
NEGLIGIBLE_BELOW_PEOPLE_PER_DAY = 1.0
"""Assumption (A): fewer than one person a day, as for nobody at all, is "no emergency"."""
MINOR_PEOPLE_PER_DAY = 50.0
"""Assumption (A): the "small influx" of class 2, which does not need full national capacity, reaches up to here."""
IMPACT_NAMES = {1: "negligible", 2: "minor", 3: "moderate", 4: "severe", 5: "critical"}
LIKELIHOOD_STEPS = (0.2, 0.4, 0.6, 0.8)
"""Class 1 is at most 20 % within six months, class 5 more than 80 % (V)."""
MEDIUM_SERIOUSNESS, HIGH_SERIOUSNESS = 8, 15
"""IASC ERP: low 1 to 7, medium 8 to 14, high 15 to 25 (K)."""


@dataclass(frozen=True)
class Seriousness:
    """Impact times likelihood (1 to 25) and its level: *low*, *medium* or *high*."""

    score: int
    level: str


def impact(
    people_per_day: pd.Series,
    minor_people_per_day: float = MINOR_PEOPLE_PER_DAY,
    negligible_below: float = NEGLIGIBLE_BELOW_PEOPLE_PER_DAY,
) -> pd.Series:
    """Return the impact class 1 to 5 (``Int64``) of arrivals a day, missing where no arrivals are known.

    Raises ValueError for a negative or infinite number.

    >>> impact(pd.Series([0, 20, 500, 714, 1001, float("nan")])).tolist()
    [1, 2, 3, 4, 5, <NA>]
    """
    values = people_per_day.astype("float64")
    impossible = values[(values < 0) | np.isinf(values)]
    if not impossible.empty:
        raise ValueError(f"arrivals a day must be finite and at least 0, not {impossible.iloc[0]}")
    above = [values > limit for limit in (minor_people_per_day, MODERATE_PEOPLE_PER_DAY, SEVERE_PEOPLE_PER_DAY)]
    classes = 1 + (values >= negligible_below).astype("Int64") + sum(passed.astype("Int64") for passed in above)
    return classes.where(values.notna())


def likelihood(likelihood_6m: float) -> int:
    """Return the likelihood class 1 to 5 of a scenario's probability within six months, in steps of 20 points.

    >>> [likelihood(p) for p in (0.0, 0.2, 0.21, 0.8, 0.81)]
    [1, 1, 2, 4, 5]
    """
    if not 0 <= likelihood_6m <= 1:
        raise ValueError(f"a probability lies between 0 and 1, not {likelihood_6m}")
    return bisect_left(LIKELIHOOD_STEPS, likelihood_6m) + 1


def seriousness(impact_class: int, likelihood_class: int) -> Seriousness:
    """Return how serious a scenario is; raise ValueError for a class outside 1 to 5.

    >>> seriousness(4, 2)
    Seriousness(score=8, level='medium')
    """
    for value in (impact_class, likelihood_class):
        if value not in IMPACT_NAMES:
            raise ValueError(f"a class lies between 1 and 5, not {value}")
    score = impact_class * likelihood_class
    level = "high" if score >= HIGH_SERIOUSNESS else "medium" if score >= MEDIUM_SERIOUSNESS else "low"
    return Seriousness(score, level)
