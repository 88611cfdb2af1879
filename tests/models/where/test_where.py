"""Shares of destinations without history: totals are conserved, closures divert, the future is not seen."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from data.errors import InputRejected
from data.schema.border_point import BorderPoint
from data.schema.place import Place
from data.schema.route import Route
from models.errors import LookAhead
from models.panel import Panel
from models.routing import INFORMAL_SHARE
from models.where.choice import spread
from models.where.coefficients import RANGES, Coefficients, committed, draw, middle, write
from models.where.course import ard, course, present_shares
from models.where.shares import DestinationShares
from models.where.temporary import with_point
from models.where.terrain import Terrain
from models.where.what_if import divert, what_if
from tests.worlds import day, facts, growing, panel

AT = 120
coefficients = st.integers(0, 10_000).map(lambda seed: draw(np.random.default_rng(seed)))


def asked(known: Panel, **more) -> "pd.Series[float]":
    return DestinationShares.committed().predict(known, **more)


@st.composite
def grounds(some) -> Terrain:
    origins, to = some(st.integers(1, 5)), some(st.integers(1, 6))
    rng = np.random.default_rng(some(st.integers(0, 10_000)))
    distance_km = rng.uniform(1, 2000, (origins, to))
    distance_km[rng.random((origins, to)) < some(st.floats(0, 1))] = np.inf
    return Terrain(
        tuple(f"o{i}" for i in range(origins)),
        tuple(f"d{i}" for i in range(to)),
        rng.random(origins) < 0.7,
        distance_km,
        rng.integers(0, 4, (origins, to)).astype(float),
        (rng.random(to) < 0.8) & np.isfinite(distance_km).any(axis=0),
        rng.integers(0, 3, to),
        rng.uniform(0, 2, to),
        rng.uniform(0, 1, to),
        rng.uniform(0, 1, to),
    )


@given(grounds(), coefficients, st.integers(0, 100))
def test_everybody_goes_somewhere_and_nobody_where_no_road_leads(ground, c, seed):
    conflict = np.random.default_rng(seed).choice([0.0, 1.0, 2.0], (3, len(ground.origin_ids)))
    shares = spread(ground, conflict, c)
    assert (shares >= 0).all()
    assert (shares[:, ~ground.is_open] == 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0 if ground.is_open.any() else 0.0, atol=1e-9)


@given(
    st.integers(0, 1000),
    st.integers(1, 5),
    st.lists(st.floats(0, 40), min_size=5, max_size=5),
    st.floats(0, 1),
)
def test_diverted_people_are_conserved(seed, places, delay, stranded):
    rng = np.random.default_rng(seed)
    arrivals = rng.poisson(30, (4, places, 20)).astype(float)
    before, after = rng.dirichlet(np.ones(places)), rng.dirichlet(np.ones(places) * 0.3)
    parts = divert(arrivals, before, after, np.array(delay[:places]), stranded)
    assert all((part >= 0).all() for part in parts)
    result, on_the_way, nowhere = parts
    np.testing.assert_allclose(result.sum(axis=(1, 2)) + on_the_way + nowhere, arrivals.sum(axis=(1, 2)))


def test_later_is_later_and_no_change_changes_nothing():
    arrivals = np.ones((1, 2, 5))
    result, on_the_way, stranded = divert(arrivals, np.array([0.5, 0.5]), np.array([0.0, 1.0]), np.array([0.0, 2.0]))
    assert result[0].tolist() == [[0.0] * 5, [1.0, 1.0, 2.0, 2.0, 2.0]]
    assert (on_the_way.tolist(), stranded.tolist()) == ([2.0], [0.0])
    same, none, nobody = divert(arrivals, np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.zeros(2))
    assert (same == arrivals).all()
    assert (none.tolist(), nobody.tolist()) == ([0.0], [0.0])


def test_a_place_that_never_reported_has_a_share_and_counts_do_not_matter():
    known = panel(AT, growing(2, days=100), extra_sites=("s7",))
    shares = asked(known)
    assert set(shares.index) == {"w:s0", "w:s1", "w:s7"}
    assert shares.sum() == pytest.approx(1)
    assert shares["w:s7"] > 0.05
    other = panel(AT, {"s0": [(0, 5.0), (90, 90_000.0)], "s1": [(0, 1.0)]}, extra_sites=("s7",))
    pd.testing.assert_series_equal(asked(other), shares)


def test_closing_a_crossing_diverts_and_keeps_the_informal_part():
    known = panel(AT, growing(3, days=100))
    found = what_if(known, {"w:p-s0": "closed"})
    shares = found.destinations.set_index("place_id")
    assert shares[["share_before", "share_after"]].sum().tolist() == pytest.approx([1, 1])
    kept = shares["share_after"]["w:s0"] / shares["share_before"]["w:s0"]
    assert kept == pytest.approx(INFORMAL_SHARE), "no other way leads to s0"
    points = found.points.set_index("place_id")
    assert points["share_after"].sum() == pytest.approx(1)
    assert (points["share_after"] > points["share_before"])[["w:p-s1", "w:p-s2"]].all()
    half = what_if(known, {"w:p-s0": "restricted"}).destinations.set_index("place_id")["share_after"]["w:s0"]
    assert shares["share_after"]["w:s0"] < half < shares["share_before"]["w:s0"]
    every = what_if(known, {f"w:p-s{i}": "closed" for i in range(3)}).destinations
    assert every["share_after"].tolist() == pytest.approx(every["share_before"].tolist()), "informally, everywhere"


def test_a_longer_way_round_delays():
    frames = facts(growing(2, days=100))
    road = frames[Route]
    round_about = road.iloc[[0]].assign(from_id="w:s1", to_id="w:s0", distance_km=350.0, border_point_id=None)
    frames[Route] = pd.concat([road, round_about.assign(version_id=99)], ignore_index=True)
    found = what_if(Panel(frames, "w", day(AT)), {"w:p-s0": "closed"}).destinations.set_index("place_id")
    assert found["delay_days"]["w:s0"] == pytest.approx(350 / 35), "570 km instead of 220, at 35 km a day"
    assert found["delay_days"]["w:s1"] == pytest.approx(0, abs=1e-9)


def test_a_closure_counts_from_the_day_it_is_known_and_the_future_is_refused():
    known = panel(AT, growing(2, days=100), status=[("p-s0", 60, None, "closed")])
    open_then, closed_now = asked(known, on=day(59)), asked(known, on=day(60))
    assert open_then["w:s0"] == pytest.approx(0.5, abs=0.01)
    assert closed_now["w:s0"] < 0.1
    with pytest.raises(LookAhead):
        asked(known, on=day(AT + 1))
    model = DestinationShares(draws=5, kept=2).fit([known])
    with pytest.raises(LookAhead):
        model.predict(known.at(day(AT - 1)))


def test_what_happens_later_changes_nothing():
    events = [(d, 0.0, 0.0) for d in range(0, AT, 9)]
    past = facts(growing(2, days=AT), events=events)
    later = facts(
        growing(2, days=AT + 100),
        events=[*events, *[(d, 1.0, 0.5) for d in range(AT + 1, AT + 90)]],
        status=[("p-s1", AT + 1, None, "closed")],
        extra_sites=(),
    )
    one, two = Panel(past, "w", day(AT)), Panel(later, "w", day(AT + 100)).at(day(AT))
    pd.testing.assert_series_equal(asked(one), asked(two))


def test_conflict_sends_people_to_what_is_near_to_it():
    frames = facts(growing(2, days=100), events=[(AT - 5, 0.0, 5.0)] * 4)
    town = frames[Place].query("id == 'w:town'").assign(id="w:other", latitude=5.0, version_id=99)
    frames[Place] = pd.concat([frames[Place], town], ignore_index=True)
    road = frames[Route].iloc[[1]].assign(from_id="w:other", distance_km=30.0, version_id=99)
    frames[Route] = pd.concat([frames[Route], road], ignore_index=True)
    peaceful = Panel({**frames, **{t: f for t, f in facts(growing(2)).items() if "conflict" in t.__tablename__}}, "w",
                     day(AT))  # fmt: skip
    assert asked(Panel(frames, "w", day(AT)))["w:s1"] > asked(peaceful)["w:s1"]


def test_a_temporary_point_takes_a_share_of_the_sites_behind_it():
    known = panel(AT, growing(3, days=100))
    there = with_point(known, "w:new", "BBB", 1.0, 0.1)
    points = what_if(there, {}).points.set_index("place_id")["share_before"]
    assert points["w:new"] > 0.02
    assert points.sum() == pytest.approx(1)
    assert asked(there).sum() == pytest.approx(1)
    assert "w:new" not in known.point_ids
    with pytest.raises(InputRejected, match="already"):
        with_point(known, "w:p-s0", "BBB", 1.0, 0.1)
    with pytest.raises(InputRejected, match="CCC"):
        with_point(known, "w:new", "CCC", 1.0, 0.1)


def test_points_receive_where_their_country_has_no_site():
    frames = facts(growing(2, days=100))
    far = frames[Place].query("id == 'w:p-s1'").assign(id="w:port", country_iso3="CCC", version_id=98)
    frames[Place] = pd.concat([frames[Place], far], ignore_index=True)
    port = frames[BorderPoint].iloc[[0]].assign(id="w:port", host_iso3="CCC", version_id=98)
    frames[BorderPoint] = pd.concat([frames[BorderPoint], port], ignore_index=True)
    known = Panel(frames, "w", day(AT))
    assert asked(known)["w:port"] == 0, "no road leads there"
    road = frames[Route].iloc[[0]].assign(to_id="w:port", border_point_id=None, version_id=98)
    frames[Route] = pd.concat([frames[Route], road], ignore_index=True)
    shares = asked(Panel(frames, "w", day(AT)))
    assert shares["w:port"] > 0.1
    assert shares.sum() == pytest.approx(1)


def test_without_a_road_there_is_no_answer():
    frames = facts(growing(2, days=100))
    frames[Route] = frames[Route].iloc[:0]
    known = Panel(frames, "w", day(AT))
    assert asked(known).empty
    assert what_if(known, {"w:p-s0": "closed"}).destinations.empty


def test_fitting_finds_the_nearer_site_and_is_an_estimator(tmp_path):
    frames = facts(
        {"s0": [(d, 90.0 * d + 1) for d in range(0, 100, 7)], "s1": [(d, 10.0 * d + 1) for d in range(0, 100, 7)]}
    )
    frames[Route].loc[frames[Route]["to_id"] == "w:s1", "distance_km"] = 900.0
    known = Panel(frames, "w", day(AT))
    model = clone(DestinationShares(draws=60, kept=5)).fit([known])
    shares = model.predict(known)
    assert shares["w:s0"] == pytest.approx(0.9, abs=0.08)
    lesson = course(known)
    said = present_shares(lesson.flow(model.learnt_.coefficients), np.nansum(lesson.people, axis=1))
    assert ard(said, lesson.people) < ard(np.full_like(said, 0.5), lesson.people)
    write(model.learnt_, {"origin": "made up"}, tmp_path / "c.json")
    again = committed(tmp_path / "c.json")
    assert again.coefficients.distance_power == pytest.approx(model.learnt_.coefficients.distance_power, abs=1e-3)


def test_the_committed_coefficients_lie_in_their_ranges_and_say_where_from():
    learnt = committed()
    for name, (low, high) in RANGES.items():
        assert low <= getattr(learnt.coefficients, name) <= high
        assert low <= getattr(middle(), name) <= high
    assert list(learnt.log_errors) == sorted(learnt.log_errors)
    assert learnt.log_errors[0] < -1 < 1 < learnt.log_errors[-1], "honest: wide"
    assert isinstance(learnt.coefficients, Coefficients)


def test_present_shares_follow_the_flow_of_the_day():
    flow = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert present_shares(flow, np.array([0.0, 10.0, 5.0]))[1:].tolist() == [[0, 1], [0, 1]]
    assert course(panel(AT, growing(2, days=100))).people.shape[1] == 2
