"""Every forecaster keeps the contract; a new one is tested by this file as soon as it exists."""

import inspect
import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from models.errors import LookAhead
from models.forecasters.chosen import Chosen
from models.panel import Panel
from models.paths import QUANTILE_COLUMNS
from models.registry import forecaster, forecasters, lacking
from models.rows import forecast_rows
from tests.worlds import day, facts, growing, panel

NAMES = sorted(name for name, cls in forecasters().items() if lacking(cls) is None)
AT = 250
ODD = {
    "one report": [(0, 500.0)],
    "one report today": [(210, 500.0)],
    "two reports": [(0, 500.0), (30, 900.0)],
    "three reports": [(0, 500.0), (30, 900.0), (60, 880.0)],
    "all zeros": [(d, 0.0) for d in range(0, 200, 7)],
    "constant": [(d, 700.0) for d in range(0, 200, 7)],
    "a spike of 100 times": [(d, 100_000.0 if d == 140 else 1000.0) for d in range(0, 200, 7)],
    "from nobody to 10,000 a day": [(d, 10.0 if d < 190 else 10.0 + 10_000 * (d - 190)) for d in range(0, 210, 7)],
}


def fitted(name: str, known: Panel):
    return forecaster(name).fit(known)


@cache
def grown() -> Panel:
    return panel(AT, growing())


@cache
def odd_panels(odd: str) -> list[Panel]:
    """A place with that history alone, and beside two others."""
    return [panel(210, stock) for stock in ({"odd": ODD[odd]}, {"odd": ODD[odd], **growing(2)})]


@cache
def futures() -> tuple[Panel, Panel]:
    """What was known on a day, read without any future and taken from a panel with a future of its own."""
    past, future = growing(days=AT), growing(days=AT + 200)
    rng = np.random.default_rng(1)
    changed = {
        place: [(d, people if d < AT else float(rng.integers(0, 10**6))) for d, people in reports]
        for place, reports in future.items()
    }
    events = [(d, 0.2, 0.1) for d in range(0, AT, 5)]
    later = [(d, 1.0, 0.0) for d in range(AT, AT + 150, 2)]
    shut = [("p-s0", 100, None, "closed")]
    shut_later = [*shut, ("p-s1", AT, None, "closed")]
    without = Panel(facts(past, events=events, status=shut), "w", day(AT - 1))
    seen = Panel(facts(changed, events=[*events, *later], status=shut_later), "w", day(AT + 200)).at(day(AT - 1))
    return without, seen


@pytest.mark.parametrize("name", NAMES)
def test_is_an_estimator_with_parameters_only_in_init(name):
    model = forecaster(name)
    assert set(model.get_params(deep=False)) == set(inspect.signature(type(model)).parameters)
    assert set(vars(model)) == set(model.get_params(deep=False)), "__init__ sets more than its parameters"
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy is not model
    assert model.name == name
    assert model.role in ("baseline", "shadow", "deployed", "retired")
    assert model.version


@pytest.mark.parametrize("name", NAMES)
def test_paths_are_finite_non_negative_and_quantiles_ascend(name):
    known = grown()
    model = fitted(name, known)
    paths = model.predict(known, 90, 60, 1)
    for values in (paths.arrivals, paths.stock):
        assert values.shape == (60, 3, 90)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    rows = forecast_rows(model, known, 90, 60, 1)
    cuts = rows[list(QUANTILE_COLUMNS)].to_numpy()
    assert (np.diff(cuts, axis=1) >= 0).all()
    assert set(rows["place_id"]) == {f"w:s{i}" for i in range(3)} | {f"w:p-s{i}" for i in range(3)} | {"w", "w:BBB"}
    assert not rows.duplicated(["place_id", "measure", "aggregation", "horizon_days"]).any()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_paths_and_another_seed_others(name):
    first, second, other = (
        fitted(name, known).predict(known, 30, 40, seed)
        for known, seed in ((grown(), 5), (panel(AT, growing()), 5), (grown(), 6))
    )
    np.testing.assert_array_equal(first.stock, second.stock)
    np.testing.assert_array_equal(first.arrivals, second.arrivals)
    assert not np.array_equal(first.stock, other.stock)


