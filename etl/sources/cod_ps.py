"""COD-PS: people living in administrative areas, by sex and age, of OCHA and the national authorities.

Read are the global files (one row an area and group) and the files of one country (one column a group: ``F_00_04``).
What is decided here, where they leave it open:

- The figure is of the whole reference year: the files name no day. A file without a column for it says it in its name.
- Countries name their columns in their own ways (``ADM1_PT``, ``Admin1_Code``, ``admin1Pcode``): see `etl.ps_columns`.
- ``breakdown`` is the sex, the age, or both ("female 5-19"); it is empty for the whole population. Groups overlap:
  only the whole, or all ages of both sexes, add up to everybody.
- Two different figures for one area, group and year (seen in the file of 2025) are both rejected: neither is known to
  be right. The same figure twice is one.
- A file of one level (``cod_population_admin2.csv``, ``tcd_admpop_adm1_2024.csv``) has all areas of each country, year
  and group that it tells of: a known area that it lacks is deleted. Other years, levels and groups stay, and a file
  under another name takes nothing away.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.indicator import Indicator
from etl.client import get
from etl.columns import Columns
from etl.countries import iso3_of_code
from etl.delimited import Chunk, read
from etl.hdx_files import CATALOGUE, files_of
from etl.left_out import new_columns, without_tags
from etl.markup import plain_text
from etl.numbers import to_whole_number
from etl.personal import refuse_personal
from etl.ps_columns import names_of, renamed, year_in
from etl.source import Ignored, Item, Payload, Reject, Replaces, Rows, Spec, Window
from etl.whole import A_PART

SEXES = {"all": "", "f": "female", "m": "male"}
_LETTERS = {"T": "all", "F": "f", "M": "m"}
_IGNORED = frozenset(("Country", "Population_group", "Source", "Contributor"))
_READ = frozenset(("ISO3", "Gender", "Age_range", "Age_min", "Age_max", "Population", "year"))
_GROUP = re.compile(r"([FMT])_(?:(TL)|(\d{2})_(\d{2,3})|(\d{2,3})_?[Pp](?:lus|LUS))")
_AREA = re.compile(r"ADM[0-4]_(?:PCODE|NAME|[A-Z]{2})")
_AGES = re.compile(r"(\d{1,3})-(\d{1,3})|(\d{1,3})\+")
_LATEST_AGE = 130
_MOST_SHOWN = 5
_OF_LEVEL = re.compile(r"(?i)(?:cod_population_admin|[a-z]{3}_admpop_adm)([0-4])(?:_[0-9]{4})?(?:_v[0-9]+)?\.csv")
_IN_CELLS = (
    "t.source_id = 'cod_ps' AND t.admin_level = :level"
    " AND concat_ws(' ', t.country_iso3, extract(year FROM t.period_start_date), t.breakdown) = ANY(:cells)"
)
MOST_VANISHED_SHARE = 0.5
"""Areas are merged and renumbered; half of them gone is a file that was cut, or one with other codes for all."""


class CodPs:
    """The source; see the module. ``clock`` tells now: a year that has not begun has no population."""

    spec = Spec(
        id="cod_ps",
        title="Population by administrative area (COD-PS)",
        publisher="OCHA with the national authorities",
        url=CATALOGUE,
        licence="CC BY-IGO 3.0",
        cadence=timedelta(days=365),
        tables=(Indicator,),
        first_date=None,
        rows=(1, 5_000_000),
        hosts=("s3.eu-central-1.amazonaws.com",),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - always the whole
        """Yield the global files of all levels, as the catalogue of the Humanitarian Data Exchange lists them."""
        listed = files_of(client, self.spec.url, "cod-ps-global", "CSV")
        chosen = [file for file in listed if re.search(r"admin[0-4]\.csv$", file.name)]
        if not chosen:
            raise PayloadRejected("cod-ps-global", f"lists no file like cod_population_admin1.csv: {str(listed)[:300]}")
        for name, url in chosen:
            content, kind = get(client, url, self.spec.max_bytes)
            yield Payload(name, content, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the figures of one file; a figure that another row contradicts is rejected with that row."""
        now = self.clock()
        frames: list[pd.DataFrame] = []
        with payload.open() as stream:
            for number, part in enumerate(read(stream, payload.name, ())):
                found, tags = without_tags(part)
                yield from tags
                chunk = replace(found, frame=found.frame.rename(columns=renamed(found.frame.columns)))
                if "year" not in chunk.frame and (told := year_in(payload.name)):
                    chunk.frame["year"] = told
                groups = _groups(payload.name, list(chunk.frame.columns))
                if number == 0:
                    yield from _told(payload.name, found, chunk)
                columns = Columns(chunk)
                frame = _wide(columns, groups, now) if groups else _long(columns, now)
                yield from columns.rejects("indicator")
                frames.append(frame)
        yield from _figures(pd.concat(frames, ignore_index=True), payload.name)


