"""A displacement situation: a named set of places, routes and observations that is looked at together."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class Situation(Versioned):
    """Title, origin country, period and the assumptions a viewer must be told.

    ``end_date`` is missing while the situation goes on. ``conflict_lag_days`` is how long after its date a conflict
    event is taken to have become known; ``registration_lag_days`` the same for registrations.
    """

    __tablename__ = "situation"
    key = ("id",)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the period's order and the lags' range."""
        return (
            rule("period_order", "end_date >= start_date"),
            rule("conflict_lag_range", "conflict_lag_days >= 0 and conflict_lag_days <= 3660"),
            rule("registration_lag_range", "registration_lag_days >= 0 and registration_lag_days <= 3660"),
        )

    id: Mapped[str]
    title: Mapped[str]
    origin_iso3: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    conflict_lag_days: Mapped[int]
    registration_lag_days: Mapped[int]
    source: Mapped[str]
    licence: Mapped[str]
    note: Mapped[str]
