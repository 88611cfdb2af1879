"""Planning standards: how much one person needs."""

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class Standard(Versioned):
    """An editable planning figure with its source and trust mark.

    The need is ``basis / people_per_unit * quantity``: 15 L of water per one person, one toilet per 50 people.
    ``basis`` is what is counted: *people* expected, *arrivals_per_day* (their mean), or the ``id`` of another standard,
    whose need it is (5 blankets per one of ``relief-kits``). ``per_day`` tells a daily need from a one-off;
    ``rounding`` *up* is for what comes whole. Trust marks: S source document, V seen, V2 seen second-hand, D derived,
    K professional knowledge not seen, A assumption.
    """

    __tablename__ = "standard"
    key = ("id",)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return range and vocabulary rules."""
        return (
            rule("quantity_range", "quantity > 0 and quantity <= 1000000000"),
            rule("people_per_unit_range", "people_per_unit > 0 and people_per_unit <= 1000000000"),
            rule("trust_mark_known", "trust_mark in ('S', 'V', 'V2', 'D', 'K', 'A')"),
            rule("phase_known", "phase in ('first', 'medium', 'any')"),
            rule("rounding_known", "rounding in ('up', 'none')"),
        )

    id: Mapped[str]
    sector: Mapped[str]
    title: Mapped[str]
    quantity: Mapped[float]
    unit: Mapped[str]
    people_per_unit: Mapped[float]
    basis: Mapped[str]
    per_day: Mapped[bool]
    rounding: Mapped[str]
    phase: Mapped[str]
    source: Mapped[str]
    trust_mark: Mapped[str]
    sort_order: Mapped[int]
    edited_by: Mapped[str]
