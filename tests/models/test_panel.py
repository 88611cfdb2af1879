"""The as-of panel refuses what was not known."""

from datetime import date, timedelta

import pandas as pd
import pytest

from data.schema.observation import Observation
from data.store import Store
from models.errors import LookAhead, UnknownSituation
from models.features.table import features_now, features_past
from models.history import history
from models.panel import Panel
from models.past import now, past
from tests.worlds import day, facts, growing, load, panel

EVENTS = [(d, 0.3, 0.2) for d in range(0, 300, 6)]
STATUS = [("p-s0", 60, 120, "closed"), ("p-s1", 90, None, "restricted")]


@pytest.mark.parametrize(
    "ask",
    [
        lambda p, d: p.at(d), lambda p, d: p.stock(d), lambda p, d: p.flow(d), lambda p, d: p.arrivals(d),
        lambda p, d: p.conflict(until=d), lambda p, d: p.hazards(until=d), lambda p, d: p.status_on(d),
        lambda p, d: p.links(d),
    ],
)  # fmt: skip
def test_a_later_day_is_refused_with_both_days(ask):
    known = panel(100, growing(), events=EVENTS, status=STATUS)
    ask(known, day(100))
    with pytest.raises(LookAhead, match=str(day(101))) as caught:
        ask(known, day(101))
    assert (caught.value.asked, caught.value.origin) == (day(101), day(100))


def test_nothing_later_than_the_origin_is_handed_out():
    known = panel(100, growing(), events=EVENTS, status=STATUS, conflict_lag_days=20)
    assert known.stock()["date"].max() == pd.Timestamp(day(98))
    assert known.conflict()["end_date"].max() == pd.Timestamp(day(78)), "an event is known 20 days later"
    periods = known.status_periods()
    assert periods["start_date"].max() <= pd.Timestamp(day(100))
    assert periods["end_date"].isna().all(), "the end of a closure is known when it ends"
    assert known.newest_observation_date == day(98)


def test_an_earlier_view_is_the_panel_of_that_day():
    later, then = (
        panel(250, growing(), events=EVENTS, status=STATUS),
        panel(110, growing(), events=EVENTS, status=STATUS),
    )
    view = later.at(day(110))
    pd.testing.assert_frame_equal(view.stock(), then.stock())
    pd.testing.assert_frame_equal(view.arrivals(), then.arrivals())
    pd.testing.assert_frame_equal(view.conflict(), then.conflict())
    assert view.status_on() == then.status_on() == {
        "w:p-s0": "closed", "w:p-s1": "restricted", "w:p-s2": "open"
    }  # fmt: skip
    with pytest.raises(LookAhead):
        view.at(day(111))


def test_a_late_report_is_not_known_before_it_came():
    frames = facts({"a": [(0, 100), (7, 150), (14, 180)]}, late={("a", 7): 20, ("a", 14): 20})
    assert Panel(frames, "w", day(19)).stock()["people"].tolist() == [100]
    assert Panel(frames, "w", day(20)).stock()["people"].tolist() == [100, 150, 180]


@pytest.mark.parametrize("late", [{}, {("s1", 140): 175, ("s1", 147): 160}])
def test_features_of_past_days_are_those_of_the_panels_of_these_days(late):
    """The fast way over one history must say what an honest view of each day says."""
    known = Panel(facts(growing(), events=EVENTS, status=STATUS, late=late, conflict_lag_days=10), "w", day(250))
    assert known.is_plain == (not late)
    table, then = features_past(known), past(known)
    for k in (2, 9, 17, len(then.days) - 1):
        view = known.at(date(1970, 1, 1) + timedelta(days=then.days[k]))
        rows = [known.counted_ids.index(place) for place in view.counted_ids]
        pd.testing.assert_frame_equal(
            pd.DataFrame(table[k][rows]), pd.DataFrame(features_now(view)), check_exact=False, rtol=1e-9
        )
        assert now(view).level.tolist() == then.lags[k].level[rows].tolist()


def test_reading_from_the_store_shows_each_vintage(store: Store):
    load(store, facts(growing(2, days=100)))
    changed = store.read(Observation, place_id="w:s0", period_end_date=day(49))
    content = changed[[c for c in Observation.content() if c in changed]]
    with store.load("made-up") as target:
        target.add(Observation, content.assign(people=9999, known_at=pd.Timestamp(day(70), tz="UTC")))
    before, after = (Panel.read(store, "w", day(d)) for d in (69, 70))
    assert 9999 not in before.stock()["people"].tolist()
    seen = after.stock()
    assert seen.loc[(seen["place_id"] == "w:s0") & (seen["date"] == pd.Timestamp(day(49))), "people"].item() == 9999
    assert not after.is_plain
    pd.testing.assert_frame_equal(after.at(day(69)).stock(), before.stock())
    assert history(after.at(day(69))).place_ids == history(before).place_ids


def test_a_situation_that_was_not_known_is_said_so(store: Store):
    load(store, facts(growing(1)))
    with pytest.raises(UnknownSituation, match="nowhere"):
        Panel.read(store, "nowhere", day(10))
    with pytest.raises(UnknownSituation):
        Panel.read(store, "w", day(-1))
