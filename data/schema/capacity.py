"""What a place can process, shelter and supply, line by line."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class Capacity(Versioned):
    """One capacity line of a place as assessed on a date.

    ``people`` is how many people the line serves: per day for *processing*, at once for the other lines. Missing means
    not assessed, which is neither zero nor infinite.
    """

    __tablename__ = "capacity"
    key = ("place_id", "line", "assessed_date")
    content_time = "assessed_date"
    references = (("place_id", "place"),)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the lines (ARCHITECTURE, idea 4) and the range."""
        return (
            rule("line_known", "line in ('processing', 'sleeping_space', 'water', 'toilets', 'staff', 'stock')"),
            rule("people_range", "people >= 0 and people <= 50000000"),
        )

    place_id: Mapped[str]
    line: Mapped[str]
    assessed_date: Mapped[date]
    people: Mapped[int | None]
    reported_by: Mapped[str]