@pytest.mark.parametrize("name", NAMES)
def test_a_place_does_not_depend_on_which_others_are_asked_for(name):
    known = grown()
    model = fitted(name, known)
    together = model.predict(known, 30, 40, 5)
    for i, place in enumerate(known.counted_ids):
        alone = model.predict(known, 30, 40, 5, [place])
        np.testing.assert_allclose(alone.stock[:, 0], together.stock[:, i], rtol=1e-6)
        np.testing.assert_allclose(alone.arrivals[:, 0], together.arrivals[:, i], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_permuting_the_rows_changes_nothing(name):
    frames = facts(growing())
    shuffled = {table: frame.sample(frac=1, random_state=3) for table, frame in frames.items()}
    one, two = (Panel(f, "w", day(AT)) for f in (frames, shuffled))
    a, b = (fitted(name, p).predict(p, 30, 40, 5) for p in (one, two))
    assert a.place_ids == b.place_ids
    np.testing.assert_array_equal(a.stock, b.stock)
    np.testing.assert_array_equal(a.arrivals, b.arrivals)


@pytest.mark.parametrize("name", NAMES)
def test_refuses_a_panel_from_before_what_it_has_learnt(name):
    known = grown()
    model = fitted(name, known)
    with pytest.raises(LookAhead):
        model.predict(known.at(day(AT - 1)))


@pytest.mark.parametrize("name", NAMES)
def test_f45_shuffling_the_future_changes_nothing(name):
    without, seen = futures()
    first, second = (fitted(name, p) for p in (without, seen))
    a, b = first.predict(without, 60, 40, 5), second.predict(seen, 60, 40, 5)
    np.testing.assert_array_equal(a.stock, b.stock)
    np.testing.assert_array_equal(a.arrivals, b.arrivals)
    pd.testing.assert_frame_equal(first.drivers(without), second.drivers(seen))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("odd", ODD)
def test_f63_odd_histories_get_a_finite_answer_or_none(name, odd):
    for known in odd_panels(odd):
        model = fitted(name, known)
        rows = forecast_rows(model, known, 90, 40, 1)
        cuts = rows[list(QUANTILE_COLUMNS)].to_numpy()
        assert np.isfinite(cuts).all()
        assert (cuts >= 0).all()
        assert (np.diff(cuts, axis=1) >= 0).all()
        assert (cuts <= 1e9).all()
        model.drivers(known)


@pytest.mark.parametrize("name", NAMES)
def test_no_data_at_all_is_no_forecast(name):
    known = panel(AT, extra_sites=("s0", "s1"))
    model = fitted(name, known)
    assert forecast_rows(model, known, 90, 40, 1).empty
    assert "Not reported yet" in model.drivers(known)["sentence"].str.cat()


@pytest.mark.parametrize("name", NAMES)
def test_points_with_their_own_counts_are_forecast_from_them(name):
    known = panel(AT, flow={"p-s0": [(d, d + 6, 70.0 + d % 3) for d in range(0, AT - 7, 7)]})
    rows = forecast_rows(fitted(name, known), known, 30, 60, 1)
    median = rows[(rows["place_id"] == "w:p-s0") & (rows["aggregation"] == "cumulative") & (rows["horizon_days"] == 30)]
    assert 200 <= median["q50"].item() <= 400
    assert set(rows["measure"]) == {"arrivals"}


@pytest.mark.parametrize("name", NAMES)
def test_drivers_are_ranked_and_add_up_to_the_forecast(name):
    known = panel(AT, growing(), events=[(d, 0.9, 0.0) for d in range(AT)], status=[("p-s0", 200, None, "closed")])
    found = fitted(name, known).drivers(known)
    assert list(found.columns) == ["place_id", "rank", "sentence", "effect_people_per_day"]
    assert (found.groupby("place_id")["rank"].min() == 1).all()
    assert not found.duplicated(["place_id", "rank"]).any()
    assert found["sentence"].str.len().gt(10).all()
    closed = found[(found["place_id"] == "w:p-s0") & found["effect_people_per_day"].isna()]
    assert "Closed since" in closed["sentence"].str.cat()
    effect = found.groupby("place_id")["effect_people_per_day"].sum()
    for i in range(3):
        assert effect[f"w:p-s{i}"] == pytest.approx(effect[f"w:s{i}"], rel=1e-6), "all of a site comes over its point"


@pytest.mark.parametrize("name", NAMES)
def test_pooling_over_situations_and_pickling(name):
    known = grown()
    other = Panel(facts(growing(2)), "w", day(AT - 30))
    other.situation_id = "other"
    model = forecaster(name).fit([known, other])
    expected = model.predict(known, 30, 40, 5)
    again = pickle.loads(pickle.dumps(model)).predict(known, 30, 40, 5)
    np.testing.assert_array_equal(expected.stock, again.stock)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 200), st.integers(0, 10**6)), max_size=12, unique_by=lambda r: r[0]),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([n for n in NAMES if n != Chosen.name]),
)
def test_any_history_gets_ordered_finite_quantiles(histories, name):
    stock = {f"s{i}": sorted((d, float(p)) for d, p in reports) for i, reports in enumerate(histories)}
    known = panel(200, {k: v for k, v in stock.items() if v}, extra_sites=tuple(stock))
    cuts = forecast_rows(fitted(name, known), known, 45, 20, 1)[list(QUANTILE_COLUMNS)].to_numpy()
    assert np.isfinite(cuts).all()
    assert (cuts >= 0).all()
    assert (np.diff(cuts, axis=1) >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_counts_at_border_points_by_the_month_and_no_stock_anywhere_get_a_forecast(name):
    flow = {
        f"p-s{i}": [(d, d + 29, 3000.0 * (i + 1) + 700 * ((d // 30 + i) % 5)) for d in range(0, 900, 30)]
        for i in range(2)
    }
    known = panel(930, flow=flow)
    rows = forecast_rows(fitted(name, known), known, 90, 40, 1)
    cuts = rows.loc[rows["place_id"].isin(["w:p-s0", "w:p-s1"]), list(QUANTILE_COLUMNS)].to_numpy()
    assert len(cuts) > 0
    assert np.isfinite(cuts).all()
    assert (np.diff(cuts, axis=1) >= 0).all()
    assert (cuts >= 0).all()
