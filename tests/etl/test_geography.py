"""Is a point in its country? Fault numbers are those of the fault list."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.geography import at_centroid, looks_swapped, outside_country, with_odd_positions
from etl.outlines import outlines


def frame(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["country_iso3", "longitude", "latitude"])


def test_f30_inside_outside_and_on_the_border():
    points = frame(("CAF", 18.55, 4.36), ("CAF", 15.107, 4.139), ("CAF", 4.36, 18.55), ("TCD", 18.55, 4.36))
    assert outside_country(points, 25).tolist() == [False, False, True, True]


def test_f40_a_point_on_the_edge_of_two_countries_is_in_the_one_that_its_source_names():
    on_22_north = [("EGY", 30.0, 22.0), ("SDN", 30.0, 22.0)]
    assert not outside_country(frame(*on_22_north, *reversed(on_22_north)), 25).any()


def test_the_index_is_kept_whatever_it_is():
    points = frame(("CAF", 18.55, 4.36), ("TCD", 18.55, 4.36)).set_axis([9, 4], axis=0)
    assert outside_country(points, 25).to_dict() == {9: False, 4: True}


@pytest.mark.parametrize("tolerance_km", [25, 100])
def test_the_tolerance_counts_in_kilometres(tolerance_km):
    degrees = (
        tolerance_km / 111.195
    )  # south of the border of Egypt and the Sudan, which is straight along 22 degrees north
    points = frame(("EGY", 30.0, 22.0 - 0.9 * degrees), ("EGY", 30.0, 22.0 - 1.1 * degrees))
    assert outside_country(points, tolerance_km).tolist() == [False, True]


def test_a_degree_of_longitude_shrinks_towards_the_poles():
    away_km = 0.8 * 111.195 * math.cos(math.radians(65.0))  # east of Alaska's border, which is straight along 141 west
    point = frame(("USA", -140.2, 65.0))
    assert outside_country(point, 0.9 * away_km).tolist() == [True]
    assert outside_country(point, 1.1 * away_km).tolist() == [False]


def test_what_cannot_be_judged_is_not_outside():
    rows = frame(("XYZ", 0.0, 0.0), ("CAF", None, None), ("CAF", 1.0, None), (None, 1.0, 1.0), ("ANT", 50.0, 50.0))
    assert not outside_country(rows, 25).any()


def test_f31_a_position_that_is_flagged_is_not_judged_again():
    rows = frame(("CAF", 0.0, 0.0), ("CAF", 0.0, 0.0)).assign(location_flag=["null_island", None])
    assert outside_country(rows, 25).tolist() == [False, True]


@pytest.mark.parametrize("iso3", ["CAF", "SSD", "UKR", "BRA", "PSE"])
@pytest.mark.parametrize(("north_km", "east_km", "is_central"), [(0, 0, True), (0.6, -0.6, True), (0, 1.5, False)])
def test_f31_the_centre_of_a_country_says_no_more_than_the_country(iso3, north_km, east_km, is_central):
    centre = outlines()[iso3].centroid
    x, y = centre.x + east_km / 111.195 / math.cos(math.radians(centre.y)), centre.y + north_km / 111.195
    assert at_centroid(frame((iso3, x, y), ("TCD", x, y), ("XYZ", x, y))).tolist() == [is_central, False, False]
    told = frame((iso3, x, y), (iso3, 0.0, 0.0), (iso3, x, y)).assign(
        location_precision=["exact", "exact", "unknown"],
        location_flag=pd.Series([None, None, "sea_or_air"], dtype="str"),
    )
    found = with_odd_positions(told)
    assert found["location_flag"].fillna("").tolist() == [
        "country_centroid" if is_central else "",
        "null_island",
        "sea_or_air",
    ]
    assert found["location_precision"].tolist() == ["country" if is_central else "exact", "unknown", "unknown"]


def test_f31_a_small_country_has_no_centre_and_a_missing_position_is_nowhere():
    centre = outlines()["SGP"].centroid
    assert not at_centroid(frame(("SGP", centre.x, centre.y), ("CAF", None, None), (None, 0.0, 0.0))).any()


def test_f32_f33_numbers_that_are_no_coordinates_are_outside():
    rows = frame(("CAF", 181.0, 4.0), ("CAF", 18.0, 91.0), ("CAF", 2_050_000.0, 480_000.0), ("CAF", math.inf, 4.0))
    assert outside_country(rows, 25).all()
    assert not outside_country(frame(("CAF", math.nan, 4.0)), 25).any()


def test_f30_swapped_axes_are_recognised():
    swapped = frame(("CAF", 4.36, 18.55), ("CAF", 6.5, 17.45), ("TCD", 12.1, 15.0), ("PHL", 14.6, 121.0))
    assert looks_swapped(swapped)
    assert not looks_swapped(frame(("CAF", 100.0, 50.0)))
    assert not looks_swapped(frame(("XYZ", 4.36, 18.55)))
    assert not looks_swapped(frame())


def test_f35_islands_and_the_antimeridian():
    near = frame(("FJI", 178.44, -18.12), ("FJI", -179.9, -16.8), ("FJI", 179.99, -16.9), ("RUS", -173.0, 65.0))
    assert not outside_country(near, 25).any()
    assert outside_country(frame(("FJI", 0.0, -17.0)), 25).all()


@settings(deadline=None)
@given(st.sampled_from(sorted(outlines())))
def test_every_country_holds_a_point_of_its_own_and_the_other_side_of_the_earth_is_outside(iso3):
    point = outlines()[iso3].representative_point()
    other = (point.x + 360) % 360 - 180
    rows = frame((iso3, point.x, point.y), (iso3, other, -point.y))
    assert outside_country(rows, 25).tolist()[0] is False
    if outlines()[iso3].area < 100:
        assert outside_country(rows, 25).tolist()[1] is True


def test_order_and_company_change_nothing():
    random = np.random.default_rng(7)
    rows = pd.DataFrame(
        {
            "country_iso3": random.choice(["CAF", "TCD", "FJI", "XYZ"], 400),
            "longitude": random.uniform(-180, 180, 400),
            "latitude": random.uniform(-90, 90, 400),
        }
    )
    rows.loc[:200, ["longitude", "latitude"]] = random.uniform([14, 2], [25, 12], (201, 2))
    whole = outside_country(rows, 25)
    mixed = rows.sample(frac=1, random_state=1)
    assert outside_country(mixed, 25)[rows.index].tolist() == whole.tolist()
    alone = pd.concat([outside_country(rows.iloc[[n]], 25) for n in range(0, 400, 7)])
    assert alone.tolist() == whole.iloc[::7].tolist()
