"""The queue of names in a real database."""

from datetime import date

import pandas as pd
import pytest

from data.schema.admin_area import AdminArea
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.schema.place_match import PlaceMatch
from data.store import Store
from etl.match import run

AREAS = pd.DataFrame(
    {
        "pcode": ["SD02", "SD03", "SD0201"], "source_id": "cod_ab", "admin_level": [1, 1, 2], "country_iso3": "SDN",
        "name": ["North Darfur", "South Darfur", "Tawila"], "other_names": "",
    }
)  # fmt: skip


def figures(*names: str | None) -> pd.DataFrame:
    day = date(2026, 3, 1)
    return pd.DataFrame(
        {
            "source_id": "dtm", "record_id": [f"r{i}" for i in range(len(names))], "series": "s", "admin_level": 1,
            "population_group": "idp", "measure": "stock", "country_iso3": "SDN", "area_name": list(names),
            "period_start_date": day, "period_end_date": day, "people": 5, "is_additive": True,
        }
    )  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with areas, figures by name and an indicator by name."""
    value = {
        "source_id": "ipc", "indicator": "phase", "breakdown": "", "country_iso3": "SDN", "area_id": "Tawilla",
        "area_id_kind": "name", "admin_level": 2, "period_start_date": date(2026, 1, 1),
        "period_end_date": date(2026, 3, 31), "value": 3.0, "unit": "phase",
    }  # fmt: skip
    with store.load("test") as load:
        load.add(AdminArea, AREAS)
        load.add(Displacement, figures("North Darfur", "Sth. Darfor", "North Darfur", None))
        load.add(Indicator, pd.DataFrame([value]))
    return store


def test_each_name_is_matched_once_and_what_is_not_exact_waits(filled: Store):
    counts = run(filled)
    assert (counts["new"], counts["waiting for a person"]) == (3, 2)
    queue = filled.read(PlaceMatch).set_index("name")
    assert queue.loc["North Darfur", ["suggested_pcode", "is_exact", "source_id"]].tolist() == ["SD02", True, "dtm"]
    assert not queue.loc["Sth. Darfor", "is_exact"]
    assert queue.loc["Tawilla", ["suggested_pcode", "is_exact", "source_id"]].tolist() == ["SD0201", False, "ipc"]
    assert run(filled)["unchanged"] == 3


def test_what_a_person_decided_stays(filled: Store):
    run(filled)
    row = filled.read(PlaceMatch, name="Sth. Darfor")[PlaceMatch.content()]
    with filled.load("person") as load:
        load.add(PlaceMatch, row.assign(decided_pcode="SD03", decided_by="a planner"))
    assert run(filled)["waiting for a person"] == 1
    (kept,) = filled.read(PlaceMatch, name="Sth. Darfor").to_dict("records")
    assert (kept["decided_pcode"], kept["decided_by"]) == ("SD03", "a planner")


def test_without_names_nothing_is_written(store: Store):
    assert run(store)["read"] == 0
