"""The queue of names in a real database."""

from datetime import date

import pandas as pd
import pytest

from data.schema.admin_area import AdminArea
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.schema.place_match import PlaceMatch
from data.store import Store
from etl.match import decide, run

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


def test_what_a_person_decided_stays_until_it_is_reopened(filled: Store):
    run(filled)
    for accepted, code, waiting in ((True, "SD03", 1), (False, "", 1), (None, None, 2)):
        before = filled.read(PlaceMatch, name="Sth. Darfor").iloc[0]
        assert decide(filled, int(before["version_id"]), accepted, "a planner") == "Sth. Darfor"
        assert run(filled)["waiting for a person"] == waiting
        (kept,) = filled.read(PlaceMatch, name="Sth. Darfor").to_dict("records")
        assert (None if pd.isna(kept["decided_pcode"]) else kept["decided_pcode"]) == code
        assert kept["known_from"] > before["known_from"]
    history = filled.history(PlaceMatch, name="Sth. Darfor")
    assert history["decided_by"].tolist()[1:3] == ["a planner"] * 2
    assert history["decided_pcode"].tolist()[1:3] == ["SD03", ""]


def test_who_decides_on_what_has_changed_meanwhile_is_told(filled: Store):
    run(filled)
    seen = int(filled.read(PlaceMatch, name="Sth. Darfor")["version_id"].iloc[0])
    assert decide(filled, seen, False, "one")
    assert decide(filled, seen, True, "another") is None
    assert filled.read(PlaceMatch, name="Sth. Darfor")["decided_pcode"].tolist() == [""]
    assert decide(filled, -1, True, "anybody") is None


def test_without_names_nothing_is_written(store: Store):
    assert run(store)["read"] == 0
