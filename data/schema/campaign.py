"""Planned events that move or gather people across a border: vaccination rounds, markets, elections, school terms."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, rule


class Campaign(Versioned):
    """One planned event in one country or area; ``area_pcode`` missing is the whole country."""

    __tablename__ = "campaign"
    key = ("source_id", "campaign_id")
    content_time = "start_date"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the period's order and the vocabulary of kinds."""
        kinds = "'vaccination', 'distribution', 'registration', 'market', 'election', 'pilgrimage', 'school', 'other'"
        return (
            rule("kind_known", f"kind in ({kinds})"),
            rule("period_order", "end_date >= start_date"),
            rule("target_people_range", "target_people >= 0 and target_people <= 1000000000"),
        )

    source_id: Mapped[str]
    campaign_id: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    country_iso3: Mapped[str]
    area_pcode: Mapped[str | None]
    area_name: Mapped[str | None]
    start_date: Mapped[date]
    end_date: Mapped[date]
    target_people: Mapped[int | None]
    organiser: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
