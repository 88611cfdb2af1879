"""Indicators of an area and period: rainfall, river discharge, food security, risk, population, prices."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, on_earth, rule


class Indicator(Versioned):
    """One value of one indicator of one source.

    ``indicator`` is a stable code (``rainfall_3_months_percent_of_normal``), ``breakdown`` what the value is split by
    ("phase 3+", "female 18-59"; empty: the whole). ``area_id`` is a P-code, an ISO 3166-1 alpha-3 code at
    ``admin_level`` 0, or a name where the source has no code (``area_id_kind``). ``value`` is in ``unit`` and missing
    where the source says "not available". ``quality`` *forecast* looks ahead of ``period_end_date``'s report.
    """

    __tablename__ = "indicator"
    key = ("source_id", "indicator", "breakdown", "area_id", "period_start_date", "period_end_date")
    content_time = "period_end_date"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return vocabulary, order and range rules."""
        return (
            *on_earth(),
            rule("area_id_kind_known", "area_id_kind in ('iso3', 'pcode', 'name', 'point')"),
            rule("quality_known", "quality in ('reported', 'provisional', 'estimated', 'forecast')"),
            rule("admin_level_range", "admin_level >= 0 and admin_level <= 5"),
            rule("period_order", "period_end_date >= period_start_date"),
            rule("value_range", "value >= -1e15 and value <= 1e15"),
            Index("ix_indicator_area", "area_id", "indicator", "period_end_date"),
        )

    source_id: Mapped[str]
    indicator: Mapped[str]
    breakdown: Mapped[str] = mapped_column(server_default="")
    country_iso3: Mapped[str | None]
    area_id: Mapped[str]
    area_id_kind: Mapped[str]
    area_name: Mapped[str | None]
    admin_level: Mapped[int]
    period_start_date: Mapped[date]
    period_end_date: Mapped[date]
    value: Mapped[float | None]
    unit: Mapped[str]
    quality: Mapped[str] = mapped_column(server_default="reported")
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
