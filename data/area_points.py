"""Where an area lies: figures that name an area by its P-code, with a point inside the area."""

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from data.schema.admin_area import AdminArea
from data.store import Store, reported


def placed(store: Store, figures: pd.DataFrame, pcode: str = "area_pcode") -> pd.DataFrame:
    """Return figures (``pcode``, longitude, latitude, ...) with a point of their area where they had none.

    Areas are taken as known now: where an area lies is no news about it. A unit that was split, merged or recoded since
    lies where it was last known to: its old figures stay. What names no known area keeps its missing coordinates;
    without such figures the areas are not asked for.
    """
    asked = figures.loc[figures["longitude"].isna(), pcode].dropna().unique().tolist()
    if not asked:
        return figures
    point = func.ST_PointOnSurface(AdminArea.area)
    query = select(AdminArea.pcode, func.ST_X(point), func.ST_Y(point)).ext(distinct_on(AdminArea.pcode)).where(
        ~AdminArea.is_deleted, AdminArea.pcode.in_(asked), AdminArea.admin_level >= 1,
        AdminArea.area.is_not(None), store.visible(AdminArea),
    ).order_by(AdminArea.pcode, AdminArea.known_from.desc())  # fmt: skip
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(query).fetchall()
    points = pd.DataFrame(rows, columns=["pcode", "longitude", "latitude"]).set_index("pcode").astype(float)
    found = {column: figures[column].fillna(figures[pcode].map(points[column])) for column in ("longitude", "latitude")}
    return figures.assign(**found)
