"""The columns of COD-AB boundary files: of 2026 (``adm1_name``, ``adm1_pcode``), and older (``ADM1_EN``)."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from etl.area_names import joined
from etl.markup import plain_text

_OWN = re.compile(r"adm\d_(?:name\d?|pcode|ref|[a-z]{2})|adm\dalt\d[a-z]{2}")
_IGNORED = frozenset((
    "iso2", "iso3", "version_no", "lang", "lang1", "lang2", "lang3", "center_lat", "center_lon", "valid_on", "valid_to",
    "validon", "validto", "area_sqkm", "date", "objectid", "fid", "shape_leng", "shape_area", "shape__area",
    "shape__length", "cod_version", "id",
))  # fmt: skip


def strangers(columns: Iterable[str]) -> list[str]:
    """Return the columns (folded) that are neither read nor ignored by name, sorted."""
    return sorted(c for c in columns if c not in _IGNORED and not _OWN.fullmatch(c))


TEXTS = ("pcode", "name", "other_names", "parent", "country", "valid_on", "area_sqkm")


def texts_of(told: dict[str, str], level: int) -> dict[str, str]:
    """Return what a row says of its area (column: text, folded) as the texts of `TEXTS`, "" where it is silent."""
    name = plain_text(name_of(told, level))
    return {
        "pcode": told.get(f"adm{level}_pcode", ""),
        "name": name,
        "other_names": joined(_other_names(told, level), name),
        "parent": told.get(f"adm{level - 1}_pcode", ""),
        "country": told.get("iso3") or told.get("adm0_pcode", ""),
        "valid_on": _day(told.get("valid_on") or told.get("validon", "")),
        "area_sqkm": told.get("area_sqkm", ""),
    }


def name_of(told: dict[str, str], level: int) -> str:
    """Return the name of a row's area, in an older file in its first language that has one; "" without one."""
    older = (value for key, value in told.items() if re.fullmatch(rf"adm{level}_[a-z]{{2}}", key) and value)
    return told.get(f"adm{level}_name") or next(older, "")


def _other_names(told: dict[str, str], level: int) -> Iterator[tuple[str, str]]:
    """Yield languages ("" where not told) and names besides the main one."""
    for key, value in told.items():
        name = plain_text(value)
        if found := re.fullmatch(rf"adm{level}_name([1-3])", key):
            yield told.get(f"lang{found[1]}", "")[:2], name
        elif found := re.fullmatch(rf"adm{level}(?:_|alt\d)([a-z]{{2}})", key):
            yield found[1], name
        elif key == f"adm{level}_ref" and value != "None":
            yield "", name


def _day(text: str) -> str:
    """Return a date as YYYY-MM-DD: ArcGIS writes milliseconds since 1970, spreadsheets and older files a time behind.

    >>> _day("1434326400000"), _day("2015-06-15T00:00:00"), _day("15/06/2015")
    ('2015-06-15', '2015-06-15', '15/06/2015')
    """
    if re.fullmatch(r"-?\d{9,14}", text, re.ASCII):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))).strftime("%Y-%m-%d")
    found = re.fullmatch(r"(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ]00:00:00(?:\.0+)?Z?)?", text, re.ASCII)
    return "-".join(found.groups()) if found else text
