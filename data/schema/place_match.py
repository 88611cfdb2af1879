"""Names of areas that came without a P-code: what the program suggests and what a person decided."""

from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, rule


class PlaceMatch(Versioned):
    """One name of one source. ``suggested_pcode`` is missing where nothing comes near.

    ``is_exact`` false waits for a person: until ``decided_pcode`` is set the name counts as unmatched.
    """

    __tablename__ = "place_match"
    key = ("source_id", "country_iso3", "admin_level", "name")

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the range of a level."""
        return (rule("admin_level_range", "admin_level >= 1 and admin_level <= 5"),)

    source_id: Mapped[str]
    country_iso3: Mapped[str]
    admin_level: Mapped[int]
    name: Mapped[str]
    suggested_pcode: Mapped[str | None]
    is_exact: Mapped[bool]
    decided_pcode: Mapped[str | None]
    decided_by: Mapped[str] = mapped_column(server_default="")
