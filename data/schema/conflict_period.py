"""Places in conflict, where a source gives places and dates instead of events."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class ConflictPeriod(Versioned):
    """A place is in conflict from ``start_date`` to ``end_date`` (missing: still) at an ``intensity`` in (0, 1]."""

    __tablename__ = "conflict_period"
    key = ("place_id", "start_date")
    content_time = "start_date"
    references = (("place_id", "place"),)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return order and range rules."""
        return (
            rule("period_order", "end_date >= start_date"),
            rule("intensity_range", "intensity > 0 and intensity <= 1"),
        )

    place_id: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    intensity: Mapped[float]
    source: Mapped[str]
