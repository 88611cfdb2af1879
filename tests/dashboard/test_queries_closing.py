"""What the page says of a closure is what the model computed from the forecast that is shown."""

from datetime import date

import pandas as pd
import pytest

from dashboard.components.closing import result
from dashboard.queries import View
from dashboard.queries_closing import if_closed
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.store import Store
from models.panel import Panel
from models.paths import QUANTILE_COLUMNS
from models.where import diversion
from tests.worlds import day, facts, growing, load

AT = 120

ISSUED = date(2014, 2, 23)


@pytest.fixture
def view(store: Store) -> View:
    """A situation with three points and a deployed forecast of ten people a day at each, thirty at P90."""
    load(store, facts(growing(3, days=100)))
    rows = [
        {"place_id": f"w:p-s{i}", "measure": "arrivals", "aggregation": "cumulative", "horizon_days": n,
         **{q: (30.0 if q > "q50" else 10.0) * n for q in QUANTILE_COLUMNS}}
        for i in range(3) for n in range(1, 91)
    ]  # fmt: skip
    run = {
        "situation_id": "w", "model_name": "chosen", "model_version": "1", "role": "deployed", "seed": 1,
        "origin_date": day(AT - 3), "newest_observation_date": None, "path_count": 1, "model_sha256": "",
    }  # fmt: skip
    store.add_one(ForecastRun, run, {Forecast: pd.DataFrame(rows)})
    return View(store, "w", day(AT))


def test_the_numbers_on_the_page_are_the_models_and_add_up(view):
    found = if_closed(view, "w:p-s1", 30)
    panel = Panel.read(view.store, "w", day(AT))
    expected = view.store.read(Forecast, aggregation="cumulative")
    computed = diversion.if_closed(panel, "w:p-s1", expected, 30)
    pd.testing.assert_frame_equal(found[computed.columns], computed)
    answer = result(found, "w:p-s1", 30, ISSUED)
    page = [part for top in answer for part in (top, *top._traverse()) if not isinstance(part, str)]
    shown = [part.to_plotly_json()["props"] for part in page]
    kept = [(float(s["data-before"]), float(s["data-kept"])) for s in shown if "data-before" in s]
    more = [float(s["data-p50"]) for s in shown if "data-p50" in s]
    assert kept == [(300.0, pytest.approx(45.0))]
    assert sorted(more) == pytest.approx(
        sorted((computed["q50_after"] - computed["q50_before"]).clip(lower=0).loc[lambda m: m > 0]), abs=1e-5
    )
    assert kept[0][1] + sum(more) == pytest.approx(kept[0][0])


def test_what_is_no_border_point_or_has_no_forecast_gets_no_numbers(view):
    assert result(if_closed(view, "w:s1", 30), "w:s1", 30, ISSUED) == []
    before_any = View(view.store, "w", day(50))
    assert "Nobody is forecast" in repr(result(if_closed(before_any, "w:p-s1", 30), "w:p-s1", 30, None))
