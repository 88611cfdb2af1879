"""A forecast is judged only where what happened is known well enough."""

import pandas as pd
import pytest

from models.targets import targets
from tests.worlds import day, panel


def found(stock, at: int, origins: list[int]) -> pd.DataFrame:
    frame = targets(panel(at, stock), [day(o) for o in origins])
    return frame.set_index(["measure", "horizon_days"]).sort_index()


WEEKLY = {"a": [(d, 1000.0 + 10 * d) for d in range(0, 141, 7)]}
MONTHLY = {"a": [(d, 1000.0 + 10 * d) for d in range(0, 331, 30)]}


def test_stock_is_read_between_reports_and_arrivals_are_summed():
    rows = found(WEEKLY, 140, [70])
    assert rows.loc[("stock", 14), "happened"] == 1840
    assert rows.loc[("stock", 30), "happened"] == pytest.approx(2000)
    assert rows.loc[("stock", 30), "last_value"] == 1700
    assert rows.loc[("arrivals", 30), "happened"] == pytest.approx(300)
    assert rows.loc[("arrivals", 30), "last_value"] == pytest.approx(300)
    assert ("stock", 90) not in rows.index, "day 160 is not known yet"


def test_short_horizons_need_frequent_reports():
    assert set(found(MONTHLY, 330, [125]).index) == {(m, h) for m in ("arrivals", "stock") for h in (30, 60, 90)}
    assert ("stock", 7) in found(WEEKLY, 140, [70]).index


def test_wide_gaps_are_no_truth():
    gap = {"a": [*((d, 1000.0 + d) for d in range(0, 71, 7)), (110, 2000.0), (117, 2010.0)]}
    assert ("stock", 14) not in found(gap, 140, [70]).index
    assert ("arrivals", 30) not in found(gap, 140, [70]).index


def test_a_place_enters_after_a_month_and_leaves_after_a_silent_quarter():
    assert found(WEEKLY, 140, [27]).empty
    assert not found(WEEKLY, 140, [28]).empty
    back = {"a": [*((d, 1000.0 + d) for d in range(0, 50, 7)), *((d, 2000.0 + d) for d in range(150, 200, 7))]}
    assert found(back, 199, [143]).empty
    assert not found(back, 199, [140]).empty


def test_a_catch_up_is_not_scored_as_arrivals():
    jump = {"a": [(d, 1000.0 + d + (50_000 if d >= 105 else 0)) for d in range(0, 141, 7)]}
    rows = found(jump, 140, [98])
    assert ("stock", 30) in rows.index
    assert ("arrivals", 30) not in rows.index


def test_origins_outside_what_is_known_are_left_out():
    assert found(WEEKLY, 140, [-400, 140, 900]).empty
