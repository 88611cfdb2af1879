"""The nodes of the route network: towns, hubs, border crossing points and sites."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, on_earth, point_of, rule


class Place(Versioned):
    """A named place. Coordinates are degrees WGS 84 and missing where nobody published them.

    ``coordinate_quality`` says how far to trust them. ``population`` is people living there, missing when unknown.
    """

    __tablename__ = "place"
    key = ("id",)
    references = (("situation_id", "situation"),)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return range and vocabulary rules."""
        return (
            *on_earth(),
            rule("kind_known", "kind in ('town', 'hub', 'border_point', 'site')"),
            rule(
                "coordinate_quality_known",
                "coordinate_quality in ('published', 'derived_approximate', 'centroid', 'unknown')",
            ),
            rule("population_range", "population >= 0 and population <= 100000000"),
            Index("ix_place_geometry", "geometry", postgresql_using="gist"),
        )

    id: Mapped[str]
    situation_id: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    country_iso3: Mapped[str]
    admin1_name: Mapped[str | None]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    coordinate_quality: Mapped[str]
    population: Mapped[int | None]
    note: Mapped[str]
    geometry: Mapped[Any] = point_of("longitude", "latitude")