def _told(name: str, found: Chunk, chunk: Chunk) -> Iterator[Item]:
    """Yield what is new in a file, and that its year stands in its name only."""
    added = [c for c in chunk.frame if not (c in _READ | _IGNORED or _AREA.fullmatch(c) or _GROUP.fullmatch(c))]
    refuse_personal(added, name)
    yield from new_columns(added)
    if len(chunk.frame.columns) > len(found.frame.columns):
        yield Ignored(0, f"no column tells the year: {year_in(name)} is that of the file's name")


def _groups(name: str, columns: list[str]) -> list[str]:
    """Return the columns that are groups of a country's file, none for a global file.

    Raises PayloadRejected when the file is neither.
    """
    groups = [column for column in columns if _GROUP.fullmatch(column)]
    needed = {"ISO3", "Gender", "Age_range", "Population", "year"}
    if not groups and (lacking := sorted(needed - set(columns))):
        raise PayloadRejected(name, f"lacks the columns {', '.join(lacking)}, and has none like F_00_04 or T_TL")
    if groups and "year" not in columns:
        raise PayloadRejected(name, "lacks the column year or Reference_year, and its name tells none: of which year?")
    return groups


def _areas(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return area and year of each row; faults are noted."""
    country = columns.text("ISO3").fillna(columns.text("ADM0_PCODE"))
    iso3 = country.map(iso3_of_code, na_action="ignore")
    columns.fault(iso3.isna(), "ISO3" if "ISO3" in columns.chunk.frame else "ADM0_PCODE", "is the code of no country")
    area, name = iso3.astype(object), pd.Series(None, index=iso3.index, dtype=object)
    level = pd.Series(0, index=iso3.index)
    for deeper in range(1, 5):
        code = columns.text(f"ADM{deeper}_PCODE")
        told = pd.Series(None, index=code.index, dtype="str")
        for column in names_of(columns.chunk.frame.columns, deeper):
            told = told.fillna(columns.text(column))
        columns.fault(code.isna() & told.notna(), f"ADM{deeper}_PCODE", "is missing for a named area")
        level = level.mask(code.notna(), deeper)
        area, name = area.where(code.isna(), code), name.where(code.isna(), told)
    year = columns.whole_number("year", least=1950, needed=True)
    columns.fault((year > now.year).fillna(value=False), "year", f"is later than {now.year}")
    return pd.DataFrame(
        {
            "row": area.index,
            "country_iso3": iso3,
            "area_id": area,
            "area_id_kind": level.map(lambda depth: "pcode" if depth else "iso3"),
            "area_name": name.map(plain_text, na_action="ignore"),
            "admin_level": level,
            "year": year,
            "locator": columns.locators(),
        }
    )


def _long(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the figures of a global file."""
    sex = columns.code("Gender", SEXES)
    ages = pd.Series([_age(a) for a in columns.text("Age_range", "all")], index=sex.index, dtype=object)
    columns.fault(ages.isna(), "Age_range", "is neither all, unknown nor like 0-4 or 80+")
    least, most = columns.whole_number("Age_min"), columns.whole_number("Age_max")
    told = ages.fillna("").map(_AGES.fullmatch)
    for edge, limit, parts in (("Age_min", least, (1, 3)), ("Age_max", most, (2,))):
        ends = pd.Series([next((m[p] for p in parts if m and m[p]), None) for m in told], index=sex.index)
        differs = limit.notna() & ends.notna() & (limit.astype("str") != ends.astype("str"))
        columns.fault(differs, edge, "is not that of Age_range")
    frame = _areas(columns, now)
    frame["breakdown"] = (sex.fillna("") + " " + ages.fillna("")).str.strip()
    frame["value"] = columns.whole_number("Population").astype("float64")
    return columns.good(frame)


def _wide(columns: Columns, groups: list[str], now: datetime) -> pd.DataFrame:
    """Return the figures of a country's file, one row an area and group; an empty cell is "not available"."""
    areas = _areas(columns, now)
    figures = {}
    for group in groups:
        values, unread = to_whole_number(columns.chunk.frame[group])
        columns.fault(unread, group, "is no plain whole number of 0 or more")
        figures[_breakdown(group)] = values.astype("float64")
    good = columns.good(areas)
    parts = [good.assign(breakdown=breakdown, value=values[good.index]) for breakdown, values in figures.items()]
    return pd.concat(parts)


def _breakdown(group: str) -> str:
    """Return the breakdown of a column of a country's file.

    >>> _breakdown("F_00_04"), _breakdown("T_80Plus"), _breakdown("M_TL"), _breakdown("T_TL")
    ('female 0-4', '80+', 'male', '')
    """
    found = _GROUP.fullmatch(group)
    if found is None:
        raise ValueError(group)
    letter, _, least, most, older = found.groups()
    age = f"{int(older)}+" if older else f"{int(least)}-{int(most)}" if least else ""
    return f"{SEXES[_LETTERS[letter]]} {age}".strip()


def _age(text: str) -> str | None:
    """Return an age group in one spelling, "" for all ages, None for what is none.

    >>> _age("all"), _age("00-04"), _age("80+"), _age("19-5"), _age("old")
    ('', '0-4', '80+', None, None)
    """
    if text in {"all", "unknown"}:
        return "" if text == "all" else "age unknown"
    found = _AGES.fullmatch(text)
    if found is None:
        return None
    ends = [int(end) for end in found.groups() if end]
    if ends != sorted(ends) or ends[-1] > _LATEST_AGE:
        return None
    return f"{ends[0]}-{ends[1]}" if len(ends) == 2 else f"{ends[0]}+"


def _figures(frame: pd.DataFrame, name: str) -> Iterator[Item]:
    """Yield the figures of a file, those that contradict each other as rejected, and what the file replaces."""
    key = ["area_id", "breakdown", "year"]
    same = frame.duplicated([*key, "value"])
    if same.any():
        yield Ignored(int(same.sum()), "rows that repeat the figure of another row")
        frame = frame[~same]
    doubled = frame.duplicated(key, keep=False)
    for _, rows in frame[doubled].groupby(key, sort=False):
        yield from _contradicted(rows)
    good = frame[~doubled]
    if len(good):
        year = good["year"].astype("int64").astype("str")
        rows = good.drop(columns=["row", "year", "locator"]).assign(
            source_id="cod_ps", indicator="population", unit="people", quality="reported",
            period_start_date=pd.to_datetime(year + "-01-01"), period_end_date=pd.to_datetime(year + "-12-31"),
        )  # fmt: skip
        yield Rows(Indicator, rows, good["locator"])
        yield _replaced(good["country_iso3"] + " " + year + " " + good["breakdown"], name)


def _replaced(cells: "pd.Series[str]", name: str) -> Item:
    """Return what a file replaces in the countries, years and groups (``cells``) that it tells of."""
    level = _OF_LEVEL.fullmatch(name)
    if level is None:
        return A_PART
    values = {"level": int(level[1]), "cells": cells.unique().tolist()}
    return Replaces(Indicator, _IN_CELLS, MOST_VANISHED_SHARE, values)


def _contradicted(rows: pd.DataFrame) -> Iterator[Reject]:
    """Yield the rejection of different figures for one area, group and year."""
    told = [(f"{row.value:,.0f}", str(row.locator)) for row in rows.itertuples()]
    for number, row in enumerate(rows.to_dict("records")):
        others = [f"{told[i][0]} on {told[i][1]}" for i in range(min(len(told), _MOST_SHOWN)) if i != number]
        group = row["breakdown"] or "everybody"
        said = f"{told[number][0]} people ({group}, {row['year']}) in {row['area_id']}"
        reason = f"{said} contradict {', '.join(others)}"
        yield Reject("indicator", str(row["locator"]), reason, ",".join(str(value) for value in row.values()))


source = CodPs()
