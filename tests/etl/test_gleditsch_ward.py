"""State numbers on today's map."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import data
from etl.gleditsch_ward import countries_today, iso3_by_number
from etl.outlines import outlines

FOLDER = Path(data.__file__).parent / "reference"


@pytest.mark.parametrize("name", ["gleditsch_ward", "gleditsch_ward_parts"])
def test_the_tables_are_what_their_origin_says(name):
    origin = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    content = (FOLDER / f"{name}.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == origin["sha256"]
    assert list(origin["columns"]) == content.decode().splitlines()[0].split(",")
    assert origin["origin"]
    assert origin["licence"]


def test_every_part_is_a_state_of_its_own_with_an_outline_and_not_the_whole():
    parts = pd.read_csv(FOLDER / "gleditsch_ward_parts.csv", dtype="str")
    numbers = iso3_by_number()
    assert set(parts["part_iso3"]) <= set(outlines()) & set(numbers.values())
    assert (parts["gw_number"].map(numbers) != parts["part_iso3"]).all()
    assert not parts.duplicated(["gw_number", "part_iso3"]).any()
    assert pd.to_datetime(parts["state_since_date"], format="%Y-%m-%d").min() > pd.Timestamp("1989-01-01")


def test_what_cannot_be_placed_keeps_its_country_and_the_index_is_kept():
    events = pd.DataFrame(
        {
            "country_iso3": pd.Series(["SDN", "SDN", "SDN", "CAF", None], dtype="str"),
            "longitude": [29.48, np.nan, 29.48, 29.48, 29.48],
            "latitude": [4.91, np.nan, 4.91, 4.91, 4.91],
            "end_date": pd.to_datetime(["1991-03-09", "1991-03-09", None, "1991-03-09", "1991-03-09"]),
        }
    ).set_axis([5, 3, 8, 1, 2], axis=0)
    numbers = pd.Series(["625", "625", "625", "482", ""], index=events.index, dtype="str")
    found = countries_today(numbers, events)
    assert found.index.tolist() == [5, 3, 8, 1, 2]
    assert found.tolist()[:4] == ["SSD", "SDN", "SDN", "CAF"]
    assert pd.isna(found[2])
