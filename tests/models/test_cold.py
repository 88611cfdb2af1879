"""A place without history gets its structural share, with wide ranges, and says what that rests on."""

import numpy as np
import pandas as pd
import pytest

from models.cold import NO_HISTORY, Cold, cold
from models.registry import LAST_VALUE, forecaster
from models.rows import forecast_rows
from tests.worlds import growing, panel

AT = 120


def answered(known):
    model = forecaster(LAST_VALUE).fit(known)
    rows = forecast_rows(model, known, 30, 200, 1)
    return rows[(rows["aggregation"] == "cumulative") & (rows["horizon_days"] == 30)].set_index("place_id"), model


def test_f64_a_site_without_history_and_its_point_are_forecast_with_wide_ranges():
    known = panel(AT, growing(2, days=AT), extra_sites=("s7",))
    rows, model = answered(known)
    site, whole = rows.loc["w:s7"], rows.loc["w"]
    assert 0 < site["q50"] < whole["q50"]
    assert (site["q95"] - site["q05"]) / whole["q50"] > 0.3, "honest: about one share in three"
    assert rows.loc["w:p-s7", "q50"] == pytest.approx(site["q50"], rel=0.5)
    alone, _ = answered(panel(AT, growing(2, days=AT)))
    pd.testing.assert_series_equal(whole, alone.loc["w"]), "nobody is added to the total"
    told = model.drivers(known).set_index("place_id")
    for place in ("w:s7", "w:p-s7"):
        first = told.loc[[place]].iloc[0]
        assert first["sentence"].startswith(NO_HISTORY)
        assert first["effect_people_per_day"] * 30 == pytest.approx(rows.loc[place, "q50"], rel=0.35)


def test_only_places_that_an_open_road_leads_to_are_answered():
    assert cold(panel(AT, growing(2, days=AT))) == Cold((), pytest.approx(np.empty(0)))
    assert cold(panel(AT, extra_sites=("s0",))).place_ids == (), "without any count there is no total to share"
    shut = panel(AT, growing(2, days=AT), extra_sites=("s7",), status=[("p-s7", 5, None, "closed")])
    open_ = panel(AT, growing(2, days=AT), extra_sites=("s7",))
    assert 0 < cold(shut).shares[0] < cold(open_).shares[0] / 3


def test_shares_stay_shares_and_depend_on_seed_and_place_only():
    here = Cold(("a", "b"), np.array([0.001, 0.9]))
    total = np.full((50, 3), 100.0, np.float32)
    both = here.arrivals(total, 4)
    assert (both >= 0).all()
    assert (both <= 100).all()
    np.testing.assert_array_equal(Cold(("b",), np.array([0.9])).arrivals(total, 4)[:, 0], both[:, 1])
    assert not np.array_equal(here.arrivals(total, 5), both)
