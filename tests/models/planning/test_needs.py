"""Needs against the worked example: 10,000 arrivals in 14 days, households of 5."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data
from data.errors import InputRejected
from models.planning.needs import PLAN_DAYS, needs

STANDARDS = pd.read_csv(Path(data.__file__).parent / "reference" / "standards.csv", keep_default_na=False)
PEOPLE, DAYS = 10_000, 14

WORKED = {
    "water-standard": 150_000, "water-acute": 75_000, "taps": 40,
    "toilets-first": 200, "toilets-first-women": 150, "toilets-first-men": 50,
    "toilets-medium": 500, "toilets-medium-women": 375, "toilets-medium-men": 125,
    "bathing": 200, "laundry": 100, "covered-space": 35_000, "site-area": 450_000, "site-area-outside": 300_000,
    "tents": 2_000, "ration": 5_550, "households": 2_000, "relief-kits": 2_000, "blankets": 10_000,
    "sleeping-mats": 10_000, "mosquito-nets": 4_000, "tarpaulins": 4_000, "solar-lamps": 2_000, "jerrycans": 2_000,
    "buckets": 2_000, "kitchen-sets": 2_000, "iehk": 1, "iehk-weight": 1.25, "iehk-volume": 7.15, "health-staff": 23,
    "community-health-workers-least": 10, "community-health-workers-most": 20, "health-unit": 1,
    "uasc": 300, "caseworkers": 12, "supervisors": 3, "simplified-lanes": 4, "registration-staff": 24,
}  # fmt: skip


def quantities(people: float, days: int = DAYS, **more) -> "pd.Series[float]":
    return needs(STANDARDS, days, people=people, **more).set_index("id")["people"]


def standard(**changed) -> pd.DataFrame:
    row = {"id": "taps", "title": "Taps", "quantity": 1.0, "unit": "taps", "people_per_unit": 250.0}
    return pd.DataFrame([row | {"basis": "people", "per_day": False, "rounding": "up"} | changed])


@pytest.mark.parametrize(("standard_id", "expected"), WORKED.items())
def test_the_worked_example(standard_id, expected):
    assert quantities(PEOPLE)[standard_id] == pytest.approx(expected, rel=1e-9)


def test_the_worked_example_of_storage_is_derived_from_6000_cubic_metres_for_165000_people():
    assert round(quantities(PEOPLE)["relief-storage"]) == 364
    assert quantities(165_000)["relief-storage"] == pytest.approx(6_000)


def test_the_worked_example_of_food_over_thirty_days():
    found = needs(STANDARDS, 30, people=PEOPLE).set_index("id")
    assert found.loc["ration", "people_over_period"] == pytest.approx(166_500)
    parts = found.loc[[f"ration-{name}" for name in ("cereal", "pulses", "oil", "blended", "sugar", "salt")]]
    assert parts["people_over_period"].sum() == pytest.approx(166_500)


def test_soap_is_given_for_a_month():
    found = needs(STANDARDS, 30, people=1).set_index("id")["people_over_period"]
    assert found["soap-bathing"] + found["soap-laundry"] == pytest.approx(0.45)


def test_two_quantiles_come_from_one_call():
    found = needs(STANDARDS, DAYS, p50=1_000, p90=10_000).set_index("id")
    assert found["p50"].equals(quantities(1_000).rename("p50"))
    assert found["p90"].equals(quantities(10_000).rename("p90"))


def test_daily_needs_grow_with_the_period_and_the_others_do_not():
    found = needs(STANDARDS, DAYS, people=PEOPLE)
    daily = found["per_day"]
    assert found.loc[daily, "people_over_period"].equals(found.loc[daily, "people"] * DAYS)
    assert found.loc[~daily, "people_over_period"].equals(found.loc[~daily, "people"])
    assert (found.loc[daily, "unit"] == found.loc[daily, "period_unit"] + " a day").all()
    assert (found.loc[~daily, "unit"] == found.loc[~daily, "period_unit"]).all()


def test_desks_follow_the_people_a_day_and_not_the_people():
    assert quantities(PEOPLE, 14)["simplified-lanes"] == 4
    assert quantities(PEOPLE, 140)["simplified-lanes"] == 1


def test_the_profile_of_a_caseload_reaches_what_rests_on_it():
    found = quantities(PEOPLE, profile={"uasc": 0.05, "households": 1 / 4})
    assert found[["uasc", "caseworkers", "supervisors"]].tolist() == [500, 20, 4]
    assert found[["households", "blankets"]].tolist() == [2_500, 12_500]
    assert quantities(PEOPLE, profile={"uasc": 0})["supervisors"] == 0


@pytest.mark.parametrize("profile", [{"nobody": 0.1}, {"caseworkers": 0.1}, {"uasc": -0.1}, {"uasc": float("nan")}])
def test_a_profile_that_fits_no_standard_on_people_is_refused(profile):
    with pytest.raises(InputRejected, match=next(iter(profile))):
        quantities(1, profile=profile)


@pytest.mark.parametrize(("basis", "said"), [("gone", "is no standard"), ("taps", "rests on itself")])
def test_a_basis_that_leads_nowhere_is_refused(basis, said):
    with pytest.raises(InputRejected, match=said):
        needs(standard(basis=basis), p50=1)


@pytest.mark.parametrize("people", [-1, float("nan"), float("inf")])
def test_people_that_are_no_number_are_refused(people):
    with pytest.raises(ValueError, match="people must be"):
        needs(standard(), p50=people)


def test_a_period_without_days_is_refused():
    with pytest.raises(ValueError, match="at least one day"):
        needs(standard(), 0, p50=1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "people ÷ 250, rounded up (at least 1 as soon as anybody comes)"),
        ({"rounding": "none", "people_per_unit": 1.0, "quantity": 3.5}, "people × 3.5"),
        ({"rounding": "none", "people_per_unit": 165_000.0, "quantity": 6000.0}, "people ÷ 165,000 × 6,000"),
        ({"rounding": "none", "people_per_unit": 1.0, "quantity": 15.0, "per_day": True},
         f"people × 15; each day, × {PLAN_DAYS} days for the period"),
        ({"basis": "arrivals_per_day", "rounding": "none"}, f"people a day (mean of {PLAN_DAYS} days) ÷ 250"),
    ],
)  # fmt: skip
def test_the_formula_says_what_was_computed(changed, said):
    assert needs(standard(**changed), p50=1)["formula"].tolist() == [said]


def test_the_formula_names_what_it_rests_on_and_the_profile():
    said = needs(STANDARDS, profile={"uasc": 0.05}, p50=1).set_index("id")["formula"]
    assert said["supervisors"].startswith("Child-protection caseworkers ÷ 5,")
    assert said["uasc"].startswith("people × 0.05 (profile of this caseload),")


def test_dust_of_floating_point_is_not_rounded_up():
    assert needs(standard(quantity=0.07, people_per_unit=1.0), p50=100)["p50"].tolist() == [7]


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1e7), st.floats(0, 1e6), st.integers(1, 366))
def test_more_people_never_need_less(people, more, days):
    found = needs(STANDARDS, days, fewer=people, all=people + more)
    assert (found["fewer"] <= found["all"]).all()
    assert (found["fewer"] >= 0).all()


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-3, 1e7), st.integers(1, 366))
def test_what_comes_whole_is_whole_never_too_little_and_less_than_one_too_much(people, days):
    found = needs(STANDARDS[STANDARDS["basis"] == "people"], days, people=people)
    exact = people * found["quantity"] / found["people_per_unit"]
    over = found["people"] - exact
    whole = found["rounding"] == "up"
    assert (found.loc[whole, "people"] % 1 == 0).all()
    assert over[whole].between(-1e-5, 1).all()
    assert over[~whole].abs().max() < 1e-6


def test_nobody_needs_nothing_and_anybody_gets_at_least_one():
    assert (quantities(0) == 0).all()
    assert (quantities(1)[STANDARDS.set_index("id")["rounding"] == "up"] >= 1).all()


def test_the_order_of_the_standards_does_not_matter():
    shuffled = STANDARDS.sample(frac=1, random_state=4)
    found = needs(shuffled, DAYS, people=PEOPLE).set_index("id")["people"]
    assert found.sort_index().equals(quantities(PEOPLE).sort_index())
