"""Hazards near the road, by kind."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from data.schema.hazard_event import HazardEvent
from models.features.conflict import numbers
from models.features.hazards import FEATURE, LAST_DAYS, NAMES, NOTHING
from models.history import _numbers as history_numbers
from models.panel import Panel
from tests.surroundings import hazard, instant
from tests.worlds import day, facts, growing, known_rows

FLOOD, STORM = NAMES.index("hazard_flood"), NAMES.index("hazard_storm")


def world(rows: list[dict], at: int = 100) -> Panel:
    return Panel({**facts(growing(1, days=at)), HazardEvent: known_rows(HazardEvent, rows)}, "w", day(at))


def felt(rows: list[dict], at: int = 100) -> np.ndarray:
    known = world(rows, at)
    return FEATURE.on(known, [known.origin_day])[0, 0]


def test_each_kind_is_felt_on_its_own_and_fades_with_days_kilometres_and_colour():
    near = felt([hazard(95, "flood")])
    assert near[FLOOD] > NOTHING
    assert near[STORM] == pytest.approx(NOTHING), "known, none"
    assert near[FLOOD] > felt([hazard(60, "flood")])[FLOOD] > NOTHING
    assert near[FLOOD] > felt([hazard(95, "flood", longitude=-1.5)])[FLOOD] > NOTHING
    assert near[FLOOD] > felt([hazard(95, "flood", "green")])[FLOOD] > NOTHING
    assert felt([hazard(95, "flood"), hazard(96, "flood")])[FLOOD] > near[FLOOD]


@pytest.mark.parametrize("zone", ["UTC", "Africa/Nairobi", "America/New_York", "Europe/Kyiv"])
def test_f42_an_instant_is_of_its_day_in_utc_whatever_zone_it_is_told_in(zone):
    moments = ["2026-02-28T23:30Z", "2026-03-01T00:10Z", "2026-03-29T00:30Z", "2026-03-29T01:30Z", "2026-10-25T23:59Z"]
    told = pd.Series(pd.to_datetime(moments, utc=True)).dt.tz_convert(zone)
    days = pd.Series(pd.to_datetime([moment[:10] for moment in moments]))
    for count in (partial(numbers, missing=0), history_numbers):
        assert count(told).tolist() == count(days).tolist()


def test_nothing_is_felt_after_twenty_weeks_unless_it_still_goes_on():
    old = hazard(50, "drought")
    at = 50 + LAST_DAYS + 1
    kind = NAMES.index("hazard_drought")
    assert felt([old], at)[kind] == pytest.approx(NOTHING)
    assert felt([{**old, "ended_at": instant(at + 30)}], at)[kind] > NOTHING


def test_before_the_first_alert_was_known_nothing_is_known():
    known = world([hazard(90, "flood")])
    before, that_day = FEATURE.on(known, [known.origin_day - 10, known.origin_day - 9])
    assert np.isnan(before).all()
    assert np.isfinite(that_day).all()


def test_a_withdrawn_alert_is_felt_only_while_it_was_believed():
    rows = known_rows(HazardEvent, [hazard(90, "flood"), hazard(20, "flood", longitude=-30.0)])
    rows.loc[0, "known_to"] = instant(96)
    known = Panel({**facts(growing(1, days=100)), HazardEvent: rows}, "w", day(100))
    believed, withdrawn = FEATURE.on(known, [known.origin_day - 6, known.origin_day])[:, 0, FLOOD]
    assert believed > NOTHING
    assert withdrawn == pytest.approx(NOTHING)


def test_f50_what_two_feeds_tell_of_is_felt_once_from_the_one_that_says_more():
    gdacs = [hazard(90, "earthquake"), hazard(95, "flood")]
    usgs = [{**hazard(d, "earthquake"), "source_id": "usgs"} for d in (90, 92)]
    assert felt(gdacs + usgs) == pytest.approx(np.maximum(felt(gdacs), felt(usgs)))


def test_the_sentence_counts_alerts_near_the_road_and_believes_one_feed():
    twice = [hazard(d, "flood") for d in (80, 85, 90)] + [
        {**hazard(d, "flood"), "source_id": "other-feed"} for d in (80, 85)
    ]
    known = world([*twice, hazard(91, "earthquake"), hazard(10, "wildfire"), hazard(92, "drought", longitude=-1.9)])
    ((_, sentence),) = FEATURE.words(known, FEATURE.on(known, [known.origin_day])[0])
    assert sentence == "there were 1 earthquake and 3 floods within 150 km of the road to p-s0 in the last 8 weeks"
    ((_, quiet),) = FEATURE.words(world([]), np.full((1, len(NAMES)), np.nan))
    assert quiet == "natural hazards were over 150 km from the road to p-s0, or over 8 weeks ago"
