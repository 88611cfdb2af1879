"""Through which border points a place is reached: where its catchment begins."""

from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from models.panel import Panel
from models.routing import shares


@lru_cache(maxsize=8)
def catchments(panel: Panel) -> csr_matrix:
    """Return base shares (places, points), as if all crossings were open, places as in ``panel.counted_ids``.

    A site has the shares of its linked points, a counted border point itself. A row sums to one, or to zero for a site
    without a known crossing.
    """
    row = {place: i for i, place in enumerate(panel.counted_ids)}
    column = {point: j for j, point in enumerate(panel.point_ids)}
    counted_points = sorted(row.keys() & column.keys())
    links = panel.links()
    links = links[links["site_id"].isin(row.keys() - column.keys())]
    sites = links["site_id"].map(row).to_numpy(dtype=np.int64)
    _, compact = np.unique(sites, return_inverse=True)
    share = shares(compact, links["distance_km"].to_numpy(dtype=float), ["open"] * len(links))
    rows = np.concatenate([sites, np.array([row[p] for p in counted_points], dtype=np.int64)])
    columns = [column[p] for p in [*links["border_point_id"], *counted_points]]
    values = np.concatenate([share, np.ones(len(counted_points))])
    return csr_matrix((values, (rows, np.array(columns, dtype=np.int64))), shape=(len(row), len(column)))
