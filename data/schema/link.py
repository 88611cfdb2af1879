"""Which border points feed which sites."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class Link(Versioned):
    """A border point feeds a site over ``distance_km`` of road since ``since_date`` (missing: always)."""

    __tablename__ = "link"
    key = ("border_point_id", "site_id")
    references = (("border_point_id", "border_point"), ("site_id", "site"))

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the range of a distance."""
        return (rule("distance_range", "distance_km >= 0 and distance_km <= 20000"),)

    border_point_id: Mapped[str]
    site_id: Mapped[str]
    distance_km: Mapped[float]
    since_date: Mapped[date | None]
