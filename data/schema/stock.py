"""Relief items in store."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class Stock(Versioned):
    """How many units of an item a place held at the end of a day.

    ``quantity`` missing means the store was reported and the item not counted; zero means none left. ``standard_id``
    names the planning standard whose need the item answers, missing where there is none.
    """

    __tablename__ = "stock"
    key = ("place_id", "item", "owner", "counted_date")
    content_time = "counted_date"
    references = (("place_id", "place"), ("standard_id", "standard"))

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the range of a quantity."""
        return (rule("quantity_range", "quantity >= 0 and quantity <= 1000000000"),)

    place_id: Mapped[str]
    item: Mapped[str]
    owner: Mapped[str]
    counted_date: Mapped[date]
    quantity: Mapped[float | None]
    unit: Mapped[str]
    standard_id: Mapped[str | None]
    reported_by: Mapped[str]
