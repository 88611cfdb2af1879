"""The planning standards: every figure with its source and trust mark, editable, with its history kept."""

from enum import StrEnum
from typing import Any

import dash
import dash_ag_grid as dag
import pandas as pd
from dash import Input, Output, callback, html, no_update

from dashboard import queries
from dashboard.database import store
from dashboard.threads import threaded
from dashboard.words import TRUST_MARK
from data.frames import check
from data.schema.standard import Standard

dash.register_page(__name__, path="/standards", name="Standards", order=1, title="Standards · Waypost")

EDITABLE = ("title", "quantity", "unit", "people_per_unit", "per_day", "phase", "source", "trust_mark")
EDITOR = "planner"


class Ids(StrEnum):
    """The ids of this page."""

    GRID = "standards-grid"
    SAID = "standards-said"


def layout(**_: Any) -> html.Div:
    """Return the editable table."""
    marks = [html.Li([html.Abbr(mark, className=f"mark-{mark}"), f" {words}"]) for mark, words in TRUST_MARK.items()]
    return html.Div(
        [
            html.H1("Planning standards"),
            html.P(
                "How much a person needs. The need is people ÷ people per unit × quantity. A change is kept with its "
                "history and is used from now on by everybody; the shipped defaults are never overwritten silently."
            ),
            html.Details([html.Summary("Trust marks"), html.Ul(marks)], className="note"),
            html.Div(id=Ids.SAID, role="status", className="said"),
            dag.AgGrid(
                id=Ids.GRID,
                columnDefs=_columns(),
                columnSize="responsiveSizeToFit",
                defaultColDef={"sortable": True, "resizable": True, "wrapText": True, "autoHeight": True},
                dashGridOptions={"singleClickEdit": False, "stopEditingWhenCellsLoseFocus": True},
                getRowId="params.data.id",
                className="ag-theme-alpine standards-grid",
            ),
        ]
    )


def _columns() -> list[dict[str, Any]]:
    """Describe the columns; those a planner may change are editable."""
    widths = {"title": 240, "source": 260, "quantity": 110, "people_per_unit": 120}
    number = {"filter": "agNumberColumnFilter", "cellDataType": "number"}
    select = {"trust_mark": sorted(TRUST_MARK), "phase": ["first", "medium", "any"]}
    columns: list[dict[str, Any]] = [{"field": "sector", "minWidth": 120}]
    for field in EDITABLE:
        column: dict[str, Any] = {"field": field, "editable": True, "minWidth": widths.get(field, 100)}
        column["headerName"] = field.replace("_", " ").capitalize()
        if field in {"quantity", "people_per_unit"}:
            column |= number
        if field in select:
            column |= {"cellEditor": "agSelectCellEditor", "cellEditorParams": {"values": select[field]}}
        columns.append(column)
    return [*columns, {"field": "edited_by", "headerName": "Edited by", "minWidth": 120}]


@callback(Output(Ids.GRID, "rowData"), Input(Ids.GRID, "id"))
@threaded
def show(_: str) -> list[dict[str, Any]]:
    """Fill the table."""
    frame = queries.standards(store())
    records: list[dict[str, Any]] = frame[Standard.content()].to_dict("records")
    return records


@callback(
    Output(Ids.SAID, "children"),
    Output(Ids.GRID, "rowData", allow_duplicate=True),
    Input(Ids.GRID, "cellValueChanged"),
    prevent_initial_call=True,
)
@threaded
def edit(changes: list[dict[str, Any]] | None) -> tuple[Any, Any]:
    """Save a changed cell as a new version, or say why it cannot be saved and put the old value back."""
    if not changes:
        return no_update, no_update
    change = changes[0]
    before = queries.standards(store())
    row = before[before["id"] == change.get("rowId")]
    if row.empty or change.get("colId") not in EDITABLE:
        return "This cell cannot be changed.", before[Standard.content()].to_dict("records")
    edited = row[Standard.content()].assign(**{change["colId"]: change.get("value"), "edited_by": EDITOR})
    reasons = check(pd.DataFrame(edited), Standard).reasons
    if reasons:
        return f"Not saved: {'; '.join(reasons.values())}.", before[Standard.content()].to_dict("records")
    with store().load("standards-page") as load:
        load.add(Standard, edited)
    return f"Saved: {row['title'].iloc[0]}, {change['colId']} is now {change.get('value')}.", no_update
