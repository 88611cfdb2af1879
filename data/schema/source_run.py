"""One attempt to load one source."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, rule


class SourceRun(Base):
    """What one run saw and did. ``checked_at`` is when we looked, ``newest_content_at`` how new what we saw is.

    Counts are rows. ``newest_content_at`` is missing where nothing landed. A *failed* run keeps the last good data.
    ``program_sha256`` tells which state of the program read the payload (empty: not told). ``dataset_id`` names the
    data set under whose agreement the rows came; missing: an open source. ``is_look`` is false for what says nothing of
    a feed today: slices of its past, and files that somebody loaded in its place.
    """

    __tablename__ = "source_run"
    __table_args__ = (
        rule("status_known", "status in ('running', 'ok', 'unchanged', 'failed', 'not_configured')"),
        Index("ix_source_run_source_id_checked_at", "source_id", "checked_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[str]
    checked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    message: Mapped[str] = mapped_column(server_default="")
    dataset_id: Mapped[str | None]
    payload_name: Mapped[str] = mapped_column(server_default="")
    payload_sha256: Mapped[str] = mapped_column(server_default="")
    program_sha256: Mapped[str] = mapped_column(server_default="")
    rows_read: Mapped[int] = mapped_column(server_default="0")
    rows_new: Mapped[int] = mapped_column(server_default="0")
    rows_revised: Mapped[int] = mapped_column(server_default="0")
    rows_deleted: Mapped[int] = mapped_column(server_default="0")
    rows_unchanged: Mapped[int] = mapped_column(server_default="0")
    rows_ignored: Mapped[int] = mapped_column(server_default="0")
    rows_quarantined: Mapped[int] = mapped_column(server_default="0")
    newest_content_at: Mapped[datetime | None]
    is_look: Mapped[bool] = mapped_column(server_default="true")
