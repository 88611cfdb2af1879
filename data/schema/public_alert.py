"""Public warnings and notices, in the terms of the Common Alerting Protocol 1.2 (OASIS, 2010)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, area_of, rule


class PublicAlert(Versioned):
    """One alert message in one language, as sent; what is in force follows from all of them.

    ``part`` numbers the infos of a message in the same language (one an area or hour), from 1.

    A message is identified by sender, identifier and sent (CAP 3.2.1). ``reference_list`` lists the messages it updates
    or cancels as "sender,identifier,sent" separated by blanks; empty: none. Only ``status`` *actual* is a warning:
    test, exercise, system and draft are kept and never shown as one. ``expires_at`` missing: the sender set no end.
    ``area_wkt`` is the union of polygons and circles, missing where only named areas or codes are given.
    """

    __tablename__ = "public_alert"
    key = ("sender", "identifier", "sent_at", "language", "part")
    content_time = "sent_at"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return CAP's vocabularies in lower case."""
        return (
            rule("part_range", "part >= 1"),
            rule("status_known", "status in ('actual', 'exercise', 'system', 'test', 'draft')"),
            rule("message_type_known", "message_type in ('alert', 'update', 'cancel', 'ack', 'error')"),
            rule("severity_known", "severity in ('extreme', 'severe', 'moderate', 'minor', 'unknown')"),
            rule("urgency_known", "urgency in ('immediate', 'expected', 'future', 'past', 'unknown')"),
            rule("certainty_known", "certainty in ('observed', 'likely', 'possible', 'unlikely', 'unknown')"),
            Index("ix_public_alert_area", "area", postgresql_using="gist"),
        )

    sender: Mapped[str]
    identifier: Mapped[str]
    sent_at: Mapped[datetime]
    language: Mapped[str]
    part: Mapped[int]
    source_id: Mapped[str]
    status: Mapped[str]
    message_type: Mapped[str]
    reference_list: Mapped[str] = mapped_column(server_default="")
    categories: Mapped[str]
    event: Mapped[str]
    urgency: Mapped[str]
    severity: Mapped[str]
    certainty: Mapped[str]
    effective_at: Mapped[datetime | None]
    onset_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    sender_name: Mapped[str | None]
    headline: Mapped[str | None]
    description: Mapped[str | None]
    instruction: Mapped[str | None]
    url: Mapped[str | None]
    area_name: Mapped[str | None]
    geocodes: Mapped[str] = mapped_column(server_default="")
    is_signed: Mapped[bool]
    area_wkt: Mapped[str | None] = mapped_column(info={"max_characters": 16_000_000})
    area: Mapped[Any] = area_of("area_wkt")
