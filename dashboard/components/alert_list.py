"""Public warnings in force: what the authorities say, in their own words."""

from datetime import date
from typing import Any

import pandas as pd
from dash import html

from dashboard.words import day

MOST_SHOWN = 12


def alert_list(alerts: pd.DataFrame, as_of_date: date) -> Any:
    """Return the warnings of a day (`dashboard.queries_alerts.alerts`) in their order; one quiet line without any."""
    if alerts.empty:
        return html.P(f"No public warning is known to be in force here on {day(as_of_date)}.", className="quiet")
    shown = alerts.head(MOST_SHOWN)
    items = [html.Li(_said(alert), dir="auto") for alert in shown.itertuples()]
    left = len(alerts) - len(shown)
    if left:
        items.append(html.Li(f"and {left:,} more, none of them severer than these", className="quiet"))
    title = f"Public warnings in force here on {day(as_of_date)}: {len(alerts):,}"
    return html.Details([html.Summary(title), html.Ul(items, className="warnings")], open=True, className="sector")


def _said(alert: Any) -> list[Any]:
    """Return one warning: severity in words, what and where, who says so and until when."""
    end = alert.expires_at
    until = "no end set" if pd.isna(end) else f"until {end:%H:%M} UTC, {day(end)}"
    sender = alert.sender if pd.isna(alert.sender_name) else alert.sender_name
    parts = [str(part) for part in (alert.headline, alert.area_name) if not pd.isna(part)]
    severity = "Severity unknown" if alert.severity == "unknown" else alert.severity.capitalize()
    return [
        html.Strong(f"{severity}: {alert.event}"),
        html.Span(" · ".join(["", *parts])),
        html.Span(f" ({sender}, sent {day(alert.sent_at)}, {until})", className="quiet"),
    ]
