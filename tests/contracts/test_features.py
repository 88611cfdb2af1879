"""Every feature keeps the contract; a new one is tested by this file as soon as it exists."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from data.schema.place import Place
from data.schema.route import Route
from models.errors import LookAhead
from models.features.table import FEATURES, NAMES, RISING
from models.panel import Panel
from models.past import past
from tests.surroundings import world
from tests.worlds import day, facts, growing

DAYS = 1000
CUT = 850
OPEN_BY_DEFAULT = "crossings"


@cache
def panel(last: int, odd: int = 1) -> Panel:
    return Panel(world(last, odd, CUT), "w", day(last - 1))


@cache
def view(known: Panel, number: int) -> Panel:
    return known.at(pd.Timestamp(number, unit="D").date())


@pytest.fixture
def full() -> Panel:
    return panel(DAYS)


@pytest.mark.parametrize("group", FEATURES)
def test_shape_and_names(group, full):
    feature = FEATURES[group]
    days = past(full).days
    found = feature.on(full, days)
    assert found.shape == (len(days), len(full.counted_ids), len(feature.names))
    assert feature.on(full, []).shape == (0, len(full.counted_ids), len(feature.names))
    assert not np.isinf(found).any()
    late = found[-1]
    assert np.isfinite(late).all(), f"{group} does not see a world where everything is known"
    stand_ins = {value for value in feature.neutral.values() if isinstance(value, str)}
    assert set(feature.neutral) | stand_ins | set(feature.rising) <= set(feature.names)
    assert set(feature.rising) <= RISING


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES)
    assert sum(len(feature.names) for feature in FEATURES.values()) == len(NAMES)


@pytest.mark.parametrize("group", FEATURES)
def test_past_the_cut_off_raises(group, full):
    early = view(full, full.origin_day - 100)
    with pytest.raises(LookAhead):
        FEATURES[group].on(early, [early.origin_day, early.origin_day + 1])


@pytest.mark.parametrize("group", FEATURES)
def test_what_was_known_later_changes_nothing(group):
    """The past is the same from a later panel, whatever came after, and from the panel of the day itself."""
    then = panel(CUT)
    asked = [then.origin_day - back for back in (550, 350, 6, 2)]
    before = FEATURES[group].on(then, asked)
    for later in (panel(DAYS), panel(DAYS, odd=7)):
        seen = FEATURES[group].on(later, asked)
        np.testing.assert_allclose(seen, before, rtol=1e-9)
    for i, number in enumerate(asked):
        own = FEATURES[group].on(view(then, number), [number])[0]
        np.testing.assert_allclose(own, before[i], rtol=1e-9)


@pytest.mark.parametrize("group", FEATURES)
def test_an_empty_table_is_not_known_and_no_zero(group, full):
    """Beside reports alone a column is missing, unless it is made of reports alone: then nothing else changes it."""
    known = Panel(facts(growing(days=DAYS)), "w", day(DAYS - 1))
    asked = range(known.origin_day - 180, known.origin_day + 1, 10)
    found, with_all = FEATURES[group].on(known, asked), FEATURES[group].on(full, asked)
    if group == OPEN_BY_DEFAULT:
        assert found[:, :, 0].tolist() == np.ones(found.shape[:2]).tolist()
        return
    for column, name in enumerate(FEATURES[group].names):
        is_missing = np.isnan(found[:, :, column]).all()
        assert is_missing or np.allclose(found[:, :, column], with_all[:, :, column], equal_nan=True), name
    nobody = Panel(facts(extra_sites=("s0",)), "w", day(DAYS - 1))
    assert FEATURES[group].on(nobody, [nobody.origin_day]).shape[1] == 0


@pytest.mark.parametrize("group", FEATURES)
def test_without_roads_or_coordinates_it_still_answers(group):
    frames = world(DAYS, 1, CUT)
    places = frames[Place].assign(longitude=np.nan, latitude=np.nan)
    known = Panel({**frames, Place: places, Route: frames[Route].iloc[:0]}, "w", day(DAYS - 1))
    found = FEATURES[group].on(known, [known.origin_day])
    assert not np.isinf(found).any()


@pytest.mark.parametrize("group", FEATURES)
def test_says_a_sentence_for_each_place(group, full):
    feature = FEATURES[group]
    said = feature.words(full, feature.on(full, [full.origin_day])[0])
    assert len(said) == len(full.counted_ids)
    for upward, sentence in said:
        assert upward in (True, False, None)
        assert sentence[0].islower() or sentence[0].isdigit()
        assert not sentence.endswith(".")
        assert "nan" not in sentence.split()
