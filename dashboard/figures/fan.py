"""The observed and forecast fan of one place."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures.palette import FORECAST_COLOUR, OBSERVED_COLOUR

_BANDS = (("q05", "q95", 0.12, "90 %"), ("q10", "q90", 0.16, "80 %"), ("q25", "q75", 0.24, "50 %"))


def arrivals_fan(observed: pd.DataFrame, forecast: pd.DataFrame, as_of: pd.Timestamp) -> go.Figure:
    """Draw arrivals a day: observed periods as steps (catch-up registrations open), forecast as bands and a median.

    ``observed`` has period_start_date, period_end_date, people_per_day, quality, flag; ``forecast`` date and quantiles.
    """
    figure = go.Figure()
    plain = observed[observed["flag"].isna() | (observed["flag"] == "fall")]
    caught = observed[observed["flag"] == "catch_up"]
    for rows, name, dash in (
        (plain, "Estimated from registrations", "solid"),
        (caught, "Registration catch-up", "dot"),
    ):
        if not rows.empty:
            x, y = _steps(rows)
            line = {"color": OBSERVED_COLOUR, "width": 1.6, "dash": dash}
            figure.add_scatter(
                x=x, y=y, name=name, line=line, mode="lines", hovertemplate="%{y:,.0f} a day<extra></extra>"
            )
    _add_fan(figure, forecast, "people a day")
    return _styled(figure, as_of, "people arriving a day")


def stock_fan(observed: pd.DataFrame, forecast: pd.DataFrame, as_of: pd.Timestamp) -> go.Figure:
    """Draw people present: reports as dots, forecast as bands and a median."""
    figure = go.Figure()
    figure.add_scatter(
        x=observed["period_end_date"],
        y=observed["people"].astype("float64"),
        name="Reported",
        mode="lines+markers",
        line={"color": OBSERVED_COLOUR, "width": 1, "dash": "dot"},
        marker={"size": 5},
        hovertemplate="%{y:,.0f} people, %{x|%-d %b %Y}<extra></extra>",
    )
    _add_fan(figure, forecast, "people")
    return _styled(figure, as_of, "people present")


def _add_fan(figure: go.Figure, forecast: pd.DataFrame, unit: str) -> None:
    """Add the bands and the median of a forecast."""
    for low, high, opacity, name in _BANDS:
        if forecast.empty:
            return
        x = [*forecast["date"], *forecast["date"][::-1]]
        y = [*forecast[high], *forecast[low][::-1]]
        fill = f"rgba(31, 111, 181, {opacity})"
        figure.add_scatter(x=x, y=y, fill="toself", fillcolor=fill, line={"width": 0}, name=name, hoverinfo="skip")
    figure.add_scatter(
        x=forecast["date"],
        y=forecast["q50"],
        name="Forecast, median",
        line={"color": FORECAST_COLOUR, "width": 2, "dash": "dash"},
        hovertemplate=f"%{{y:,.0f}} {unit}, %{{x|%-d %b %Y}}<extra></extra>",
    )


def _steps(rows: pd.DataFrame) -> tuple[list[object], list[object]]:
    """Return line coordinates that hold each period's rate over its days, with gaps where nothing was reported."""
    x: list[object] = []
    y: list[object] = []
    for row in rows.itertuples():
        if x and x[-1] != row.period_start_date:
            x, y = [*x, None], [*y, None]
        x += [row.period_start_date, row.period_end_date + pd.Timedelta(days=1)]
        y += [row.people_per_day, row.people_per_day]
    return x, y


def _styled(figure: go.Figure, as_of: pd.Timestamp, title: str) -> go.Figure:
    """Give a fan its axes, the line of the clock and a quiet look."""
    figure.add_vline(x=as_of, line={"color": "#7a858d", "width": 1, "dash": "dot"})
    figure.update_layout(
        template="plotly_white",
        margin={"l": 52, "r": 12, "t": 8, "b": 28},
        height=280,
        font={"family": "Noto Sans, sans-serif", "size": 12, "color": "#22333f"},
        legend={"orientation": "h", "y": -0.18, "x": 0, "font": {"size": 11}},
        hovermode="closest",
        showlegend=True,
    )
    figure.update_yaxes(title={"text": title, "font": {"size": 11}}, rangemode="tozero", tickformat=",")
    figure.update_xaxes(range=[as_of - pd.Timedelta(days=200), as_of + pd.Timedelta(days=95)])
    return figure
