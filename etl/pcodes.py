"""P-codes for names of areas: an exact name counts, a likeness is only suggested and waits for a person.

The matching is that of hdx-python-country, offline. Its likenesses are wrong at times ("N. Darfor" becomes SD17, South
Darfur, and not SD02), so none is ever applied. Its exact matches are checked again: it knows one code a name, but two
districts of one country may share a name, and then neither is meant for certain.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher

import pandas as pd
from hdx.location.adminlevel import AdminLevel

from etl.area_names import split

KEY = ["country_iso3", "admin_level", "name"]


def match(names: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Return a suggestion for each name: its rows (same index) with suggested_pcode and is_exact.

    ``names`` has country_iso3, admin_level and name; ``areas`` pcode, country_iso3, admin_level, name and other_names
    (`etl.area_names`). ``suggested_pcode`` is missing where nothing comes near; ``is_exact`` is true where exactly one
    area of the country and level has the name, in any of its languages, or where the name is the code itself.
    """
    found = names.assign(suggested_pcode=pd.Series(None, index=names.index, dtype=object), is_exact=False)
    for level, asked in names.groupby("admin_level"):
        at_level = areas[areas["admin_level"] == level]
        for iso3, group in asked.groupby("country_iso3"):
            known = at_level[at_level["country_iso3"] == iso3]
            if known.empty:
                continue
            gazetteer = _Gazetteer(str(iso3), int(str(level)), known)
            told = [gazetteer.find(str(name)) for name in group["name"]]
            found.loc[group.index, "suggested_pcode"] = pd.Series([c for c, _ in told], index=group.index, dtype=object)
            found.loc[group.index, "is_exact"] = [exact for _, exact in told]
    return found


def likeness(name: str, others: Iterable[str]) -> float:
    """Return how alike a name and the nearest of others are written, from 0 to 1: a help to judge, never a decision.

    >>> round(likeness("N. Darfor", ["North Darfur", "Northern Darfur"]), 2), likeness("Tawila", [])
    (0.7, 0.0)
    """
    key = name_key(name)
    return max((SequenceMatcher(None, key, name_key(other)).ratio() for other in others), default=0.0)


def name_key(name: str) -> str:
    """Return what spellings of one name have in common: it is without case, accents and signs, in any script.

    >>> name_key("Sud-Kivu ") == name_key("SUD KIVU"), name_key("حي 5") == name_key("منطقة 5")
    (True, False)
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


class _Gazetteer:
    """The names of one level of one country."""

    def __init__(self, iso3: str, level: int, areas: pd.DataFrame) -> None:
        """Take areas with pcode, name and other_names."""
        self.iso3 = iso3
        self.written: dict[str, str] = {str(code).upper(): str(code) for code in areas["pcode"]}
        self.codes: dict[str, set[str]] = defaultdict(set)
        rows = []
        for area in areas.sort_values("pcode").itertuples():
            for name in (str(area.name), *split(str(area.other_names))):
                if key := name_key(name):
                    self.codes[key].add(str(area.pcode))
                    rows.append({"Location": iso3, "Admin Level": level, "P-Code": str(area.pcode), "Name": name})
        self.matcher = AdminLevel(admin_level=level)
        self.matcher.setup_from_iterable(rows)

    def find(self, name: str) -> tuple[str | None, bool]:
        """Return the code of a name and whether it is exactly meant."""
        if name.strip().upper() in self.written:
            return self.written[name.strip().upper()], True
        if not name_key(name):
            return None, False
        if codes := self.codes.get(name_key(name)):
            return min(codes), len(codes) == 1
        code, _ = self.matcher.get_pcode(self.iso3, name)
        return (self.written.get(code.upper()) if code else None), False
