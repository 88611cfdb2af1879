"""Feeds that fell silent, each stop told once."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, rule


class SourceStop(Base):
    """One silence of one source: told at ``said_at``, over at ``ended_at`` (missing: it lasts).

    ``newest_content_at`` is the newest content there was when it was told, missing where there was none. A source has
    at most one silence that lasts, so that several workers, or one that was started again, tell it once.
    """

    __tablename__ = "source_stop"
    __table_args__ = (
        rule("stop_order", "ended_at >= said_at"),
        Index("uq_source_stop_lasting", "source_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[str]
    newest_content_at: Mapped[datetime | None]
    said_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
