"""Reasons in words: told at the places they were computed for, and handed on to points and totals.

A reason is a row: place_id, topic (reasons of one topic tell the same kind of thing), sentence (without its figure
and full stop), effect_people_per_day (missing: a fact, whose sentence is complete). What the sites are told a point
or a total inherits, weighted by the part of their arrivals that comes its way; so effects add up everywhere.
"""

from functools import lru_cache

import pandas as pd

from models.panel import Panel
from models.routing import route
from models.totals import totals

COLUMNS = ("place_id", "topic", "sentence", "effect_people_per_day")
_TOLD = ["place_id", "sentence", "effect_people_per_day"]
MOST_NAMED = 3


def told(reasons: pd.DataFrame) -> pd.DataFrame:
    """Return place_id, sentence, effect_people_per_day with the figure of each effect in its sentence."""
    effects = reasons["effect_people_per_day"].astype(float)
    sentences = [
        sentence if pd.isna(effect) else f"{sentence} ({effect:+,.1f} people/day)."
        for sentence, effect in zip(reasons["sentence"], effects, strict=True)
    ]
    return reasons.assign(sentence=sentences, effect_people_per_day=effects)[_TOLD]


def inherited(panel: Panel, reasons: pd.DataFrame) -> pd.DataFrame:
    """Return what border points without counts of their own, countries and the situation inherit, as `COLUMNS`."""
    weights = pd.concat([_through(panel), _added(panel)], ignore_index=True)
    weights = weights[weights["place_id"].isin(set(reasons["place_id"]))]
    counted = reasons[reasons["effect_people_per_day"].notna()]
    rows = weights.merge(counted, on="place_id", validate="many_to_many")
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    rows["effect"] = rows["effect_people_per_day"].astype(float) * rows["weight"]
    by = rows.groupby(["heir_id", "topic"], sort=True)
    total, size = by["effect"].transform("sum"), by["effect"].transform("size")
    # The site that says most, in the direction in which all of them together go, speaks for the topic.
    agree = rows["effect"].abs().where(rows["effect"] * total >= 0, -1.0)
    first = agree.groupby([rows["heir_id"], rows["topic"]]).idxmax()
    names = dict(zip(panel.places["id"], panel.places["name"], strict=True))
    return pd.DataFrame(
        [
            (heir, topic, _at(names[place], int(n) - 1, sentence), float(effect))
            for heir, topic, place, n, sentence, effect in zip(
                rows["heir_id"][first], rows["topic"][first], rows["place_id"][first], size[first],
                rows["sentence"][first], total[first], strict=True,
            )
        ],
        columns=list(COLUMNS),
    )  # fmt: skip


@lru_cache(maxsize=8)
def ways(panel: Panel) -> pd.DataFrame:
    """Return the fact of which sites' arrivals come over each border point (place_id, sentence, effect missing)."""
    names = dict(zip(panel.places["id"], panel.places["name"], strict=True))
    said = []
    for point, rows in _through(panel).groupby("heir_id", sort=True):
        most = rows.sort_values(["weight", "place_id"], ascending=[False, True])
        parts = [f"{w:.0%} of {names[p]}" for w, p in zip(most["weight"][:MOST_NAMED], most["place_id"], strict=False)]
        rest = f" and of {len(most) - MOST_NAMED} more sites" if len(most) > MOST_NAMED else ""
        said.append((point, f"Of the arrivals at sites come this way: {', '.join(parts)}{rest}, by road and status."))
    return pd.DataFrame(said, columns=["place_id", "sentence"]).assign(effect_people_per_day=float("nan"))


def _through(panel: Panel) -> pd.DataFrame:
    """Return heir_id (a point without counts), place_id (a counted site), weight (its part that comes this way)."""
    counted = set(panel.counted_ids)
    links = route(panel).links
    links = links[~links["border_point_id"].isin(counted) & links["site_id"].isin(counted)]
    return links.rename(columns={"border_point_id": "heir_id", "site_id": "place_id", "share": "weight"})


def _added(panel: Panel) -> pd.DataFrame:
    """Return heir_id (a total), place_id (a member), weight (one)."""
    rows = [(total, place, 1.0) for total, members in totals(panel).items() for place in sorted(members)]
    return pd.DataFrame(rows, columns=["heir_id", "place_id", "weight"])


def _at(name: str, others: int, sentence: str) -> str:
    """Return a site's sentence as it is told elsewhere.

    >>> _at("Mahama", 2, "Up because arrivals in the whole situation rise")
    'Mahama and 2 other sites: up because arrivals in the whole situation rise'
    """
    more = f" and {others} other site{'s' if others > 1 else ''}" if others else ""
    return f"{name}{more}: {sentence[:1].lower()}{sentence[1:]}"
