"""Capacity is a minimum over the assessed lines; missing is never zero and never infinite."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.schema.capacity import Capacity as CapacityTable
from models.planning.capacity import LEVELS, LINES, PER_DAY_LINE, capacity, gap, load_level

ASSESSED = st.floats(0, 1e7)
SOME_LINES = st.dictionaries(st.sampled_from(LINES), st.none() | ASSESSED)
KNOWN_LINES = st.dictionaries(st.sampled_from(LINES), ASSESSED, min_size=1)
PEOPLE = st.floats(0, 1e7)


def test_the_lines_are_those_of_the_table():
    rules = {str(c.name): c.info["rule"] for c in CapacityTable.rules() if "rule" in c.info}
    assert rules["line_known"] == f"line in {LINES}"


@given(SOME_LINES)
def test_capacity_is_the_least_assessed_line(lines):
    found = capacity(lines)
    at_once = [value for line, value in lines.items() if value is not None and line != PER_DAY_LINE]
    assert found.people_at_once == min(at_once, default=None)
    assert found.people_per_day == lines.get(PER_DAY_LINE)
    assert (found.limiting is None) == (found.people_at_once is None)
    if found.limiting is not None:
        assert lines[found.limiting] == found.people_at_once


@given(SOME_LINES)
def test_every_line_is_either_assessed_or_named_as_not_assessed(lines):
    assessed = {line for line, value in lines.items() if value is not None}
    expected = tuple(line for line in LINES if line not in assessed)
    assert capacity(lines).not_assessed == expected
    assert gap(lines, 1, 1).not_assessed == expected


@given(SOME_LINES, st.randoms(use_true_random=False), PEOPLE, PEOPLE)
def test_the_order_of_the_lines_does_not_matter(lines, random, per_day, at_once):
    items = list(lines.items())
    random.shuffle(items)
    assert capacity(dict(items)) == capacity(lines)
    assert gap(dict(items), per_day, at_once) == gap(lines, per_day, at_once)


@given(SOME_LINES, st.sampled_from(LINES), PEOPLE, PEOPLE, st.sampled_from([None, float("nan"), pd.NA]))
def test_a_line_without_a_value_is_as_if_it_were_absent(lines, line, per_day, at_once, nothing):
    without = {name: value for name, value in lines.items() if name != line}
    assert capacity({**without, line: nothing}) == capacity(without)
    assert gap({**without, line: nothing}, per_day, at_once) == gap(without, per_day, at_once)


@given(PEOPLE, PEOPLE)
def test_without_any_line_the_gap_is_not_assessed_whoever_comes(per_day, at_once):
    found = gap(dict.fromkeys(LINES), per_day, at_once)
    assert (found.state, found.level, found.limiting, found.partial) == ("not_assessed", "not_assessed", None, False)


def test_zero_capacity_is_an_answer():
    assert gap({"water": 0}, 0, 5).limiting.utilisation == math.inf
    assert (gap({"water": 0}, 0, 5).state, gap({"water": 0}, 0, 5).level) == ("gap", "overwhelmed")
    assert (gap({"water": 0}, 0, 0).state, gap({"water": 0}, 0, 0).level) == ("none", "none")
    assert capacity({"water": 0, "toilets": None}).people_at_once == 0


@given(KNOWN_LINES, PEOPLE, PEOPLE, st.floats(1, 10))
def test_more_people_never_make_a_smaller_gap(lines, per_day, at_once, factor):
    fewer, more = gap(lines, per_day, at_once), gap(lines, per_day * factor, at_once * factor)
    assert LEVELS.index(fewer.level) <= LEVELS.index(more.level)
    assert sum(line.short for line in fewer.lines) <= sum(line.short for line in more.lines)


@given(KNOWN_LINES, PEOPLE, PEOPLE, st.floats(0, 1e6))
def test_more_capacity_never_makes_a_larger_gap(lines, per_day, at_once, added):
    larger = {line: value + added for line, value in lines.items()}
    before, after = gap(lines, per_day, at_once), gap(larger, per_day, at_once)
    assert LEVELS.index(after.level) <= LEVELS.index(before.level)
    assert after.limiting.utilisation <= before.limiting.utilisation


@given(KNOWN_LINES, PEOPLE, PEOPLE, st.sampled_from(LINES), ASSESSED)
def test_assessing_another_line_never_makes_the_gap_smaller(lines, per_day, at_once, line, value):
    before = gap(lines, per_day, at_once)
    after = gap({line: value} | lines, per_day, at_once)
    assert LEVELS.index(after.level) >= LEVELS.index(before.level)


def test_processing_is_compared_by_day_and_the_others_at_once():
    found = gap({"processing": 100, "water": 1_000}, people_per_day=150, people_at_once=900)
    assert [(line.line, line.needed, line.short) for line in found.lines] == [
        ("processing", 150, 50), ("water", 900, 0),
    ]  # fmt: skip
    assert (found.state, found.level, found.partial) == ("gap", "overwhelmed", True)


def test_a_tight_line_is_no_gap_yet():
    found = gap({"water": 1_000}, 0, 950)
    assert (found.level, found.state, found.limiting.short) == ("gap", "none", 0)


def test_an_assessment_of_all_lines_is_not_partial():
    found = gap(dict.fromkeys(LINES, 10_000), 1, 1)
    assert (found.partial, found.not_assessed, found.state) == (False, (), "none")


@pytest.mark.parametrize(
    ("utilisation", "level"),
    [
        (0, "none"),
        (0.6999, "none"),
        (0.7, "tight"),
        (0.8999, "tight"),
        (0.9, "gap"),
        (1.2, "gap"),
        (1.2001, LEVELS[-1]),
    ],
)
def test_the_levels_are_those_of_the_humanitarian_load_scale(utilisation, level):
    assert load_level(utilisation) == level


@pytest.mark.parametrize("lines", [{"beds": 5}, {"water": -1}, {"water": math.inf}])
def test_impossible_lines_are_refused(lines):
    for call in (lambda: capacity(lines), lambda: gap(lines, 1, 1)):
        with pytest.raises(ValueError, match=r"beds|water"):
            call()


@pytest.mark.parametrize(("per_day", "at_once"), [(-1, 0), (0, -1), (math.nan, 0), (0, math.inf)])
def test_impossible_expectations_are_refused(per_day, at_once):
    with pytest.raises(ValueError, match="people_"):
        gap({"water": 1}, per_day, at_once)
