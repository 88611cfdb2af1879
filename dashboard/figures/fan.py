"""The observed and forecast fan of one place."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures.palette import FORECAST_COLOUR, NOTE_COLOUR, OBSERVED_COLOUR, PROVISIONAL_COLOUR

PROVISIONAL_DAYS = 28
"""Counts of the last four weeks come in late or are mended."""
PROVISIONAL = "Last four weeks: provisional, counts may still change"
_BANDS = (("q05", "q95", 0.12, "90 % range"), ("q10", "q90", 0.16, "80 % range"), ("q25", "q75", 0.24, "50 % range"))


def arrivals_fan(observed: pd.DataFrame, forecast: pd.DataFrame, as_of: pd.Timestamp, note: str = "") -> go.Figure:
    """Draw arrivals a day: observed as steps (registration catch-ups dotted), forecast as bands and a median.

    ``observed`` has date, people_per_day, is_catch_up; ``forecast`` date and quantiles. ``note`` is written over the
    chart, so that it goes wherever a picture of it goes.
    """
    figure = go.Figure()
    whole = (
        pd.DataFrame({"date": pd.date_range(observed["date"].min(), observed["date"].max())})
        if len(observed)
        else observed[["date"]]
    )
    daily = whole.merge(observed, on="date", how="left")
    for caught, name, dash in (
        (False, "Estimated from registrations", "solid"),
        (True, "Registration catch-up", "dot"),
    ):
        shown = daily["people_per_day"].where(daily["is_catch_up"].eq(caught))
        if shown.notna().any():
            line = {"color": OBSERVED_COLOUR, "width": 1.6, "dash": dash, "shape": "hv"}
            hover = "%{y:,.0f} a day, %{x|%-d %b %Y}<extra></extra>"
            figure.add_scatter(x=daily["date"], y=shown, name=name, line=line, mode="lines", hovertemplate=hover)
    _add_fan(figure, forecast, "people a day")
    return _styled(figure, as_of, "people arriving a day", note)


def stock_fan(observed: pd.DataFrame, forecast: pd.DataFrame, as_of: pd.Timestamp, note: str = "") -> go.Figure:
    """Draw people present: reports as dots, forecast as bands and a median; ``note`` as in `arrivals_fan`."""
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
    return _styled(figure, as_of, "people present", note)


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


def _styled(figure: go.Figure, as_of: pd.Timestamp, title: str, note: str) -> go.Figure:
    """Give a fan its axes, the line of the clock, the weeks that may still change, its note and a quiet look."""
    figure.add_vline(x=as_of, line={"color": "#7a858d", "width": 1, "dash": "dot"})
    figure.add_vrect(
        x0=as_of - pd.Timedelta(days=PROVISIONAL_DAYS),
        x1=as_of,
        fillcolor=PROVISIONAL_COLOUR,
        line={"width": 0},
        layer="below",
        name=PROVISIONAL,
        showlegend=True,
    )
    figure.update_layout(
        template="plotly_white",
        margin={"l": 52, "r": 12, "t": 26 if note else 8, "b": 28},
        height=280,
        font={"family": "Noto Sans, sans-serif", "size": 12, "color": "#22333f"},
        legend={"orientation": "h", "y": -0.18, "x": 0, "font": {"size": 11}},
        hovermode="closest",
        showlegend=True,
    )
    if note:
        place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
        figure.add_annotation(text=note, showarrow=False, font={"size": 12, "color": NOTE_COLOUR}, **place)
    figure.update_yaxes(title={"text": title, "font": {"size": 11}}, rangemode="tozero", tickformat=",")
    figure.update_xaxes(range=[as_of - pd.Timedelta(days=200), as_of + pd.Timedelta(days=95)])
    return figure
