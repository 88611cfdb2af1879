from shapely import Point

from etl.outlines import outlines


def test_every_country_has_a_valid_outline_by_its_code():
    found = outlines()
    assert len(found) > 200
    assert all(len(iso3) == 3 and outline.is_valid for iso3, outline in found.items())
    assert found["CAF"].contains(Point(18.555, 4.361))
    assert found["NAM"].contains(Point(17.08, -22.56))
