"""Edges of the route network."""

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class Route(Versioned):
    """A road or track between two places, passable both ways, ``distance_km`` long.

    ``border_point_id`` names the crossing that the route uses; missing where it stays in one country or the crossing
    is not known.
    """

    __tablename__ = "route"
    key = ("from_id", "to_id")
    references = (("from_id", "place"), ("to_id", "place"), ("border_point_id", "border_point"))

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the range of a distance and forbid a loop."""
        return (
            rule("distance_range", "distance_km > 0 and distance_km <= 20000"),
            rule("two_ends", "from_id != to_id"),
        )

    from_id: Mapped[str]
    to_id: Mapped[str]
    distance_km: Mapped[float]
    border_point_id: Mapped[str | None]
