"""One issue of a forecast."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, rule


class ForecastRun(Base):
    """Who forecast what, when, from data known until when.

    ``origin_date`` is the last day whose facts the model may have seen; horizon 1 is the day after. ``seed`` and
    ``model_sha256`` let the same sample paths be drawn again. ``drivers`` is a JSON list of sentences per place.
    """

    __tablename__ = "forecast_run"
    __table_args__ = (
        UniqueConstraint("situation_id", "model_name", "model_version", "origin_date"),
        rule("role_known", "role in ('deployed', 'shadow', 'baseline', 'retired')"),
        Index("ix_forecast_run_origin", "situation_id", "origin_date"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    situation_id: Mapped[str]
    model_name: Mapped[str]
    model_version: Mapped[str]
    role: Mapped[str]
    origin_date: Mapped[date]
    newest_observation_date: Mapped[date | None]
    seed: Mapped[int]
    path_count: Mapped[int]
    model_sha256: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
