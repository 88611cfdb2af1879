"""What really happened, where it is known well enough to judge a forecast by.

The design is that of BENCHMARK.md Q2: a place enters once it has been open for `OPEN_DAYS` and while its last report is
at most `FRESH_DAYS` old; a stock is read between two registrations at most `WIDEST_DAYS` apart, for the two short
horizons at most `SHORT_DAYS`; arrivals over a horizon only where every day of it lies in such periods. Registrations
that catch up are no arrivals, and nothing is scored against them.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from models.features.lags import lags
from models.history import History, history, views
from models.panel import Panel, day_number
from models.paths import HORIZON_DAYS

OPEN_DAYS = 28
FRESH_DAYS = 93
WIDEST_DAYS = 31
SHORT_DAYS = 14
SHORT_HORIZON_DAYS = 14
EVER_DAYS = 36_600
COLUMNS = ["origin_date", "place_id", "measure", "horizon_days", "happened", "last_value"]


def targets(panel: Panel, origins: Sequence[date]) -> pd.DataFrame:
    """Return one row for each forecast that can be judged at the panel's origin.

    Columns: origin_date, place_id, measure (*stock* at the end of the horizon or *arrivals* from day 1 to it),
    horizon_days, happened (people), last_value (what the last value known at the origin would have said).
    """
    newest = history(panel, EVER_DAYS)
    row = {place: i for i, place in enumerate(newest.place_ids)}
    parts = [pd.DataFrame(columns=COLUMNS)]
    by_day = {day_number(o): o for o in origins if newest.first_day <= day_number(o) < panel.origin_day}
    for day, view in views(panel, sorted(by_day), EVER_DAYS):
        rows = np.array([row[p] for p in view.place_ids], dtype=np.int64)
        parts += [f.assign(origin_date=pd.Timestamp(by_day[day])) for f in _at(newest, rows, view, day)]
    return pd.concat([p for p in parts if not p.empty] or parts, ignore_index=True)[COLUMNS]


def _at(newest: History, rows: np.ndarray, view: History, day: int) -> list[pd.DataFrame]:
    """Return the targets after one origin, for the places known then."""
    column, start = view.column(day), newest.column(day)
    known = lags(view, column)
    enters = (known.stale_days <= FRESH_DAYS) & (column - view.first_report >= OPEN_DAYS)
    found = []
    for days in HORIZON_DAYS:
        end = start + days
        if end >= newest.days:
            continue
        width = SHORT_DAYS if days <= SHORT_HORIZON_DAYS else WIDEST_DAYS
        present = newest.stock[rows, end]
        fits = enters & (newest.stock_gap[rows, end] <= width) & np.isfinite(present) & np.isfinite(known.level)
        found.append(_frame(view.place_ids, fits, "stock", days, present, known.level))
        period = slice(start + 1, end + 1)
        came = newest.arrivals[rows, period].sum(axis=1)
        narrow = (newest.arrivals_gap[rows, period] <= width).all(axis=1)
        fits = enters & narrow & np.isfinite(came) & np.isfinite(known.rate_last)
        found.append(_frame(view.place_ids, fits, "arrivals", days, came, known.rate_last * days))
    return found


def _frame(
    ids: tuple[str, ...], fits: np.ndarray, measure: str, days: int, happened: np.ndarray, last: np.ndarray
) -> pd.DataFrame:
    """Return the rows that fit."""
    head = {"place_id": np.asarray(ids, dtype=object)[fits], "measure": measure, "horizon_days": days}
    return pd.DataFrame({**head, "happened": happened[fits].astype(float), "last_value": last[fits].astype(float)})
