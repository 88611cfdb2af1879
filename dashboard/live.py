"""Hear of new rows: a thread listens to what loads announce, and counts.

A page keeps the number it has drawn; when the number here is another one, rows have arrived. The number counts from
the start of this process, which is part of it. After the connection was lost the number moves once: something may have
been missed. Nothing is opened until somebody asks.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

import psycopg
from fastapi import APIRouter
from sqlalchemy import URL

from dashboard.database import store

CHANNEL = "waypost_rows"
HEARTBEAT_SECONDS = 20.0
RECONNECT_SECONDS = 2.0
log = logging.getLogger("waypost.live")
router = APIRouter()


@dataclass
class Listener:
    """Counts announcements on one database; ``reconnect_seconds`` is the pause after a lost connection."""

    url: URL
    reconnect_seconds: float = RECONNECT_SECONDS
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    count: int = 0
    connected: bool = False

    def start(self) -> "Listener":
        """Listen in a thread that ends with the process."""
        threading.Thread(target=self._listen, name="waypost-live", daemon=True).start()
        return self

    @property
    def number(self) -> str:
        """Return what changes whenever rows have arrived."""
        return f"{self.started_at.timestamp():.0f}.{self.count}"

    def _listen(self) -> None:
        """Follow the channel, again and again."""
        place = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        said = False
        while True:
            try:
                with psycopg.connect(place, autocommit=True, application_name="waypost-live") as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.connected, said = True, False
                    self.count += 1
                    while True:
                        for _ in connection.notifies(timeout=HEARTBEAT_SECONDS):
                            self.count += 1
                        connection.execute("SELECT 1")
            except psycopg.Error as error:
                self.connected = False
                if not said:
                    log.warning("no live updates (%s); trying again", str(error).splitlines()[0])
                    said = True
                time.sleep(self.reconnect_seconds)


@cache
def listener() -> Listener:
    """Return the one listener of this process."""
    return Listener(store().engine.url).start()


@router.get("/changes")
def changes() -> dict[str, str | bool]:
    """Return the number that moves when rows have arrived, for clients that poll."""
    return {"number": listener().number, "connected": listener().connected}
