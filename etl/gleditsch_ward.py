"""The countries behind the state numbers of Gleditsch and Ward, which UCDP uses, on today's map."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

import data
from etl.outlines import outlines

_FOLDER = Path(data.__file__).with_name("reference")


@cache
def iso3_by_number() -> dict[str, str]:
    """Return ISO 3166-1 alpha-3 codes by state number; of a former state that of the one that holds its capital."""
    table = pd.read_csv(_FOLDER / "gleditsch_ward.csv", dtype="str", keep_default_na=False)
    return dict(zip(table["gw_number"], table["iso3"], strict=True))


@cache
def _parts() -> tuple[tuple[str, str, date], ...]:
    """Return state number, code of a later state that was a part of it, and the first day of that state."""
    table = pd.read_csv(_FOLDER / "gleditsch_ward_parts.csv", dtype="str", keep_default_na=False)
    return tuple(
        (str(row.gw_number), str(row.part_iso3), date.fromisoformat(str(row.state_since_date)))
        for row in table.itertuples()
    )


def countries_today(numbers: "pd.Series[str]", events: pd.DataFrame) -> "pd.Series[str]":
    """Return the country of each event on today's map: that of its state, or the later state that now holds its place.

    ``events`` has country_iso3 (of the state), longitude, latitude and end_date. An event of the Sudan of 1991 in what
    has been South Sudan since 2011 becomes one of South Sudan; where no later state holds the place, nothing changes.
    """
    split = np.flatnonzero(numbers.isin([number for number, _, _ in _parts()]))
    if not len(split):
        return events["country_iso3"]
    country = events["country_iso3"].copy()
    states, ends = numbers.iloc[split].to_numpy(), events["end_date"].iloc[split].to_numpy()
    for number, part, since in _parts():
        rows = split[(states == number) & (ends < np.datetime64(since))]
        outline, points = outlines()[part], events.iloc[rows]
        shapely.prepare(outline)
        held = shapely.contains_xy(outline, points["longitude"].to_numpy(), points["latitude"].to_numpy())
        country.iloc[rows[held]] = part
    return country
