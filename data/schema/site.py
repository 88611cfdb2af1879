"""Sites: where people are received and counted."""

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class Site(Versioned):
    """The reception side of a place. A ``regional_aggregate`` counts a whole region, not one camp."""

    __tablename__ = "site"
    key = ("id",)
    references = (("id", "place"),)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the vocabulary of kinds."""
        kinds = "'camp', 'transit_centre', 'reception_centre', 'way_station', 'regional_aggregate', 'urban', 'unknown'"
        return (rule("kind_known", f"kind in ({kinds})"),)

    id: Mapped[str]
    kind: Mapped[str]
