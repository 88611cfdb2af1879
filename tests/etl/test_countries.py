"""Countries by their codes and names, and which ones are asked for."""

import pytest

from data.errors import ConfigurationMissing
from etl.countries import iso3_of_code, iso3_of_name, wanted
from etl.outlines import outlines


def test_every_outline_is_of_a_known_country():
    assert {iso3 for iso3 in outlines() if iso3_of_code(iso3) is None} <= {"XKX"}


@pytest.mark.parametrize("code", ["", "X", "ZZ", "XXX", "CAFE", "1"])
def test_what_is_no_code_is_no_country(code):
    assert iso3_of_code(code) is None


def test_f25_na_is_namibia():
    assert iso3_of_code("NA") == "NAM"
    assert iso3_of_name("Namibia") == "NAM"
    assert iso3_of_name("") is None


def test_countries_are_asked_for_by_a_setting(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", " caf,TCD ,")
    assert wanted() == ["CAF", "TCD"]
    for unusable in ("", ",", "CAF,Chad"):
        monkeypatch.setenv("WAYPOST_COUNTRIES", unusable)
        with pytest.raises(ConfigurationMissing, match="WAYPOST_COUNTRIES"):
            wanted()
