"""Administrative areas with P-codes (OCHA common operational datasets)."""

from datetime import date
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, area_of, rule


class AdminArea(Versioned):
    """One administrative area. ``parent_pcode`` is missing for a country; ``area_wkt`` where no outline is published.

    ``valid_from_date`` is the date the data set says it is valid on.
    """

    __tablename__ = "admin_area"
    key = ("pcode",)
    content_time = "valid_from_date"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return ranges and the spatial index."""
        return (
            rule("admin_level_range", "admin_level >= 0 and admin_level <= 5"),
            rule("area_sqkm_range", "area_sqkm > 0 and area_sqkm <= 20000000"),
            Index("ix_admin_area_area", "area", postgresql_using="gist"),
            Index("ix_admin_area_country", "country_iso3", "admin_level"),
        )

    pcode: Mapped[str]
    source_id: Mapped[str]
    admin_level: Mapped[int]
    country_iso3: Mapped[str]
    name: Mapped[str]
    other_names: Mapped[str] = mapped_column(server_default="")
    parent_pcode: Mapped[str | None]
    valid_from_date: Mapped[date | None]
    area_sqkm: Mapped[float | None]
    area_wkt: Mapped[str | None] = mapped_column(info={"max_characters": 64_000_000})
    area: Mapped[Any] = area_of("area_wkt")
