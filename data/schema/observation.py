"""Counts of people at a place."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, rule


class Observation(Versioned):
    """How many people, of what measure, over which period, seen in which hours, reported by whom.

    ``stock`` is people present at the end of ``period_end_date``; ``queue`` is people waiting to be processed then;
    ``flow`` is people moving in ``direction`` during the period, both days included. ``people`` missing means reported
    as not counted; zero means counted, nobody.
    ``window_start_hour`` to ``window_end_hour`` are the local hours observed (0 to 24 is the whole day): a count of
    06-18 is never read as 24 hours. ``quality`` *estimated* marks rows that Waypost derived from stocks.
    """

    __tablename__ = "observation"
    key = ("place_id", "measure", "direction", "population_group", "period_start_date", "period_end_date", "source_id")
    content_time = "period_end_date"
    references = (("place_id", "place"),)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return vocabulary, order and range rules."""
        return (
            rule("measure_known", "measure in ('stock', 'flow', 'queue')"),
            rule("direction_known", "direction in ('present', 'arrival', 'departure')"),
            rule("quality_known", "quality in ('reported', 'provisional', 'estimated')"),
            rule("period_order", "period_end_date >= period_start_date"),
            rule("people_range", "people >= 0 and people <= 50000000"),
            rule("window_range", "window_start_hour >= 0 and window_end_hour <= 24"),
            rule("window_order", "window_end_hour > window_start_hour"),
            Index("ix_observation_place_id_period_end_date", "place_id", "period_end_date"),
        )

    place_id: Mapped[str]
    measure: Mapped[str]
    direction: Mapped[str]
    population_group: Mapped[str]
    period_start_date: Mapped[date]
    period_end_date: Mapped[date]
    source_id: Mapped[str]
    people: Mapped[int | None]
    window_start_hour: Mapped[int] = mapped_column(server_default="0")
    window_end_hour: Mapped[int] = mapped_column(server_default="24")
    quality: Mapped[str]
    flag: Mapped[str | None]
    note: Mapped[str | None]
