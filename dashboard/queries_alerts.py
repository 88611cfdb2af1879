"""Public warnings in force around a situation, as known at the replay clock."""

import pandas as pd
from sqlalchemy import text

from dashboard.queries import View
from data.access import gate
from data.alerts_in_force import in_force
from data.schema.place import Place
from data.schema.public_alert import PublicAlert
from data.store import reported

AROUND_DEGREES = 1.0
"""A warning this close to the rectangle around the situation's places is one for its planners."""
SEVERITIES = ("extreme", "severe", "moderate", "minor", "unknown")
_MESSAGES = """
    SELECT e.sender, e.identifier, e.sent_at, e.language, e.part, e.status, e.message_type, e.reference_list,
        e.effective_at, e.expires_at, e.severity, e.event, e.headline, e.sender_name, e.area_name, e.source_id,
        coalesce(e.area && ST_MakeEnvelope(:west, :south, :east, :north, 4326), false)
            OR e.geocodes ~ :countries AS is_near
    FROM public_alert e
    WHERE e.known_from <= :at AND (e.known_to IS NULL OR e.known_to > :at) AND NOT e.is_deleted
        AND e.status = 'actual' AND (e.message_type <> 'alert' OR e.expires_at IS NULL OR e.expires_at > :at)
        AND {visible}"""


def alerts(view: View) -> pd.DataFrame:
    """Return the warnings in force near the places of a situation, or for one of its countries; the severest first.

    One row a warning and area, in English where it was sent in English too: event, headline, area_name, sender_name
    (missing where the sender gave none), severity, sent_at, expires_at (missing: no end was set), source_id.
    """
    places = view.of(Place, situation_id=view.situation_id)
    degrees = places[["longitude", "latitude"]].astype(float)
    if not degrees.notna().all(axis=1).any():
        return pd.DataFrame()
    west, south = degrees.min() - AROUND_DEGREES
    east, north = degrees.max() + AROUND_DEGREES
    values = {"at": view.instant, "west": west, "south": south, "east": east, "north": north}
    countries = "|".join(sorted(places["country_iso3"].dropna().unique()))
    sql = text(_MESSAGES.replace("{visible}", gate(PublicAlert, view.store.audience, "e")))
    with reported(), view.store.engine.connect() as connection:
        rows = connection.execute(sql, {**values, "countries": rf"\mISO3=({countries})\M"})
        frame = pd.DataFrame(rows.fetchall(), columns=list(rows.keys()))
    found = in_force(frame, view.instant)
    found = found[found["is_near"].astype(bool)]
    order = found.assign(
        rank=found["severity"].map(SEVERITIES.index), foreign=~found["language"].str.lower().str.startswith("en")
    ).sort_values(["rank", "sent_at", "foreign"], ascending=[True, False, True])
    once = order.drop_duplicates(["sender", "identifier", "sent_at", "part"])
    return once.drop(columns=["rank", "foreign", "is_near"])
