"""Natural hazard alerts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, on_earth, point_of, rule


class HazardEvent(Versioned):
    """One hazard event at its newest episode. The colour is the canonical level; the score differs between feeds.

    ``severity`` is in ``severity_unit`` and missing where the source gave none. ``ended_at`` is missing while unknown.
    """

    __tablename__ = "hazard_event"
    key = ("source_id", "event_id")
    content_time = "modified_at"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return vocabulary, order and range rules."""
        return (
            *on_earth(),
            rule(
                "kind_known",
                "kind in ('earthquake', 'tropical_cyclone', 'flood', 'volcano', 'drought', 'wildfire', 'tsunami')",
            ),
            rule("alert_level_known", "alert_level in ('green', 'orange', 'red')"),
            rule("period_order", "ended_at >= started_at"),
            Index("ix_hazard_event_geometry", "geometry", postgresql_using="gist"),
        )

    source_id: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    alert_level: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    modified_at: Mapped[datetime]
    is_current: Mapped[bool]
    country_iso3: Mapped[str | None]
    longitude: Mapped[float]
    latitude: Mapped[float]
    severity: Mapped[float | None]
    severity_unit: Mapped[str | None]
    url: Mapped[str | None]
    geometry: Mapped[Any] = point_of("longitude", "latitude")
