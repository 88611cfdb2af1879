"""Shapes that belong to a hazard event: affected areas, wind radii, tracks, forecast cones."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, area_of, rule


class HazardArea(Versioned):
    """One shape of one hazard event.

    ``area_class`` says what it is, ``label`` what the source calls it. The event itself is a row of ``hazard_event``
    with the same ``source_id`` and ``event_id``, which may come later or never. ``valid_at`` is missing for a shape of
    the whole event.
    """

    __tablename__ = "hazard_area"
    key = ("source_id", "event_id", "area_class", "label")
    content_time = "modified_at"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the vocabulary of classes."""
        classes = "'affected', 'wind_green', 'wind_orange', 'wind_red', 'cone', 'track', 'position', 'extent', 'other'"
        return (
            rule("area_class_known", f"area_class in ({classes})"),
            Index("ix_hazard_area_area", "area", postgresql_using="gist"),
        )

    source_id: Mapped[str]
    event_id: Mapped[str]
    area_class: Mapped[str]
    label: Mapped[str]
    valid_at: Mapped[datetime | None]
    modified_at: Mapped[datetime]
    area_wkt: Mapped[str] = mapped_column(info={"max_characters": 16_000_000})
    area: Mapped[Any] = area_of("area_wkt")
