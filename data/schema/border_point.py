"""Border crossing points: where people cross."""

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class BorderPoint(Versioned):
    """The crossing side of a place: which countries it joins and its opposite post.

    ``opposite_id`` is missing where no opposite post is known.
    """

    __tablename__ = "border_point"
    key = ("id",)
    references = (("id", "place"),)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the vocabulary of kinds."""
        return (
            rule("kind_known", "kind in ('official', 'informal', 'flow_monitoring', 'temporary', 'unknown')"),
            rule("two_countries", "origin_iso3 != host_iso3"),
        )

    id: Mapped[str]
    kind: Mapped[str]
    origin_iso3: Mapped[str]
    host_iso3: Mapped[str]
    opposite_id: Mapped[str | None]
