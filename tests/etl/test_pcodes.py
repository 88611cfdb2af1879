"""P-codes for names: exact is exact, alike is only suggested, and a person has the last word."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from etl.pcodes import KEY, likeness, match, name_key

AREAS = pd.DataFrame(
    [
        ("SD02", "North Darfur", "ar: شمال دارفور"), ("SD03", "South Darfur", ""), ("SD17", "Northern", ""),
        ("0012", "Łódź Hill", ""), ("1E5", "Twin", ""), ("SD91", "Twin", ""), ("SD92", "", ""),
    ],
    columns=["pcode", "name", "other_names"],
).assign(country_iso3="SDN", admin_level=1)  # fmt: skip


def asked(*names: str, level: int = 1, iso3: str = "SDN") -> pd.DataFrame:
    return pd.DataFrame({"source_id": "dtm", "country_iso3": iso3, "admin_level": level, "name": list(names)})


def found(name: str, **where: object) -> tuple[str | None, bool]:
    (row,) = match(asked(name, **where), AREAS).to_dict("records")
    return (None if pd.isna(row["suggested_pcode"]) else row["suggested_pcode"]), row["is_exact"]


def test_a_name_is_exact_whatever_its_case_accents_signs_or_language():
    for name in ("North Darfur", "NORTH-DARFUR ", "north  dárfur", "شمال دارفور", "SD02", "sd02"):
        assert found(name) == ("SD02", True)


def test_f26_codes_stay_the_text_they_are():
    assert found("0012") == ("0012", True)
    assert found("1e5") == ("1E5", True)


def test_a_likeness_is_only_suggested():
    code, is_exact = found("N. Darfor")
    assert code is not None
    assert not is_exact


def test_two_areas_of_one_name_are_never_exact():
    assert found("twin") == ("1E5", False)


def test_nothing_comes_near_in_another_country_or_level_or_for_a_code_that_is_not_known():
    assert found("North Darfur", iso3="TCD") == (None, False)
    assert found("North Darfur", level=2) == (None, False)
    assert found("SD99") == (None, False)
    assert found("") == (None, False)


@given(st.text(max_size=20))
def test_exact_means_the_same_key_or_the_code_itself(name):
    code, is_exact = found(name)
    if is_exact:
        area = AREAS[AREAS["pcode"] == code].iloc[0]
        keys = {name_key(area["name"]), name_key("شمال دارفور"), code.casefold()}
        assert name_key(name) in keys or name.strip().casefold() in keys


def test_matching_keeps_the_rows_and_their_order():
    names = asked("Nowhere at all", "Northern", "South Darfur").set_index(pd.Index([7, 3, 5]))
    out = match(names, AREAS)
    assert out.index.tolist() == [7, 3, 5]
    assert out[KEY].equals(names[KEY])
    assert out["suggested_pcode"].tolist()[1:] == ["SD17", "SD03"]


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_likeness_is_a_share_and_one_name_is_like_itself(name, other):
    assert 0 <= likeness(name, [other]) <= likeness(name, [other, name.upper()]) <= 1
    assert likeness("Darfūr", ["x", "DARFUR"]) == 1
