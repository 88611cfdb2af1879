"""Put mapped objects that are one crossing together: those that stand close to each other, or share a name nearby."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from etl.crossing import EARTH_RADIUS_KM, Position

NEAR_KM = 0.3
"""A crossing is mapped as two to six objects within about this distance of each other."""
SAME_NAME_KM = 2.0
"""Objects of one name belong together over a no man's land."""
MOST_PAIRS = 20_000_000


def clusters(positions: Sequence[Position], names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the number of the cluster of each object, from 0.

    Two objects are joined within `NEAR_KM`, or within `SAME_NAME_KM` where both have the same name (folded, "" for
    none); what is joined to the same one is joined. Raises ValueError for more pairs than any border has.

    >>> clusters([(9.570, 47.218), (9.571, 47.218), (9.6, 47.218)], ["", "", ""]).tolist()
    [0, 0, 1]
    """
    if not positions:
        return np.zeros(0, dtype=np.int64)
    tree = cKDTree(_on_unit_sphere(np.asarray(positions, dtype=np.float64)))
    if tree.count_neighbors(tree, _chord(SAME_NAME_KM)) > MOST_PAIRS:
        raise ValueError(f"{len(positions):,} objects lie closer together than border posts do")
    pairs = tree.query_pairs(_chord(SAME_NAME_KM), output_type="ndarray")
    _, codes = np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)
    named = np.array([bool(name) for name in names])
    apart = np.linalg.norm(tree.data[pairs[:, 0]] - tree.data[pairs[:, 1]], axis=1)
    joined = (apart <= _chord(NEAR_KM)) | ((codes[pairs[:, 0]] == codes[pairs[:, 1]]) & named[pairs[:, 0]])
    pairs = pairs[joined]
    graph = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(len(names), len(names)))
    _, numbers = connected_components(graph, directed=False)
    return np.asarray(numbers, dtype=np.int64)


def _chord(distance_km: float) -> float:
    """Return the chord of the unit sphere that a great circle of this length spans."""
    return float(2 * np.sin(distance_km / EARTH_RADIUS_KM / 2))


def _on_unit_sphere(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return longitudes and latitudes as Cartesian coordinates."""
    longitude, latitude = np.radians(degrees).T
    across = np.cos(latitude)
    return np.column_stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])
