"""Put the middle of sample paths back on the centre, and keep their shape.

The errors of the past have a middle of their own: a trend that the centre did not see, or chance. How much of it is
kept is the forecaster's choice (``share``).
"""

import numpy as np

from models.bootstrap import Array, Floats, blocks

LEAST_SHARE_OF_UNIT = 0.05


def recentre_stock(stock: Array, centre: Floats, share: float) -> None:
    """Shift stock paths (paths, places, days), in place, towards a median of ``centre`` (places, days).

    ``share`` 0 puts the median on the centre, 1 leaves it where the errors have it. The shift is measured at the ends
    of the blocks and straight between them.
    """
    days = np.arange(centre.shape[1])
    knots = np.unique([0, *(b.stop - 1 for b in blocks(centre.shape[1]))])
    off = (1 - share) * (centre[:, knots] - np.median(stock[:, :, knots], axis=0))
    shift = np.stack([np.interp(days, knots, line) for line in off]) if len(off) else np.empty_like(centre)
    stock += shift.astype(np.float32)[None]


def recentre_arrivals(arrivals: Array, centre: Floats, unit: Floats) -> None:
    """Scale arrival paths (paths, places, days), in place, to a median of the sums from day 1 like the centre's.

    Scaling keeps zeros zero. ``unit`` is the places' usual activity (people a day): a small part of it keeps the
    scale finite where the median is zero.
    """
    so_far = np.zeros_like(arrivals[:, :, 0])
    centre_before, median_before = np.zeros(len(unit)), np.zeros(len(unit))
    for block in blocks(centre.shape[1]):
        so_far = so_far + arrivals[:, :, block].sum(axis=2)
        median, middle = np.median(so_far, axis=0), centre[:, : block.stop].sum(axis=1)
        least = LEAST_SHARE_OF_UNIT * unit * (block.stop - block.start)
        factor = (middle - centre_before + least) / (median - median_before + least)
        arrivals[:, :, block] *= factor.astype(np.float32)[None, :, None]
        centre_before, median_before = middle, median
