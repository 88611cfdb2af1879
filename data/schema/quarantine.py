"""Rows that could not land, kept whole with the reason."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base


class Quarantine(Base):
    """One rejected record: where it stood (``locator``), why it was rejected and what it said (``raw``).

    A record that a source repeats word for word and that is rejected for the same reason stands here once, under the
    newest run (``rows_quarantined`` of each run still counts what that run rejected).
    """

    __tablename__ = "quarantine"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("source_run.id"), index=True)
    table_name: Mapped[str]
    locator: Mapped[str]
    reason: Mapped[str]
    raw: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
