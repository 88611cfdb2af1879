"""Why a forecast says what it says, place by place."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base


class Driver(Base):
    """One computed reason for a place's forecast, the weightiest first.

    ``effect_people_per_day`` is what the reason adds to the median daily arrivals (negative: takes away), missing where
    the statement is a fact and not a contribution.
    """

    __tablename__ = "driver"

    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("forecast_run.id", ondelete="CASCADE"), primary_key=True)
    place_id: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    sentence: Mapped[str]
    effect_people_per_day: Mapped[float | None]
