"""What sites are told, points and totals inherit; effects add up."""

import pandas as pd
import pytest

from models.forecasters.gradient_boosting import GradientBoosting
from models.reasons import COLUMNS, inherited, told, ways
from tests.worlds import growing, panel

AT = 250


def reasons(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_a_point_inherits_the_weighted_effects_of_its_site():
    known = panel(AT, growing(2))
    own = reasons(
        ("w:s0", "level", "As before", 10.0),
        ("w:s0", "conflict", "Up because of it", 4.0),
        ("w:s1", "conflict", "Down because of that", -6.0),
        ("w:s1", "who", "Forecast by somebody.", float("nan")),
    )
    found = inherited(known, own).set_index(["place_id", "topic"])
    assert found.loc[("w:p-s0", "level"), "effect_people_per_day"] == 10
    assert found.loc[("w:p-s0", "conflict"), "sentence"] == "s0: up because of it"
    both = found.loc[("w", "conflict")]
    assert both["effect_people_per_day"] == -2
    assert both["sentence"] == "s1 and 1 other site: down because of that", "who goes the way of the sum speaks"
    assert ("w:BBB", "level") in found.index
    assert "who" not in found.index.get_level_values("topic")
    said = told(inherited(known, own))["sentence"]
    assert "s0: up because of it (+4.0 people/day)." in set(said)
    assert ways(known)["sentence"][0] == "Of the arrivals at sites come this way: 100% of s0, by road and status."


def test_effects_add_up_at_points_countries_and_the_situation():
    known = panel(AT, growing(3), events=[(d, 0.9, 0.0) for d in range(0, AT, 3)])
    found = GradientBoosting(rounds=10, least_examples=50).fit(known).drivers(known)
    effect = found.groupby("place_id")["effect_people_per_day"].sum()
    sites = sum(effect[f"w:s{i}"] for i in range(3))
    assert sum(effect[f"w:p-s{i}"] for i in range(3)) == pytest.approx(sites)
    assert effect["w"] == pytest.approx(sites)
    assert effect["w:BBB"] == pytest.approx(sites)
    sentences = found.loc[found["place_id"] == "w:p-s0", "sentence"].str.cat()
    assert "s0: " in sentences
    assert "people/day)." in sentences


def test_no_reasons_are_inherited_as_none():
    assert inherited(panel(AT, extra_sites=("s0",)), reasons()).empty
