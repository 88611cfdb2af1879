"""The fan of a place: what was counted, and what is expected, also where nobody ever counted."""

import pandas as pd
import pytest

from dashboard.figures.fan import PROVISIONAL, arrivals_fan, stock_fan
from models.paths import QUANTILE_COLUMNS

AS_OF = pd.Timestamp("2014-03-01")


def forecast() -> pd.DataFrame:
    return pd.DataFrame({"date": pd.date_range("2014-03-02", periods=3)}).assign(**dict.fromkeys(QUANTILE_COLUMNS, 7.0))


def counted(dates: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"date": pd.to_datetime(dates), "people_per_day": 5.0, "is_catch_up": False})


def names(observed: pd.DataFrame) -> list[str]:
    return [trace.name for trace in arrivals_fan(observed, forecast(), AS_OF).data]


def test_a_place_that_never_counted_shows_its_forecast_alone():
    assert "Forecast, median" in names(counted([]))
    assert "Estimated from registrations" not in names(counted([]))


def test_days_without_a_report_are_gaps():
    (line,) = [
        t for t in arrivals_fan(counted(["2014-01-01", "2014-01-03"]), forecast(), AS_OF).data
        if t.name == "Estimated from registrations"
    ]  # fmt: skip
    assert pd.isna(line.y[1])
    assert (line.y[0], line.y[2]) == (5.0, 5.0)


@pytest.mark.parametrize("fan", [arrivals_fan, stock_fan])
def test_f45_the_last_four_weeks_are_marked_as_provisional_and_named_in_the_legend(fan):
    observed = counted(["2014-01-01"]).assign(period_end_date=pd.Timestamp("2014-01-01"), people=5)
    (weeks,) = [shape for shape in fan(observed, forecast(), AS_OF).layout.shapes if shape.type == "rect"]
    assert (weeks.x0, weeks.x1) == (pd.Timestamp("2014-02-01"), AS_OF)
    assert weeks.showlegend
    assert weeks.name == PROVISIONAL
