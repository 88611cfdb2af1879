"""Quantiles derive from paths; a sum's quantile is taken on the sums."""

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.frames import check
from data.schema.observation import Observation
from models.paths import QUANTILE_COLUMNS, QUANTILES, Paths, quantiles
from models.routing import Routing

LINKS = pd.DataFrame([("a", "p", 1.0)], columns=["site_id", "border_point_id", "share"])


def paths(arrivals: np.ndarray, stock: np.ndarray | None = None) -> Paths:
    ids = ("a", "b")[: arrivals.shape[1]]
    stock = np.full_like(arrivals, np.nan) if stock is None else stock
    return Paths("w", date(2020, 1, 1), ids, arrivals, stock, Routing(("p",), LINKS))


@given(arrays(np.float32, (11, 3, 5), elements=st.floats(0, 1e6, width=32)))
def test_quantiles_are_those_of_numpy_and_ascend(values):
    found = quantiles(values)
    np.testing.assert_allclose(found, np.moveaxis(np.quantile(values, QUANTILES, axis=0), 0, -1), rtol=1e-4, atol=1e-3)
    assert (np.diff(found, axis=-1) >= 0).all()


def test_cumulative_quantiles_are_taken_on_the_paths():
    arrivals = np.array([[[10, 0]], [[0, 10]]], dtype=np.float32)
    frame = paths(arrivals).frame().set_index(["place_id", "aggregation", "horizon_days"])
    assert frame.loc[("a", "daily", 2), "q95"] > 9
    assert frame.loc[("a", "cumulative", 2), list(QUANTILE_COLUMNS)].tolist() == [10.0] * 7


def test_totals_are_sums_of_paths():
    arrivals = np.random.default_rng(1).integers(0, 50, (30, 2, 4)).astype(np.float32)
    frame = paths(arrivals).frame({"w": ["a", "b"]})
    total = frame[(frame["place_id"] == "w") & (frame["aggregation"] == "daily")]
    expected = quantiles(arrivals.sum(axis=1, keepdims=True))[0]
    np.testing.assert_allclose(total[list(QUANTILE_COLUMNS)].to_numpy(), expected, rtol=1e-6)


def test_a_place_without_forecast_has_no_rows():
    arrivals = np.ones((5, 2, 3), dtype=np.float32)
    arrivals[:, 1] = np.nan
    frame = paths(arrivals).frame()
    assert set(frame["place_id"]) == {"a", "p"}
    assert set(frame["measure"]) == {"arrivals"}


def test_rows_fit_the_table_of_forecasts():
    values = np.random.default_rng(1).random((50, 2, 9)).astype(np.float32) * 1000
    frame = paths(values, values).frame()
    assert not frame.duplicated(["place_id", "measure", "aggregation", "horizon_days"]).any()
    assert set(frame["measure"]) == {"arrivals", "stock"}
    assert frame["horizon_days"].between(1, 9).all()
    assert check(pd.DataFrame({"people": [1]}), Observation).reasons, "the row check must be able to fail"
