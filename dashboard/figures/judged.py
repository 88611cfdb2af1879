"""What was forecast for a day, beside what then happened."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures.palette import FORECAST_COLOUR, GAP_COLOUR, NO_FORECAST_COLOUR, OBSERVED_COLOUR

DAY_MILLISECONDS = 86_400_000
LEAST_SPAN = pd.Timedelta(days=90)
"""What the axis shows at least, so that one forecast is a bar and not the whole chart."""
_BANDS = (("q10", "q90", 0.18, "Forecast, 80 % range"), ("q25", "q75", 0.32, "Forecast, 50 % range"))
_MISSED_COLOUR = GAP_COLOUR["gap"]


def judged_forecasts(rows: pd.DataFrame, unit: str) -> go.Figure:
    """Draw each checked forecast at the day it speaks of: both ranges, the median, the last value and what happened.

    ``rows`` has target_date, the quantiles, happened and last_value of one place and horizon; one forecast is one bar,
    so that nothing is drawn where nothing was checked. What fell outside the 80 % range has another colour and shape.
    """
    figure = go.Figure()
    width = _width(rows["target_date"])
    for low, high, opacity, name in _BANDS:
        figure.add_bar(
            x=rows["target_date"], base=rows[low], y=rows[high] - rows[low], width=width, name=name, hoverinfo="skip",
            marker={"color": f"rgba(31, 111, 181, {opacity})", "line": {"width": 0}},
        )  # fmt: skip
    inside = rows["happened"].between(rows["q10"], rows["q90"])
    _add_marks(figure, rows["target_date"], rows["last_value"], "Last value known then",
               {"color": NO_FORECAST_COLOUR, "symbol": "circle-open", "size": 6})  # fmt: skip
    _add_marks(figure, rows["target_date"], rows["q50"], "Forecast, median",
               {"color": FORECAST_COLOUR, "symbol": "line-ew", "size": 13,
                "line": {"width": 2.5, "color": FORECAST_COLOUR}})  # fmt: skip
    for held, name, colour, symbol in (
        (True, "Happened, inside the 80 % range", OBSERVED_COLOUR, "circle"),
        (False, "Happened, outside", _MISSED_COLOUR, "x"),
    ):
        some = rows[inside == held]
        _add_marks(figure, some["target_date"], some["happened"], name,
                   {"color": colour, "symbol": symbol, "size": 7 if held else 9})  # fmt: skip
    return _styled(figure, unit, _span(rows["target_date"], width))


def _span(dates: "pd.Series[pd.Timestamp]", width_milliseconds: float) -> list[pd.Timestamp]:
    """Return the first and last moment of the axis: every bar whole, and at least `LEAST_SPAN`."""
    first, last = dates.min(), dates.max()
    margin = max(pd.Timedelta(milliseconds=width_milliseconds), (LEAST_SPAN - (last - first)) / 2)
    return [first - margin, last + margin]


def _width(dates: "pd.Series[pd.Timestamp]") -> float:
    """Return the width of a bar in milliseconds: most of the usual time between two forecasts."""
    between = dates.sort_values().diff().dt.days.median()
    return DAY_MILLISECONDS * 0.8 * (7.0 if pd.isna(between) else max(float(between), 1.0))


def _add_marks(
    figure: go.Figure, x: "pd.Series[pd.Timestamp]", y: "pd.Series[float]", name: str, marker: dict[str, Any]
) -> None:
    """Add marks that tell their figure."""
    hover = f"{name}: %{{y:,.0f}}, %{{x|%-d %b %Y}}<extra></extra>"
    figure.add_scatter(x=x, y=y, name=name, mode="markers", marker=marker, hovertemplate=hover)


def _styled(figure: go.Figure, unit: str, span: list[pd.Timestamp]) -> go.Figure:
    """Give the chart its axes and a quiet look."""
    figure.update_layout(
        template="plotly_white",
        barmode="overlay",
        margin={"l": 56, "r": 12, "t": 8, "b": 28},
        height=380,
        font={"family": "Noto Sans, sans-serif", "size": 12, "color": "#22333f"},
        legend={"orientation": "h", "y": -0.12, "x": 0, "font": {"size": 11}},
        hovermode="closest",
    )
    figure.update_yaxes(title={"text": unit, "font": {"size": 11}}, rangemode="tozero", tickformat=",")
    figure.update_xaxes(range=span, tickformat="%-d %b<br>%Y")
    return figure
