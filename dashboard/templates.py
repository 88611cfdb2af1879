"""Templates of the tables that border posts fill in, for the places of one situation."""

from fastapi import APIRouter, HTTPException, Response

from dashboard.database import store
from data.schema.place import Place
from etl.kinds import KINDS
from etl.template import csv_file, workbook

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
router = APIRouter(prefix="/templates")


@router.get("/{situation_id}/{name}.{form}", response_class=Response)
def template(situation_id: str, name: str, form: str) -> Response:
    """Return a template; 404 for a kind, form or situation that there is none of."""
    kind = KINDS.get(name)
    if kind is None or form not in _TYPES:
        raise HTTPException(404, f"no such template; kinds are {', '.join(KINDS)}, forms are xlsx and csv")
    places = store().read(Place, situation_id=situation_id)
    if kind.place_column and places.empty:
        raise HTTPException(404, "no situation of that name has places")
    content = workbook(kind, places) if form == "xlsx" else csv_file(kind)
    headers = {"Content-Disposition": f'attachment; filename="waypost-{kind.id}.{form}"', "Cache-Control": "no-store"}
    return Response(content, media_type=_TYPES[form], headers=headers)
