"""Answers already given to requests with an idempotency key."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base


class ApiRequest(Base):
    """The first answer to one idempotency key of one organisation: a repetition gets it again and loads nothing."""

    __tablename__ = "api_request"

    api_key_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("api_key.id"), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str]
    status: Mapped[int]
    answer: Mapped[str]
    answered_at: Mapped[datetime] = mapped_column(server_default=func.now())
