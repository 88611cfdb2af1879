"""The chart of checked forecasts shows each one, and tells hit from miss by more than colour."""

import numpy as np
import pandas as pd
import pytest

from dashboard.figures.judged import DAY_MILLISECONDS, judged_forecasts
from models.paths import QUANTILE_COLUMNS


def rows(happened: list[float]) -> pd.DataFrame:
    """Fortnightly forecasts of 100 people, 80 to 120 in the 80 % range, 90 to 110 in the 50 % range."""
    dates = pd.date_range("2020-01-01", periods=len(happened), freq="14D")
    cuts = dict(zip(QUANTILE_COLUMNS, np.array([70.0, 80, 90, 100, 110, 120, 130]), strict=True))
    return pd.DataFrame({"target_date": dates, "happened": happened, "last_value": 95.0}).assign(**cuts)


def test_every_forecast_has_its_ranges_and_its_count():
    figure = judged_forecasts(rows([100.0, 79.0, 120.0]), "people present")
    traces = {trace.name: trace for trace in figure.data}
    bar = traces["Forecast, 80 % range"]
    assert (list(bar.base), list(bar.y)) == ([80.0] * 3, [40.0] * 3)
    assert list(traces["Forecast, 50 % range"].y) == [20.0] * 3
    assert bar.width == pytest.approx(0.8 * 14 * DAY_MILLISECONDS)
    hit, missed = traces["Happened, inside the 80 % range"], traces["Happened, outside"]
    assert (list(hit.y), list(missed.y)) == ([100.0, 120.0], [79.0])
    assert hit.marker.symbol != missed.marker.symbol
    assert list(traces["Last value known then"].y) == [95.0] * 3
    assert figure.layout.yaxis.title.text == "people present"


def test_a_single_forecast_has_a_bar_of_a_week():
    assert judged_forecasts(rows([0.0]), "people").data[0].width == pytest.approx(0.8 * 7 * DAY_MILLISECONDS)


@pytest.mark.parametrize("forecasts", [1, 2, 40])
def test_the_axis_holds_every_bar_and_more_than_a_single_one(forecasts):
    many = rows([0.0] * forecasts)
    figure = judged_forecasts(many, "people")
    first, last = (pd.Timestamp(end) for end in figure.layout.xaxis.range)
    bar = pd.Timedelta(milliseconds=figure.data[0].width)
    assert first <= many["target_date"].min() - bar / 2
    assert last >= many["target_date"].max() + bar / 2
    assert last - first > 4 * bar
