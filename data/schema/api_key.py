"""Keys with which organisations send data to the REST interface."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base


class ApiKey(Base):
    """One key of one organisation. Only its SHA-256 is kept; ``revoked_at`` missing: valid.

    What arrives with the key is loaded under ``dataset_id`` (missing: no agreement, operational use only).
    """

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    organisation: Mapped[str]
    key_sha256: Mapped[str] = mapped_column(unique=True)
    dataset_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
