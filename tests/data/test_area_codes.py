"""Figures that name their area get its P-code by exact matches and decisions, and by nothing else."""

import pandas as pd
import pytest

from data.area_codes import coded, resolved
from data.schema.admin_area import AdminArea
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.schema.place_match import PlaceMatch
from data.store import Store
from models.panel import FOOD, Panel
from tests.data.test_area_points import area
from tests.surroundings import displaced, indicator
from tests.worlds import day, facts, growing, known_rows, load


def match_of(name: str, suggested: str | None, exact: bool = False, decided: str | None = None) -> dict:
    return {
        "source_id": "made-up", "country_iso3": "AAA", "admin_level": 1, "name": name, "suggested_pcode": suggested,
        "is_exact": exact, "decided_pcode": decided,
    }  # fmt: skip


MATCHES = [
    match_of("Exact", "AA01", exact=True), match_of("Open", "AA02"), match_of("Accepted", "AA02", decided="AA02"),
    match_of("Rejected", "AA01", exact=True, decided=""),
]  # fmt: skip
CODES = {"Exact": "AA01", "Open": None, "Accepted": "AA02", "Rejected": None, "Never seen": None}


def test_only_exact_matches_and_decisions_count():
    names = pd.DataFrame({"source_id": "made-up", "country_iso3": "AAA", "admin_level": 1, "name": list(CODES)})
    codes = resolved(names.set_index(pd.Index([9, 3, 5, 7, 1])), pd.DataFrame(MATCHES).sample(frac=1, random_state=1))
    assert codes.index.tolist() == [9, 3, 5, 7, 1]
    assert [None if pd.isna(code) else code for code in codes] == list(CODES.values())


@pytest.fixture
def filled(store: Store) -> Store:
    """A situation with figures that only name their areas, and what is known of these names."""
    nowhere = {"longitude": None, "latitude": None}
    figures = [displaced(60 + i, 70, area_pcode=None, area_name=n, **nowhere) for i, n in enumerate(CODES)]
    shares = [indicator(FOOD, 60, 0.2, area_id=f"AAA/{n}", area_id_kind="name", area_name=n, **nowhere) for n in CODES]
    load(
        store,
        {
            **facts(growing(1, days=100)),
            AdminArea: known_rows(AdminArea, [area("AA01", -1.0), area("AA02", 4.0)]),
            PlaceMatch: known_rows(PlaceMatch, MATCHES),
            Displacement: known_rows(Displacement, figures),
            Indicator: known_rows(Indicator, shares),
        },
    )
    return store


def test_a_panel_has_the_codes_and_places_of_names(filled: Store):
    known = Panel.read(filled, "w", day(100))
    for table, column in ((Displacement, "area_pcode"), (Indicator, "area_id")):
        rows = known.versions(table).set_index("area_name")
        told = {name: code or rows[column][name] for name, code in CODES.items()}
        assert rows[column].to_dict() == pytest.approx(told, nan_ok=True)
        places = rows["longitude"].dropna().to_dict()
        assert places == {"Exact": 0.0, "Accepted": 5.0}
    kinds = known.versions(Indicator).set_index("area_name")["area_id_kind"]
    assert kinds.to_dict() == {name: "pcode" if code else "name" for name, code in CODES.items()}


def test_codes_that_are_there_stay(filled: Store):
    figures = filled.read(Displacement).assign(area_pcode="ZZ", area_name="Exact")
    assert coded(filled, figures) is figures
