import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from etl.border_points import LONGEST_LOCATABLE_KM, derive

HOME = box(0, 0, 2, 2)
OUTLINES = {"AAA": HOME, "BBB": box(2, 0, 4, 2), "CCC": box(0, 2, 4, 4)}


def places(*rows) -> pd.DataFrame:
    """Rows of (id, kind, country, longitude, latitude), named by their id."""
    frame = pd.DataFrame(rows, columns=["id", "kind", "country_iso3", "longitude", "latitude"])
    return frame.assign(name=frame["id"].str.title())


def routes(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["from_id", "to_id", "distance_km"])


TWO = places(("anu", "town", "AAA", 1.0, 1.0), ("bor", "site", "BBB", 3.0, 1.0))


def test_two_places_make_one_border_point_and_one_link():
    found = derive(TWO, routes(("bor", "anu", 250.0)), OUTLINES, "AAA")
    place, details = found.places.iloc[0], found.border_points.iloc[0]
    assert (place["id"], place["name"], place["longitude"], place["latitude"]) == ("anu-bor", "Anu–Bor", 2.0, 1.0)
    assert (place["kind"], place["coordinate_quality"], place["country_iso3"]) == (
        "border_point", "derived_approximate", "BBB",
    )  # fmt: skip
    assert (details["kind"], details["origin_iso3"], details["host_iso3"]) == ("unknown", "AAA", "BBB")
    assert "may lie up to 57 km off that line" in place["note"]
    assert found.routes["border_point_id"].tolist() == ["anu-bor"]
    assert found.links.iloc[0].tolist() == ["anu-bor", "bor", pytest.approx(125.0)]
    assert found.remarks == {}


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(0.01, 1.99), st.floats(0.01, 1.99), st.floats(2.01, 3.99), st.floats(0.01, 1.99)),
        min_size=1, max_size=6, unique=True,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_every_point_lies_on_the_outline_and_the_order_of_rows_does_not_matter(roads, chance):
    rows, edges = [], []
    for number, (lon, lat, host_lon, host_lat) in enumerate(roads):
        rows += [(f"a{number}", "town", "AAA", lon, lat), (f"b{number}", "site", "BBB", host_lon, host_lat)]
        edges.append((f"a{number}", f"b{number}", 399.0))
    found = derive(places(*rows), routes(*edges), OUTLINES, "AAA")
    assert len(found.places) == len(roads)
    for point in found.places.itertuples():
        assert HOME.boundary.distance(Point(point.longitude, point.latitude)) < 1e-5
    chance.shuffle(rows)
    chance.shuffle(edges)
    again = derive(places(*rows), routes(*edges), OUTLINES, "AAA")
    pd.testing.assert_frame_equal(found.places, again.places)
    pd.testing.assert_frame_equal(found.links, again.links)


def test_roads_from_one_place_into_one_country_are_one_point_on_the_shortest():
    world = pd.concat([TWO, places(("far", "site", "BBB", 3.5, 0.2), ("cim", "site", "CCC", 1.0, 3.0))])
    roads = routes(("anu", "far", 380.0), ("anu", "bor", 250.0), ("anu", "cim", 240.0))
    found = derive(world, roads, OUTLINES, "AAA")
    assert found.places["id"].tolist() == ["anu-bor", "anu-cim"]
    assert found.routes["border_point_id"].tolist() == ["anu-bor", "anu-bor", "anu-cim"]
    assert "Stands also for the way Anu–Far (380 km)" in found.places["note"].iloc[0]


def test_a_long_road_crosses_where_a_located_one_does_or_nowhere():
    world = pd.concat([TWO, places(("far", "site", "BBB", 3.5, 0.2))])
    long = LONGEST_LOCATABLE_KM + 1
    shared = derive(world, routes(("anu", "far", long), ("anu", "bor", 250.0)), OUTLINES, "AAA")
    assert shared.routes["border_point_id"].tolist() == ["anu-bor", "anu-bor"]
    alone = derive(world, routes(("anu", "far", long)), OUTLINES, "AAA")
    assert alone.places.empty
    assert alone.routes["border_point_id"].isna().all()
    assert (
        alone.remarks["far"]
        == "No border point: the road Anu–Far (401 km) is longer than the 400 km that can be located."
    )
    assert alone.remarks["bor"] == "No route leads to this site from a border point."


@pytest.mark.parametrize("missing", ["longitude", "latitude"])
def test_without_coordinates_there_is_no_point_and_the_site_says_so(missing):
    world = TWO.assign(**{missing: [1.0, None]})
    found = derive(world, routes(("anu", "bor", 250.0)), OUTLINES, "AAA")
    assert found.places.empty
    assert found.border_points.empty
    assert found.remarks == {"bor": "No border point: an end of the road Anu–Bor (250 km) has no coordinates."}


def test_a_place_without_coordinates_shares_the_point_of_its_neighbour():
    world = pd.concat([TWO, places(("lost", "site", "BBB", None, None))], ignore_index=True)
    found = derive(world, routes(("anu", "lost", 100.0), ("anu", "bor", 250.0)), OUTLINES, "AAA")
    assert found.places["id"].tolist() == ["anu-bor"]
    assert set(found.links["site_id"]) == {"bor", "lost"}


def test_borders_between_hosts_and_roads_at_home_make_no_point():
    world = pd.concat([TWO, places(("cim", "site", "CCC", 3.0, 3.0), ("aka", "town", "AAA", 0.5, 0.5))])
    found = derive(world, routes(("bor", "cim", 200.0), ("anu", "aka", 90.0)), OUTLINES, "AAA")
    assert found.places.empty
    assert found.routes["border_point_id"].isna().all()


def test_a_road_through_a_third_country_joins_the_country_it_enters():
    world = places(("anu", "town", "AAA", 1.9, 1.0), ("cim", "site", "CCC", 3.9, 2.4))
    found = derive(world, routes(("anu", "cim", 300.0)), OUTLINES, "AAA")
    assert found.border_points["host_iso3"].tolist() == ["BBB"]
    assert found.places["country_iso3"].tolist() == ["BBB"]
    assert "It leads into BBB, on the way to CCC." in found.places["note"].iloc[0]
    assert found.links["site_id"].tolist() == ["cim"]


def test_a_country_without_an_outline_has_no_points():
    found = derive(TWO, routes(("anu", "bor", 250.0)), {}, "AAA")
    assert found.places.empty
    assert "does not come near the outline of AAA" in found.remarks["bor"]


def test_ids_stay_unique_and_bare_road_numbers_become_words():
    world = places(
        ("rn8", "hub", "AAA", 1.0, 1.0), ("bor", "site", "BBB", 3.0, 1.0), ("rn8-bor", "town", "AAA", 0.2, 0.2),
    )  # fmt: skip
    found = derive(world.assign(name=["RN8", "Bor", "x"]), routes(("rn8", "bor", 250.0)), OUTLINES, "AAA")
    assert found.places[["id", "name"]].to_numpy().tolist() == [["rn8-bor-2", "road 8–Bor"]]


def test_an_impossible_length_is_told():
    found = derive(TWO, routes(("anu", "bor", 100.0)), OUTLINES, "AAA")
    assert "given as 100 km, shorter than the line (222 km): one is wrong" in found.places["note"].iloc[0]
