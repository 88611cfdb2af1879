"""How good past forecasts were."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, rule


class Score(Base):
    """One metric of one model over rolling origins up to ``data_cutoff_date``.

    ``place_id`` missing means all places together. ``forecasts`` is the number of forecasts scored; a metric without
    any has no row.
    """

    __tablename__ = "score"
    __table_args__ = (
        rule("forecasts_range", "forecasts >= 1"),
        Index("ix_score_place", "situation_id", "place_id", "model_name"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    situation_id: Mapped[str]
    place_id: Mapped[str | None]
    model_name: Mapped[str]
    model_version: Mapped[str]
    measure: Mapped[str]
    horizon_days: Mapped[int]
    metric: Mapped[str]
    value: Mapped[float]
    forecasts: Mapped[int]
    data_cutoff_date: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
