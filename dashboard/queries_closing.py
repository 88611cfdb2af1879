"""What the situation page reads when a viewer asks what would happen if a crossing closed."""

import pandas as pd

from dashboard.queries import View
from data.schema.place import Place
from models.answered import expected_arrivals
from models.panel import Panel
from models.where import diversion


def if_closed(view: View, point_id: str, days: int) -> pd.DataFrame:
    """Return the people expected within ``days`` at each place, before and after a crossing closes, with its name.

    Columns of `models.where.diversion.if_closed`, name and status (of the border points, as known at the clock). Empty
    for what is no border point.
    """
    panel = Panel.read(view.store, view.situation_id, view.as_of_date)
    expected = expected_arrivals(view.store, view.situation_id, view.as_of_date)
    if point_id not in panel.point_ids:
        return pd.DataFrame()
    found = diversion.if_closed(panel, point_id, expected, days)
    places = view.of(Place, situation_id=view.situation_id, kind="border_point")
    names = dict(zip(places["id"], places["name"], strict=True)) | diversion.NOWHERE
    return found.assign(name=found["place_id"].map(names), status=found["place_id"].map(panel.status_on()))
