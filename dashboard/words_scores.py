"""How the trust in a forecast is said in words; figures are those of `dashboard.queries_scores.cards`."""

from typing import Any

import pandas as pd

MEASURES = {"stock": "People present", "arrivals": "People arriving"}
LAST = {"stock": "the last count", "arrivals": "the last rate of arrivals"}
THINGS = {"stock": "counts", "arrivals": "totals"}
LEAST_SKILL = 0.01
"""A forecast that is less than one percent closer than the last value is no better (as in `models.selection`)."""
FEW_FORECASTS = 8
NARROW_SHARE = 0.65
"""An 80 % range that held less than this share of at least `FEW_FORECASTS` counts is called too narrow."""
DRIFT = 1.25
"""Recent errors so many times the earlier ones are worse; so many times smaller, better."""


def trust(name: str, card: Any, measure: str, horizon_days: int) -> str:
    """Return one sentence on how far the forecasts of a place can be trusted; ``card`` is missing (None) without any.

    >>> good = pd.Series({"forecasts": 24.0, "skill": 0.18, "inside_80": 19.0})
    >>> trust("Gore", good, "stock", 30)  # doctest: +NORMALIZE_WHITESPACE
    'Gore: over 24 past forecasts, 30 days ahead, the forecast was 18 % closer than the last count;
    19 of 24 counts fell inside the 80 % range.'
    >>> trust("Gore", None, "stock", 30)
    'Gore: no forecast 30 days ahead could be checked yet.'
    """
    if card is None:
        return f"{name}: no forecast {horizon_days} days ahead could be checked yet."
    number, held = int(card["forecasts"]), int(card["inside_80"])
    past = f"over {number} past forecast{'s' if number > 1 else ''}, {horizon_days} days ahead, "
    skill = card["skill"]
    if not pd.isna(skill) and skill >= LEAST_SKILL:
        said = f"{past}the forecast was {percent(skill)} closer than {LAST[measure]}"
    else:
        said = past + _without_skill(skill, measure)
    narrow = number >= FEW_FORECASTS and held < NARROW_SHARE * number
    range_words = f"{held} of {number} {THINGS[measure]} fell inside the 80 % range"
    tail = ", which is too narrow" if narrow else ""
    few = " Too few to rely on." if number < FEW_FORECASTS else ""
    return f"{name}: {said}; {range_words}{tail}.{few}"


def _without_skill(skill: float, measure: str) -> str:
    """Say how much better the last value was.

    >>> _without_skill(0.0, "stock"), _without_skill(-0.25, "stock")
    ('the forecast was no better than the last count', 'the last count was 20 % closer')
    >>> _without_skill(float("nan"), "stock")
    'the last count was never wrong'
    """
    if pd.isna(skill):
        return f"{LAST[measure]} was never wrong"
    if skill > -LEAST_SKILL:
        return f"the forecast was no better than {LAST[measure]}"
    return f"{LAST[measure]} was {percent(1 - 1 / (1 - skill))} closer"


def percent(share: float) -> str:
    """Return a share in whole percent.

    >>> percent(0.184), percent(float("nan"))
    ('18 %', '–')
    """
    return "–" if pd.isna(share) else f"{100 * share:.0f} %"


def skill_words(skill: float) -> str:
    """Return skill as a signed figure or as its absence.

    >>> skill_words(0.18), skill_words(0.0), skill_words(-0.3)
    ('18 % closer', 'no better', '30 % further off')
    """
    if pd.isna(skill) or abs(skill) < LEAST_SKILL:
        return "no better"
    return f"{percent(skill)} closer" if skill > 0 else f"{percent(-skill)} further off"


def drift_words(earlier: float, recent: float) -> str:
    """Say whether the errors, as a share of what happened, have grown.

    >>> drift_words(0.1, 0.2), drift_words(0.2, 0.1), drift_words(0.2, 0.2), drift_words(float("nan"), 0.2)
    ('worse: 10 % → 20 %', 'better: 20 % → 10 %', 'steady: 20 % → 20 %', 'too few to tell')
    """
    if pd.isna(earlier) or pd.isna(recent):
        return "too few to tell"
    word = "worse" if recent > DRIFT * earlier else "better" if recent * DRIFT < earlier else "steady"
    return f"{word}: {percent(earlier)} → {percent(recent)}"
