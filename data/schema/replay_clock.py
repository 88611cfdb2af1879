"""The moment that everybody who looks at a situation is shown."""

from datetime import date, datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base


class ReplayClock(Base):
    """A situation's replay date, shared by all viewers: the world as known at the end of that day (UTC)."""

    __tablename__ = "replay_clock"

    situation_id: Mapped[str] = mapped_column(primary_key=True)
    as_of_date: Mapped[date]
    moved_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
