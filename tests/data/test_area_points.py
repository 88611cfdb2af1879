"""Figures that name an area get a point inside it."""

import pandas as pd

from data.area_points import placed
from data.schema.admin_area import AdminArea
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.store import Store
from models.panel import RAIN, Panel
from tests.surroundings import displaced, indicator
from tests.worlds import day, facts, growing, known_rows, load


def area(pcode: str, west: float) -> dict:
    ring = ", ".join(f"{west + x} {y}" for x, y in ((0, -1), (2, -1), (2, 1), (0, 1), (0, -1)))
    return {
        "pcode": pcode, "source_id": "made-up", "admin_level": 1, "country_iso3": "AAA", "name": pcode,
        "area_wkt": f"POLYGON(({ring}))",
    }  # fmt: skip


def test_only_what_had_no_place_and_names_a_known_area_gets_one(store: Store):
    load(store, {AdminArea: known_rows(AdminArea, [area("AA01", 10.0), area("AA02", 20.0)])})
    figures = pd.DataFrame(
        {
            "area_pcode": ["AA01", "AA02", "ZZ", None],
            "longitude": [None, 5.0, None, None],
            "latitude": [None, 5.0, None, None],
        }
    ).astype({"longitude": float, "latitude": float})
    found = placed(store, figures)
    assert found["longitude"].fillna(-1).tolist() == [11.0, 5.0, -1, -1]
    assert found["latitude"].fillna(-1).tolist() == [0.0, 5.0, -1, -1]


def test_f39_figures_of_a_unit_that_was_split_or_recoded_stay_where_it_was(store: Store):
    load(store, {AdminArea: known_rows(AdminArea, [area("AA01", 10.0), area("AA02", 20.0)])})
    with store.load("made-up") as target:
        target.add(AdminArea, pd.DataFrame([area("AA02", 30.0), area("AA03", 10.0)]))
        target.replaces(AdminArea, "t.source_id = 'made-up'", 1.0)
    assert sorted(store.read(AdminArea)["pcode"]) == ["AA02", "AA03"]
    figures = pd.DataFrame({"area_pcode": ["AA01", "AA02"], "longitude": float("nan"), "latitude": float("nan")})
    assert placed(store, figures)["longitude"].tolist() == [11.0, 31.0], "the old place of one, the new of the other"


def test_a_panel_reads_what_it_needs_of_areas(store: Store):
    nowhere = {"longitude": None, "latitude": None}
    load(
        store,
        {
            **facts(growing(1, days=100)),
            AdminArea: known_rows(AdminArea, [area("AA01", -1.0)]),
            Indicator: known_rows(
                Indicator,
                [indicator(RAIN, 60, 50.0, **nowhere), indicator("something_else", 60, 1.0),
                 indicator(RAIN, 60, 9.0, country_iso3="ZZZ", area_id="ZZ01")],
            ),
            Displacement: known_rows(
                Displacement, [displaced(60, 70, **nowhere), displaced(95, 80, **nowhere)],
            ),
        },
    )  # fmt: skip
    known = Panel.read(store, "w", day(100))
    rain, people = known.versions(Indicator), known.versions(Displacement)
    assert rain[["value", "longitude"]].to_numpy().tolist() == [[50.0, 0.0]]
    assert people[["people", "longitude"]].to_numpy().tolist() == [[70, 0.0]], "the later one was not known yet"
