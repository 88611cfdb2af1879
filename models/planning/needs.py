"""Needs by sector: expected people times the planning standards.

A standard is one division and one multiplication: ``basis / people_per_unit * quantity``. Its basis is the people
expected, their mean a day, or the result of another standard (supervisors per caseworker, blankets per household).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data.errors import InputRejected

PLAN_DAYS = 90
"""A contingency plan covers its first three months (UNHCR PPRE, DOMAIN.md section 0, fact 3)."""
PEOPLE, ARRIVALS_PER_DAY = "people", "arrivals_per_day"
_SAME_NUMBER_DIGITS = 6
"""Digits after which 200 and 200.0000000001 are the same need, so that a float's dust is not rounded up."""


def needs(
    standards: pd.DataFrame, days: int = PLAN_DAYS, profile: Mapping[str, float] | None = None, **people: float
) -> pd.DataFrame:
    """Return the standards with the quantities needed for each number of people.

    ``standards`` has the columns of `data.schema.standard`. ``days`` is the period in which the people arrive and are
    served. ``profile`` overrides shares of this caseload: the id of a standard on people (``households``, ``uasc``) to
    its units per person. Each of ``people`` (``p50=118, p90=900``) gives two columns: ``p50`` is needed each day where
    ``per_day`` and once elsewhere, in ``unit``; ``p50_over_period`` is needed over all days, in ``period_unit``. The
    period is counted as if everybody were there from its first to its last day, which is never too little.
    ``formula`` says it in words.

    What comes whole (``rounding`` *up*) is rounded up, so that even one person gets a tap and nobody gets none. Raises
    `InputRejected` for a profile or a basis that names no fitting standard, ValueError for people that are not a
    finite number of at least 0 or a period without a day.

    >>> tap = {"id": "taps", "title": "Taps", "quantity": 1.0, "unit": "taps", "people_per_unit": 250.0}
    >>> tap |= {"basis": "people", "per_day": False, "rounding": "up"}
    >>> needs(pd.DataFrame([tap]), p50=250.0, p90=251.0)[["p50", "p90"]].to_numpy().tolist()
    [[1.0, 2.0]]
    """
    if days < 1:
        raise ValueError(f"a period has at least one day, not {days}")
    rates = _Rates(standards, days, profile or {})
    daily = standards["per_day"].astype(bool).to_numpy()
    units = standards["unit"].astype("str")
    columns: dict[str, Any] = {}
    for name, number in people.items():
        columns[name] = rates.quantities(number)
        columns[f"{name}_over_period"] = columns[name] * np.where(daily, days, 1)
    words = {"unit": units.mask(daily, units + " a day"), "period_unit": units, "formula": rates.formulas()}
    return standards.assign(**words, **columns)


class _Rates:
    """The standards as a chain of divisions and multiplications."""

    def __init__(self, standards: pd.DataFrame, days: int, profile: Mapping[str, float]) -> None:
        self.days, self.profile = days, profile
        self.rows: dict[str, Any] = {row.id: row for row in standards.itertuples()}
        for standard_id, rate in profile.items():
            if standard_id not in self.rows or self.rows[standard_id].basis != PEOPLE:
                raise InputRejected(f"profile {standard_id}", "is no standard on people")
            if not 0 <= rate < np.inf:
                raise InputRejected(f"profile {standard_id}", f"is {rate}, not a number of at least 0")

    def quantities(self, people: float) -> list[float]:
        """Return each standard's quantity for a number of people, in their order."""
        if not 0 <= people < np.inf:
            raise ValueError(f"people must be a finite number of at least 0, not {people}")
        found = {PEOPLE: float(people), ARRIVALS_PER_DAY: people / self.days}
        return [self._quantity(standard_id, found, ()) for standard_id in self.rows]

    def _quantity(self, standard_id: str, found: dict[str, float], asked: tuple[str, ...]) -> float:
        """Return one quantity, after that of the basis it rests on; ``asked`` are those that wait for it."""
        if standard_id in found:
            return found[standard_id]
        if standard_id not in self.rows or standard_id in asked:
            what = "rests on itself" if standard_id in asked else "is no standard"
            raise InputRejected(f"standard {asked[-1]}", f"its basis {standard_id} {what}")
        row = self.rows[standard_id]
        basis = self._quantity(row.basis, found, (*asked, standard_id))
        quantity = basis * self._rate(row)
        if row.rounding == "up":
            quantity = float(np.ceil(round(quantity, _SAME_NUMBER_DIGITS)))
        found[standard_id] = quantity
        return quantity

    def _rate(self, row: Any) -> float:
        """Return how much of a standard one unit of its basis needs."""
        return self.profile.get(row.id, float(row.quantity) / float(row.people_per_unit))

    def formulas(self) -> list[str]:
        """Return each standard's formula in words, in their order."""
        return [self._formula(row) for row in self.rows.values()]

    def _formula(self, row: Any) -> str:
        """Say where a standard's quantity comes from."""
        mean = f"people a day (mean of {self.days} days)"
        titles = {PEOPLE: PEOPLE, ARRIVALS_PER_DAY: mean}
        said = titles.get(row.basis) or str(self.rows[row.basis].title)
        if row.id in self.profile:
            said += f" × {self.profile[row.id]:,.10g} (profile of this caseload)"
        else:
            said += f" ÷ {row.people_per_unit:,.10g}" if row.people_per_unit != 1 else ""
            said += f" × {row.quantity:,.10g}" if row.quantity != 1 else ""
        said += ", rounded up (at least 1 as soon as anybody comes)" if row.rounding == "up" else ""
        return said + (f"; each day, × {self.days} days for the period" if row.per_day else "")
