"""All border points of a situation in one table, those without coordinates or forecast included."""

from typing import Any

import dash_ag_grid as dag
import pandas as pd

from dashboard.components.lateness import count_words
from dashboard.words import GAP, IMPACT, NOT_ASSESSED, STATUS, day, people

_NUMBER = {"function": "params.value == null ? '–' : d3.format(',.0f')(params.value)"}


def point_table(grid_id: str) -> dag.AgGrid:
    """Return the empty grid; `rows` fills it."""
    return dag.AgGrid(
        id=grid_id,
        columnDefs=[
            {"field": "name", "headerName": "Border point", "minWidth": 160, "width": 215, "pinned": "left"},
            {"field": "expected", "headerName": "Expected arrivals, middle (80 % range)", "minWidth": 175,
             "headerTooltip": "The median (P50): as likely more as fewer. The range should hold in 8 of 10 cases.",
             "comparator": {"function": "(a, b, p, q) => (p.data.q50 ?? -1) - (q.data.q50 ?? -1)"}},
            {"field": "countries", "headerName": "From – to", "minWidth": 110, "width": 130},
            {"field": "status", "headerName": "Status", "minWidth": 190, "width": 215},
            {"field": "people_per_day", "headerName": "People a day", "type": "rightAligned", "minWidth": 120,
             "valueFormatter": _NUMBER},
            {"field": "counts", "headerName": "Counts", "minWidth": 140},
            {"field": "impact", "headerName": "Impact class", "minWidth": 130,
             "headerTooltip": "By arrivals a day, after UNHCR's Preparedness Package for Refugee Emergencies (PPRE)."},
            {"field": "gap", "headerName": "Gap", "minWidth": 120},
        ],
        columnSize="responsiveSizeToFit",
        defaultColDef={"sortable": True, "resizable": True, "wrapHeaderText": True, "autoHeaderHeight": True},
        dashGridOptions={"rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
                         "domLayout": "autoHeight", "pagination": True, "paginationPageSize": 50,
                         "paginationPageSizeSelector": False,
                         "getRowId": {"function": "params.data.id"}, "ensureDomOrder": True},
        getRowId="params.data.id",
        className="ag-theme-alpine point-table",
    )  # fmt: skip


def rows(points: pd.DataFrame, links: pd.DataFrame, places: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the grid's rows from `dashboard.queries.classed_points`.

    ``links`` and ``places`` (`dashboard.queries_late.counted`) tell how old the counts are that each point rests on.
    """
    return [
        {
            "id": p.id,
            "name": p.name,
            "countries": f"{p.origin_iso3} – {p.host_iso3}",
            "status": STATUS[p.status] + ("" if pd.isna(p.status_since_date) else f" since {day(p.status_since_date)}"),
            "expected": "no forecast" if pd.isna(p.q50) else f"{people(p.q50)} ({people(p.q10)}–{people(p.q90)})",
            "q50": None if pd.isna(p.q50) else p.q50,
            "people_per_day": None if pd.isna(p.people_per_day) else p.people_per_day,
            "counts": count_words(links, places, p.id),
            "impact": "–" if pd.isna(p.impact) else IMPACT[int(p.impact)],
            "gap": NOT_ASSESSED if pd.isna(p.gap_level) else GAP[p.gap_level],
        }
        for p in points.itertuples()
    ]
