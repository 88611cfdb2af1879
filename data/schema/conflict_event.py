"""Conflict events as published by a source; the same real event from two sources is two rows, never one sum."""

from datetime import date
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, on_earth, point_of, rule


class ConflictEvent(Versioned):
    """One violent event.

    Fatalities are the source's estimates; missing means the source gave none. The three
    are kept as published: in about one UCDP event in a hundred the best estimate lies outside low to high.

    ``location_precision`` is the source's: exact, near, admin2, admin1, country. Only exact to admin2 are drawn as
    points. ``location_flag`` names what is odd about the position: null_island, country_centroid, sea_or_air (missing:
    nothing).
    """

    __tablename__ = "conflict_event"
    key = ("source_id", "event_id")
    content_time = "end_date"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return vocabulary, order and range rules and the indexes for maps and catchments."""
        return (
            *on_earth(),
            rule("kind_known", "kind in ('state_based', 'non_state', 'one_sided', 'other')"),
            rule(
                "precision_known", "location_precision in ('exact', 'near', 'admin2', 'admin1', 'country', 'unknown')"
            ),
            rule("period_order", "end_date >= start_date"),
            rule("fatalities_range", "fatalities_best >= 0 and fatalities_best <= 10000000"),
            rule("fatalities_low_range", "fatalities_low >= 0 and fatalities_low <= 10000000"),
            rule("fatalities_high_range", "fatalities_high >= 0 and fatalities_high <= 10000000"),
            Index("ix_conflict_event_geometry", "geometry", postgresql_using="gist"),
            Index("ix_conflict_event_end_date", "end_date"),
            Index("ix_conflict_event_source", "source_id", "country_iso3", "end_date"),
        )

    source_id: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date]
    country_iso3: Mapped[str]
    admin1_name: Mapped[str | None]
    longitude: Mapped[float]
    latitude: Mapped[float]
    location_precision: Mapped[str]
    location_flag: Mapped[str | None]
    fatalities_best: Mapped[int | None]
    fatalities_low: Mapped[int | None]
    fatalities_high: Mapped[int | None]
    geometry: Mapped[Any] = point_of("longitude", "latitude")
