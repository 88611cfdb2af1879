"""Distances go over the roads, not as the crow flies."""

import numpy as np
import pandas as pd
import pytest

from models.network import Network

PLACES = pd.DataFrame({
    "id": ["a", "b", "c", "gate", "nowhere"],
    "longitude": [0.0, 1.0, 2.0, 0.25, np.nan],
    "latitude": [0.0, 0.0, 0.0, 0.0, np.nan],
})  # fmt: skip
ROADS = pd.DataFrame(
    [("a", "b", 200.0, "gate"), ("b", "c", 300.0, None), ("c", "b", 250.0, None)],
    columns=["from_id", "to_id", "distance_km", "border_point_id"],
)


@pytest.fixture
def network() -> Network:
    return Network(PLACES, ROADS)


def test_the_shorter_of_two_roads_counts_both_ways(network):
    there, back = network.distances_km(["a", "c"])[:, network.positions(["c", "a"])].diagonal()
    assert there == back == pytest.approx(450.0)


def test_a_road_is_split_at_its_border_point_in_proportion(network):
    found = network.distances_km(["gate"])[0][network.positions(["a", "b"])]
    assert found.tolist() == pytest.approx([50.0, 150.0], rel=1e-3)


def test_what_no_road_reaches_is_infinitely_far(network):
    assert np.isinf(network.distances_km(["a"])[0][network.positions(["nowhere"])]).all()


def test_both_sides_find_the_same_distances(network):
    one = network.between_km(["a", "b", "c"], ["gate"])
    np.testing.assert_allclose(one, network.between_km(["gate"], ["a", "b", "c"]).T)


@pytest.mark.parametrize("seed", range(5))
def test_f40_a_position_midway_between_places_is_attached_to_one_whatever_their_order(seed):
    around = [(-1.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, -1.0)]
    places = pd.DataFrame(around, columns=["longitude", "latitude"]).assign(id=["west", "east", "north", "south"])
    roads = pd.DataFrame([("west", "east", 250.0, None), ("north", "south", 250.0, None)], columns=ROADS.columns)
    found = set()
    for shuffled in (places, places.sample(frac=1, random_state=seed)):
        network = Network(shuffled, roads.sample(frac=1, random_state=seed))
        node, away_km = network.attach(np.zeros(3), np.zeros(3))
        assert away_km == pytest.approx(111.195, rel=1e-4)
        found |= {network.node_ids[i] for i in node}
    assert len(found) == 1


def test_a_position_is_attached_to_the_nearest_place_on_a_road(network):
    node, away_km = network.attach(np.array([1.9, np.nan]), np.array([0.0, 0.0]))
    assert network.node_ids[node[0]] == "c"
    assert away_km[0] == pytest.approx(11.12, abs=0.01)
    assert (node[1], away_km[1]) == (-1, np.inf)


def test_without_roads_nothing_is_attached():
    node, away_km = Network(PLACES, ROADS.iloc[:0]).attach(np.array([1.0]), np.array([0.0]))
    assert (node[0], away_km[0]) == (-1, np.inf)


def test_places_that_no_road_joins_are_apart_by_the_straight_way():
    places = pd.DataFrame({"id": ["a", "b", "c"], "longitude": [0.0, 0.0, 0.0], "latitude": [0.0, 1.0, 2.0]})
    routes = pd.DataFrame([("a", "b", 150.0, None)], columns=["from_id", "to_id", "distance_km", "border_point_id"])
    assert Network(places, routes).apart_km("a", ["b", "c"]).round().tolist() == [150.0, 222.0]
