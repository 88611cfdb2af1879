"""Fitted models as they were stored."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base


class ModelArtifact(Base):
    """One fitted model: its bytes in skops' format, their SHA-256, and what it was made of and with.

    ``requirements`` names the library versions that may load it; with others it is refused.
    """

    __tablename__ = "model_artifact"
    __table_args__ = (UniqueConstraint("model_name", "model_version", "data_cutoff_date", "content_sha256"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_name: Mapped[str]
    model_version: Mapped[str]
    data_cutoff_date: Mapped[date]
    requirements: Mapped[str]
    content_sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
