import pandas as pd
import pytest

from etl import links

NONE = None


def places(**kinds: tuple[str, str, float]) -> pd.DataFrame:
    """Places on the equator: name=(kind, country, longitude)."""
    rows = [(name, kind, iso3, longitude, 0.0) for name, (kind, iso3, longitude) in kinds.items()]
    return pd.DataFrame(rows, columns=["id", "kind", "country_iso3", "longitude", "latitude"])


def routes(*rows: tuple[str, str, float, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["from_id", "to_id", "distance_km", "border_point_id"])


def points(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"id": list(ids), "origin_iso3": "AAA"})


def found(*args: pd.DataFrame) -> dict[tuple[str, str], float]:
    frame = links.derive(*args)
    return {(row.border_point_id, row.site_id): row.distance_km for row in frame.itertuples()}


WORLD = places(
    town=("town", "AAA", 0.0), post=("border_point", "BBB", 1.0), hub=("hub", "BBB", 4.0), camp=("site", "BBB", 5.0)
)


def test_a_road_is_split_in_proportion_to_the_straight_distances():
    roads = routes(("town", "hub", 80.0, "post"), ("camp", "hub", 10.0, None))
    assert found(WORLD, points("post"), roads) == {("post", "camp"): pytest.approx(70.0)}


def test_a_border_point_may_be_a_node():
    roads = routes(("town", "post", 20.0, None), ("post", "hub", 60.0, None), ("hub", "camp", 10.0, None))
    assert found(WORLD, points("post"), roads) == {("post", "camp"): pytest.approx(70.0)}


def test_no_way_leads_back_through_the_origin():
    roads = routes(("town", "hub", 80.0, "post"), ("town", "camp", 5.0, None))
    assert found(WORLD, points("post"), roads) == {}


def test_without_coordinates_a_road_is_split_in_the_middle():
    world = WORLD.assign(longitude=WORLD["longitude"].where(WORLD["id"] != "post"))
    roads = routes(("hub", "town", 80.0, "post"), ("hub", "camp", 10.0, None))
    assert found(world, points("post"), roads) == {("post", "camp"): pytest.approx(50.0)}


def test_a_far_border_point_is_not_linked_to_a_site_with_a_near_one():
    world = places(
        town=("town", "AAA", 0.0), east=("border_point", "BBB", 1.0), west=("border_point", "BBB", 2.0),
        camp=("site", "BBB", 5.0),
    )  # fmt: skip
    near, limit = 20.0, links.FARTHEST_RATIO * 20.0 + links.FARTHEST_EXTRA_KM
    just = routes(("east", "camp", near, None), ("west", "camp", limit, None))
    over = routes(("east", "camp", near, None), ("west", "camp", limit + 1, None))
    assert set(found(world, points("east", "west"), just)) == {("east", "camp"), ("west", "camp")}
    assert set(found(world, points("east", "west"), over)) == {("east", "camp")}


def test_the_shortest_of_parallel_roads_counts():
    roads = routes(("post", "camp", 90.0, None), ("camp", "post", 30.0, None))
    assert found(WORLD, points("post"), roads) == {("post", "camp"): 30.0}


def test_nothing_gives_an_empty_table():
    empty = links.derive(WORLD, points(), routes())
    assert empty.empty
    assert list(empty.columns) == ["border_point_id", "site_id", "distance_km"]
