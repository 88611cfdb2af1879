"""Open, restricted and closed periods of border points."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class StatusPeriod(Versioned):
    """A border point's status from ``start_date`` to ``end_date``.

    ``end_date`` is missing while the period lasts: the end of a closure is known when it ends, as a later version.
    """

    __tablename__ = "status_period"
    key = ("border_point_id", "start_date")
    content_time = "start_date"
    references = (("border_point_id", "border_point"),)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the period's order and the vocabulary of status."""
        return (
            rule("period_order", "end_date >= start_date"),
            rule("status_known", "status in ('open', 'restricted', 'closed')"),
        )

    border_point_id: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    status: Mapped[str]
    note: Mapped[str]
