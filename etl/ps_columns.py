"""The columns of COD-PS population files under the names that countries give them."""

import re
from collections.abc import Iterable

_CODE = re.compile(r"adm(?:in)?_?([0-4])_?p?cod(?:e)?", re.IGNORECASE)
_NAME = re.compile(r"adm(?:in)?_?([0-4])_?(?:name_?([a-z]{2})?|([a-z]{2}))", re.IGNORECASE)
_YEARS = frozenset(("year", "reference_year", "ref_year"))
_YEAR_IN_NAME = re.compile(r"(?<![0-9])(?:19[5-9]|20[0-9])[0-9](?![0-9])")


def one_name(column: str) -> str:
    """Return a column under the name of the files of today, as it is when it is neither code, name nor year.

    >>> one_name("Admin1_Code"), one_name("admin2Name_en"), one_name("adm1_pt"), one_name("ADM3_NAME"), one_name("T_TL")
    ('ADM1_PCODE', 'ADM2_EN', 'ADM1_PT', 'ADM3_NAME', 'T_TL')
    """
    if found := _CODE.fullmatch(column):
        return f"ADM{found[1]}_PCODE"
    if found := _NAME.fullmatch(column):
        return f"ADM{found[1]}_{(found[2] or found[3] or 'NAME').upper()}"
    if column.lower() in _YEARS:
        return "year"
    return "ISO3" if column.lower() == "iso3" else column


def renamed(columns: Iterable[str]) -> dict[str, str]:
    """Return the new names of columns; of two for one thing the first has it, the other stays as it is."""
    names: dict[str, str] = {}
    for column in columns:
        name = one_name(column)
        names[column] = column if name in names.values() else name
    return names


def names_of(columns: Iterable[str], level: int) -> list[str]:
    """Return the columns with the names of a level, as `one_name` calls them: the one without a language, then en."""
    found = [column for column in columns if re.fullmatch(rf"ADM{level}_(?:NAME|[A-Z]{{2}})", column)]
    return sorted(found, key=lambda column: (not column.endswith("_NAME"), not column.endswith("_EN")))


def year_in(name: str) -> str | None:
    """Return the one year within the name of a file, None without one or with several.

    >>> year_in("afg_admpop_adm1_2021_v2.csv"), year_in("eth_admpop_adm2_20201028.csv"), year_in("2019-2020.csv")
    ('2021', None, None)
    """
    years = set(_YEAR_IN_NAME.findall(name))
    return years.pop() if len(years) == 1 else None
