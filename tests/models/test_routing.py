"""A closed border diverts; it does not erase."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.registry import forecaster
from models.routing import INFORMAL_SHARE, RESTRICTED_SHARE, Routing, route, shares
from models.rows import forecast_rows
from tests.worlds import growing, panel

STATUS = st.sampled_from(["open", "restricted", "closed"])
LINKS = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 5000), STATUS), min_size=1, max_size=20)


@given(LINKS)
def test_whatever_is_closed_the_total_is_conserved(links):
    site = np.unique([s for s, _, _ in links], return_inverse=True)[1]
    found = shares(site, np.array([km for _, km, _ in links]), [status for _, _, status in links])
    assert (found >= 0).all()
    np.testing.assert_allclose(np.bincount(site, weights=found), 1.0)


@given(LINKS, st.data())
def test_closing_a_point_never_erases_it_and_never_takes_from_an_open_one(links, data):
    site = np.unique([s for s, _, _ in links], return_inverse=True)[1]
    km, status = np.array([d for _, d, _ in links]), [s for _, _, s in links]
    closed = data.draw(st.integers(0, len(links) - 1))
    before = shares(site, km, status)
    after = shares(site, km, [*status[:closed], "closed", *status[closed + 1 :]])
    assert after[closed] > 0
    others = [i for i in range(len(links)) if i != closed and site[i] == site[closed] and status[i] == "open"]
    assert all(after[i] >= before[i] - 1e-12 for i in others)
    elsewhere = site != site[closed]
    np.testing.assert_allclose(after[elsewhere], before[elsewhere])


def test_a_closed_point_keeps_its_informal_share_and_the_rest_goes_to_the_open_one():
    found = shares(np.array([0, 0]), np.array([10.0, 30.0]), ["closed", "open"])
    base = np.array([20.0**-2, 40.0**-2]) / (20.0**-2 + 40.0**-2)
    assert found[0] == pytest.approx(INFORMAL_SHARE * base[0])


def test_if_all_are_closed_people_still_come_where_they_would():
    links = np.array([0, 0]), np.array([10.0, 30.0])
    np.testing.assert_allclose(shares(*links, ["closed", "closed"]), shares(*links, ["open", "open"]))


def test_what_if_a_crossing_closes():
    known = panel(100, growing(1), status=[("p-s0", 10, 50, "closed")])
    assert route(known).links["share"].tolist() == [1.0]
    assert route(known, status_override={"w:p-s0": "closed"}).links["share"].tolist() == [1.0]
    with pytest.raises(KeyError):
        route(known, status_override={"w:p-s0": "shut"})


def test_arrivals_over_points_add_up_and_a_counted_point_keeps_its_own():
    links = pd.DataFrame(
        [("a", "p", 0.25), ("a", "q", 0.75), ("b", "q", 1.0)], columns=["site_id", "border_point_id", "share"]
    )
    arrivals = np.ones((2, 3, 4), dtype=np.float32) * np.array([8, 4, np.nan], dtype=np.float32)[None, :, None]
    ids, found = Routing(("p", "q", "r"), links).over_points(("a", "b", "c"), arrivals)
    assert ids == ("p", "q", "r")
    assert found[0, :, 0].tolist()[:2] == [2.0, 10.0]
    assert np.isnan(found[:, 2]).all(), "a point that feeds nobody has no forecast"
    assert found[:, :2].sum() == arrivals[:, :2].sum()
    own = np.full((2, 1, 4), 5, dtype=np.float32)
    _, counted = Routing(("p", "q", "r"), links).over_points(("a", "b", "p"), np.concatenate([arrivals[:, :2], own], 1))
    assert counted[0, :, 0].tolist()[:2] == [5.0, 10.0]


def counted(*, until: int = 100, since: int = 95, status: str = "closed", others: tuple[str, ...] = ("p-b", "p-c")):
    """Three crossings that count ten people a day; p-a gets a status, and counts until a day."""
    daily = {p: [(d, d, 10) for d in range(100)] for p in others} | {"p-a": [(d, d, 10) for d in range(until)]}
    return panel(100, flow=daily, status=[("p-a", since, None, status)])


@pytest.mark.parametrize(("status", "kept"), [("closed", INFORMAL_SHARE), ("restricted", RESTRICTED_SHARE)])
def test_what_a_point_counted_before_it_closed_is_diverted_and_nobody_is_lost(status, kept):
    known = counted(until=95, status=status)
    paths = forecaster("last_value").fit(known).predict(known, 30, 50)
    points, at_points = paths.at_points()
    np.testing.assert_allclose(at_points.sum(axis=1), paths.arrivals.sum(axis=1), rtol=1e-4)
    here, alone = points.index("w:p-a"), paths.place_ids.index("w:p-a")
    np.testing.assert_allclose(at_points[:, here], paths.arrivals[:, alone] * kept, rtol=1e-4)
    frame = paths.frame().set_index(["place_id", "measure", "aggregation", "horizon_days"])["q50"]
    assert frame["w:p-a", "arrivals", "cumulative", 30] < 300 * kept * 1.5
    assert frame["w:p-b", "arrivals", "cumulative", 30] > 310
    shares_of = route(known).moved.set_index("to_id")["share"]
    assert shares_of["w:p-b"] > shares_of["w:p-c"], "the near one first"


def test_counts_made_since_it_closed_are_taken_as_they_are():
    assert route(counted()).moved.empty
    assert route(counted(until=95, since=101)).moved.empty, "not closed yet"


def test_people_stay_where_no_other_crossing_counts():
    assert route(counted(until=95, others=())).moved.empty


def test_diverted_forecasts_are_stored_once_a_place_and_said():
    known = counted(until=95)
    model = forecaster("last_value").fit(known)
    rows = forecast_rows(model, known, 30, 50, 1)
    assert not rows.duplicated(["place_id", "measure", "aggregation", "horizon_days"]).any()
    said = model.drivers(known).groupby("place_id")["sentence"].agg(" ".join)
    assert "85% of the forecast is diverted to others" in said["w:p-a"]
    assert "of its forecast is diverted here" in said["w:p-b"]
