"""What is said of a closure is what was computed, and its parts add up to the people expected."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components.closing import MOST_SHOWN, result, whole
from models.where.diversion import NO_CROSSING, NOWHERE, ON_THE_WAY, STRANDED

ISSUED = date(2014, 2, 23)


def found(points: int = 3, status: str = "open", expected: float = 1000.0) -> pd.DataFrame:
    """Point p0 closes; what leaves it goes in equal parts to the others, with some on the way and some stranded."""
    ids = [f"p{i}" for i in range(points)]
    nobody = {"q50_before": 0.0, "q90_before": 0.0, "q50_after": 0.0, "q90_after": 0.0, "delay_days": 0.0}
    rows = [{**nobody, "place_id": i, "name": i.upper(), "status": status} for i in ids]
    rows += [{**nobody, "place_id": i, "name": NOWHERE[i]} for i in (NO_CROSSING, ON_THE_WAY, STRANDED)]
    table = pd.DataFrame(rows).set_index("place_id")
    for q, people in (("q50", expected), ("q90", 3 * expected)):
        table.loc["p0", [f"{q}_before", f"{q}_after"]] = [people, 0.15 * people]
        table.loc[ids[1:], f"{q}_after"] = 0.7 * people / (points - 1)
        table.loc[ON_THE_WAY, f"{q}_after"] = 0.1 * people
        table.loc[STRANDED, f"{q}_after"] = 0.05 * people
    table.loc["p1", "delay_days"] = 4.6
    return table.reset_index()


def parts(shown: list) -> list:
    return [part for top in shown for part in (top, *top._traverse()) if not isinstance(part, str)]


def text(shown: list) -> str:
    return repr(shown)


@given(st.lists(st.floats(0, 1e6), max_size=9))
def test_whole_numbers_add_up(values):
    assert all(number >= 0 for number in whole(values))
    assert sum(whole(values)) == pytest.approx(sum(values), abs=0.5 + 1e-6)


@pytest.mark.parametrize("points", [3, MOST_SHOWN + 9])
def test_the_table_holds_everybody_who_would_have_to_go(points):
    shown = result(found(points), "p0", 30, ISSUED)
    lines = [part.to_plotly_json()["props"] for part in parts(shown) if type(part).__name__ == "Tr"][1:]
    assert len(lines) == min(points - 1, MOST_SHOWN + 1) + 2
    for column, before in (("data-p50", 1000.0), ("data-p90", 3000.0)):
        assert sum(float(line[column]) for line in lines) == pytest.approx(0.85 * before)
    said = text(shown)
    assert "Of 1,000 people (high: 3,000) expected here in the 30 days after 23 Feb 2014, 150 (high: 450)" in said
    assert "Together 1,000 people (high: 3,000), as without the closure" in said
    assert "'5 days'" in said
    assert NOWHERE[STRANDED] in said
    assert NOWHERE[NO_CROSSING] not in said, "nobody is there"


@pytest.mark.parametrize("case", [found(), found(status="closed"), found(expected=0.0)])
def test_it_is_always_told_to_be_a_what_if_and_no_recommendation(case):
    assert "never a recommendation: nobody should be prevented from crossing" in text(result(case, "p0", 30, ISSUED))


def test_what_is_closed_or_expects_nobody_says_so():
    assert "closed already" in text(result(found(status="closed"), "p0", 30, ISSUED))
    assert "Nobody is forecast to come here" in text(result(found(expected=0.0), "p0", 30, ISSUED))
    assert result(pd.DataFrame(), "p0", 30, ISSUED) == []
