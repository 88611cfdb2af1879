"""What Waypost is for, what it refuses to do, and where its data come from."""

from typing import Any

import dash
from dash import dcc, html

dash.register_page(__name__, path="/about", name="About", order=9, title="About · Waypost")

_TEXT = """
## What this is for

Waypost shows, for one border crossing point, how many people may arrive, what the point can process and shelter, what
is missing and what it would take. Well-prepared points stay open. No output of Waypost recommends closing a border,
and its forecasts are no ground for closing or fortifying one: a closed border diverts people, it does not stop them.

## What it holds

Aggregates only: counts of people, events, places, capacities, stocks. No identity, no biometrics, no case file, no
score of a person; a file with a column that looks like personal data is refused.

## What it cannot know

- Registrations are not arrivals. Arrivals are **estimated** from the change between two registrations and marked so;
  catch-up registrations are flagged; a fall in a register is not a negative arrival.
- Forecasts come as ranges. The 80 % range should hold four times in five; each place shows how often it did.
- "Not reported" and "not assessed" are said as such. They are neither zero nor enough.
- In the replay, everything is shown as it was known on the day of the clock: a registration on its date, a conflict
  event 30 days after it (an assumption of this situation).

## Sources and thanks

Conflict: UCDP Georeferenced Event Dataset (CC BY 4.0), Uppsala University. Hazards: GDACS. Registrations of the
Central African Republic situation: UNHCR operational data by way of the FabFlee repository (BSD 3-Clause). Basemap:
Natural Earth (public domain), GeoNames (CC BY 4.0). Standards: each with its source on the page Standards. """


def layout(**_: Any) -> html.Div:
    """Return the text."""
    return html.Div([html.H1("About Waypost"), dcc.Markdown(_TEXT)], className="prose")
