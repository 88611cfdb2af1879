"""Figures of areas upstream: which series is believed, and what rain, food and displaced people make of it."""

import numpy as np
import pytest

from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from models.features import displaced as people_upstream
from models.features import food, rainfall
from models.features.feature import Feature
from models.panel import FOOD, RAIN, Panel
from tests.surroundings import displaced, indicator, instant
from tests.worlds import day, facts, growing, known_rows

AT = 600
NOWHERE = {"longitude": None, "latitude": None}


def felt(feature: Feature, rows: list[dict], at: int = AT) -> np.ndarray:
    table = Displacement if feature is people_upstream.FEATURE else Indicator
    known = Panel({**facts(growing(1, days=AT)), table: known_rows(table, rows)}, "w", day(at))
    return feature.on(known, [known.origin_day])[0, 0]


def rain(rows: list[dict], at: int = AT) -> float:
    shift = rainfall.LEAST_PERCENT
    return float(np.exp(felt(rainfall.FEATURE, rows, at)[0]) * (100 + shift) - shift)


def test_the_newest_rain_counts_while_it_is_fresh():
    rows = [indicator(RAIN, AT - 40, 80.0), indicator(RAIN, AT - 20, 55.0)]
    assert rain(rows) == pytest.approx(55)
    assert rain(rows, AT - 16) == pytest.approx(80), "not yet out"
    assert np.isnan(rain(rows[:1], AT + 40))
    assert np.isnan(rain([{**rows[0], "quality": "forecast"}]))
    assert np.isnan(rain([{**rows[0], "country_iso3": "BBB"}])), "rain of the host is not upstream"


def test_no_rain_at_all_is_not_missing():
    assert rain([indicator(RAIN, AT - 20, 0.0)]) == pytest.approx(0, abs=1e-6)


def test_nearer_areas_count_more_and_areas_without_a_place_count_alike():
    far = {"area_id": "AA02", "longitude": -1.9, "latitude": 0.0}
    near, away = indicator(RAIN, AT - 20, 50.0), indicator(RAIN, AT - 20, 150.0, **far)
    assert 50 < rain([near, away]) < 100
    assert rain([{**near, **NOWHERE}, {**away, **NOWHERE}]) == pytest.approx(100)
    assert rain([near, {**away, **NOWHERE}]) == pytest.approx(50), "where places are known these are believed"


def test_food_is_the_share_in_crisis_and_its_change_in_a_year():
    rows = [
        indicator(FOOD, AT - 400, 0.25, "phase 3+"),
        indicator(FOOD, AT - 30, 0.40, "phase 3+"),
        indicator(FOOD, AT - 30, 0.90, "phase 1"),
        indicator(FOOD, AT - 29, 0.70, "phase 3+", quality="forecast"),
    ]
    assert felt(food.FEATURE, rows) == pytest.approx([0.40, 0.15])
    assert felt(food.FEATURE, rows[1:]) == pytest.approx([0.40, np.nan], nan_ok=True)


def test_a_revised_figure_counts_from_the_day_it_was_known():
    rows = known_rows(Indicator, [indicator(RAIN, AT - 60, 80.0), indicator(RAIN, AT - 60, 40.0)])
    rows.loc[0, "known_to"] = rows.loc[1, "known_from"] = instant(AT - 30)
    known = Panel({**facts(growing(1, days=AT)), Indicator: rows}, "w", day(AT))
    at = [known.origin_day - 31, known.origin_day - 30]
    first, second = rainfall.FEATURE.on(known, at)[:, 0, 0]
    assert second < first


def test_displaced_people_of_two_series_are_never_summed():
    one = [displaced(AT - 150, 1000), displaced(AT - 20, 2000)]
    other = [{**row, "series": "other", "record_id": row["record_id"] + "o", "people": 500} for row in one]
    support = {**one[1], "record_id": "s", "people": 10**7, "is_additive": False}
    alone, both = felt(people_upstream.FEATURE, one), felt(people_upstream.FEATURE, [*one, *other, support])
    np.testing.assert_allclose(both, alone)
    assert alone[1] == pytest.approx(np.log(2), abs=0.02)
    two = [*one, {**one[1], "record_id": "second", "area_pcode": "AA02"}]
    assert felt(people_upstream.FEATURE, two)[1] == pytest.approx(np.log(4), abs=0.02), "areas of one series are"


def test_zero_displaced_is_known_and_not_available_is_not():
    assert felt(people_upstream.FEATURE, [displaced(AT - 20, 0)])[0] == 0
    assert np.isnan(felt(people_upstream.FEATURE, [displaced(AT - 20, None)])).all()
    assert np.isnan(felt(people_upstream.FEATURE, [displaced(AT - 20, 5)], AT + 400)).all(), "too old"


def test_the_sentences_say_the_figures():
    frames = {
        **facts(growing(1, days=AT)),
        Displacement: known_rows(Displacement, [displaced(AT - 150, 1000), displaced(AT - 20, 1500)]),
        Indicator: known_rows(
            Indicator,
            [indicator(RAIN, AT - 20, 62.0), *(indicator(FOOD, d, s, "phase 3+") for d, s in ((150, 0.2), (550, 0.3)))],
        ),
    }
    known = Panel(frames, "w", day(AT))
    said = {
        f.group: f.words(known, f.on(known, [known.origin_day])[0])[0]
        for f in (rainfall.FEATURE, food.FEATURE, people_upstream.FEATURE)
    }
    assert said["rain"][1] == "rain upstream was 62% of normal over three months"
    assert said["food"] == (
        True,
        "in the areas upstream 30% of people were in a food crisis (IPC phase 3 or worse), "
        "10 points more than a year before",
    )
    assert said["displaced"][0]
    assert said["displaced"][1].startswith("1,500 people were displaced in the country of origin, and near the roads")
