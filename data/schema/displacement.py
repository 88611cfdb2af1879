"""Published figures of displaced people by area: IDPs, refugees, asylum seekers and returnees."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, on_earth, rule


class Displacement(Versioned):
    """One figure of one source for one area and period; figures of two sources are never summed.

    ``measure`` *stock*: people displaced at ``period_end_date``; *flow*: people newly displaced in the period.
    ``series`` names what may be compared within the source (a DTM operation, an IDU event): figures of two series
    never add up.
    ``is_additive`` is false for a figure that only supports another one (an IDU triangulation). ``country_iso3`` is
    where the people are, ``origin_iso3`` where they come from (missing: not told). ``area_pcode`` is missing where the
    source gives a name only, both are missing for a whole country (``admin_level`` 0). ``people`` missing means
    reported as not available; zero means counted, nobody.
    """

    __tablename__ = "displacement"
    key = ("source_id", "record_id")
    content_time = "period_end_date"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return vocabulary, order and range rules."""
        groups = "'idp', 'refugee', 'asylum_seeker', 'returned_refugee', 'returned_idp', 'stateless', 'other'"
        return (
            *on_earth(),
            rule("population_group_known", f"population_group in ({groups})"),
            rule("measure_known", "measure in ('stock', 'flow')"),
            rule("cause_known", "cause in ('conflict', 'disaster', 'other', 'not_told')"),
            rule("quality_known", "quality in ('reported', 'provisional', 'estimated')"),
            rule("admin_level_range", "admin_level >= 0 and admin_level <= 5"),
            rule("period_order", "period_end_date >= period_start_date"),
            rule("people_range", "people >= 0 and people <= 200000000"),
            Index("ix_displacement_area", "country_iso3", "area_pcode", "period_end_date"),
        )

    source_id: Mapped[str]
    record_id: Mapped[str]
    series: Mapped[str]
    population_group: Mapped[str]
    measure: Mapped[str]
    cause: Mapped[str] = mapped_column(server_default="not_told")
    country_iso3: Mapped[str]
    origin_iso3: Mapped[str | None]
    admin_level: Mapped[int]
    area_pcode: Mapped[str | None]
    area_name: Mapped[str | None]
    period_start_date: Mapped[date]
    period_end_date: Mapped[date]
    people: Mapped[int | None]
    is_additive: Mapped[bool]
    quality: Mapped[str] = mapped_column(server_default="reported")
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    note: Mapped[str | None]
