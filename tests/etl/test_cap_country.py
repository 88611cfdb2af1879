"""Which country an alert is about, and axes that only it can tell."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from etl.cap_country import check_axes, country_of
from etl.outlines import outlines


@pytest.mark.parametrize(
    ("sender", "identifier", "geocodes", "iso3"),
    [
        ("a@met.example", "2.49.0.1.404.0.2026", "", "KEN"),
        ("urn:oid:2.49.0.0.148.0", "7", "", "TCD"),
        ("a@met.example.ke", "7", "", "KEN"),
        ("https://www.met.example.uk/cap/1", "7", "", "GBR"),
        ("a@met.example.ke", "7", "ISO3166-1=UG", "UGA"),
        ("a@met.example.ke", "7", "ISO 3166-2=UG-C", "UGA"),
        ("a@met.example.ke", "7", "ISO3166-1=UG; ISO3166-1=KE", None),
        ("a@met.example.ke", "7", "EMMA_ID=DE013", "KEN"),
        ("hub", "12.49.0.1.404.0", "", None),
        ("a@met.example.org", "2.49.0.1.999.0", "", None),
    ],
)
def test_the_country_is_named_by_codes_authority_or_domain(sender, identifier, geocodes, iso3):
    assert country_of(sender, identifier, geocodes) == iso3


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_any_text_names_a_country_or_none(sender, identifier, geocodes):
    found = country_of(sender, identifier, geocodes)
    assert found is None or len(found) == 3


def box(longitude: float, latitude: float) -> str:
    return shapely.box(longitude - 0.2, latitude - 0.2, longitude + 0.2, latitude + 0.2).wkt


@pytest.mark.parametrize(("iso3", "longitude", "latitude"), [("TCD", 21.5, 10.0), ("KEN", 37.0, 1.0), ("UKR", 24, 49)])
def test_f20_a_shape_whose_axes_are_swapped_is_told_from_its_country(iso3, longitude, latitude):
    check_axes(box(longitude, latitude), iso3)
    with pytest.raises(ValueError, match="axes are swapped"):
        check_axes(box(latitude, longitude), iso3)


@pytest.mark.parametrize(
    ("iso3", "longitude", "latitude"),
    [("KEN", 42.5, -3.5), ("FJI", -178.0, -18.0), ("DEU", 105.0, -6.0), ("NGA", 8.0, 10.0), ("NGA", 10.0, 8.0)],
)
def test_f20_a_shape_at_sea_or_in_a_third_country_or_either_way_round_stays(iso3, longitude, latitude):
    check_axes(box(longitude, latitude), iso3)


def test_a_country_without_an_outline_is_not_checked():
    assert "VAT" not in outlines()
    check_axes(box(41.9, 12.45), "VAT")
