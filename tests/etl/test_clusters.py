"""Objects of the map that are one crossing."""

from hypothesis import given
from hypothesis import strategies as st

from etl.clusters import clusters
from etl.crossing import distance_km

SPOTS = st.tuples(st.floats(9.5, 9.56), st.floats(47.2, 47.24))


def test_close_ones_and_namesakes_nearby_are_joined_and_chains_too():
    places = [(9.500, 47.2), (9.503, 47.2), (9.506, 47.2), (9.52, 47.2), (9.60, 47.2)]
    assert clusters(places, ["", "", "gate", "gate", "gate"]).tolist() == [0, 0, 0, 0, 1]
    assert clusters(places, ["", "", "", "", ""]).tolist() == [0, 0, 0, 1, 2]
    assert clusters([], []).tolist() == []


@given(st.lists(st.tuples(SPOTS, st.sampled_from(["", "a", "b"])), min_size=1, max_size=12))
def test_what_is_within_300_m_is_never_apart_and_the_order_does_not_matter(objects):
    places, names = [spot for spot, _ in objects], [name for _, name in objects]
    found = clusters(places, names)
    for i, a in enumerate(places):
        for j, b in enumerate(places):
            if distance_km(a, b) < 0.299:
                assert found[i] == found[j]
    turned = clusters(places[::-1], names[::-1])[::-1]
    assert [[x == y for y in found] for x in found] == [[x == y for y in turned] for x in turned]
