"""The contract of a source: what it declares, how it is fetched and how its payloads become rows.

A source is one module in `etl.sources` with one object named ``source``. ``fetch`` does all input and output,
``parse`` is pure. The pipeline owns retries, the archive, validation, expectations, the load and the record of the run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema import Versioned


@dataclass(frozen=True)
class Spec:
    """What a source declares of itself.

    ``cadence`` is how often new content is published (None: no rhythm, it comes when somebody sends it). ``rows`` are
    the least and most rows a healthy payload holds: fewer fails the load, an empty list is never taken for calm (a
    least of 0 is for feeds whose intact envelope proves that there is nothing).
    ``publication_delay`` is how old the newest content may be when it is published (BTS: two months). ``hosts`` are
    hosts beside that of ``url`` which ``fetch`` may speak to. ``least_share_of_usual`` is the least share of
    the rows of its last good runs that a live look may bring (None: the volume depends on the time span asked for).
    ``rows_of`` is the source whose rows these are, where two doors lead to one publisher: their loads wait for each
    other (None: its own).
    ``key_setting`` names the environment variable of a needed key and ``key_help`` how to get one.
    """

    id: str
    title: str
    publisher: str
    url: str
    licence: str
    cadence: timedelta | None
    tables: tuple[type[Versioned], ...]
    first_date: date | None
    rows: tuple[int, int]
    max_bytes: int = 2_000_000_000
    publication_delay: timedelta = timedelta(0)
    hosts: tuple[str, ...] = ()
    least_share_of_usual: float | None = None
    rows_of: str | None = None
    key_setting: str | None = None
    key_help: str | None = None


@dataclass(frozen=True)
class Window:
    """The time span a fetch asks for: both instants are UTC, ``start`` included, ``end`` not."""

    start: datetime
    end: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Payload:
    """One file or answer as it came. ``content`` is the bytes or the path of a file that holds them."""

    name: str
    content: bytes | Path
    content_type: str = ""

    def open(self) -> BinaryIO:
        """Open the content for reading from its start."""
        return BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")

    def read(self, max_bytes: int) -> bytes:
        """Return the whole content; raise `PayloadRejected` when it is larger than ``max_bytes``."""
        with self.open() as stream:
            content = stream.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise PayloadRejected(self.name, f"is larger than the {max_bytes:,} bytes this source may have")
        return content


@dataclass(frozen=True)
class Rows:
    """Parsed rows of one table: its content columns, values typed or missing.

    ``locators`` (same index) say where each row stood, in words a person can follow: "line 12", "item 3 (EQ1457082)".
    The frame may also hold ``known_at`` (the source states when the row became known) and ``is_deleted``.
    """

    table: type[Versioned]
    frame: pd.DataFrame
    locators: "pd.Series[str] | None" = None


@dataclass(frozen=True)
class Withdrawn:
    """Facts of one table that their sender takes back: the columns of its key, and where each was told (`Rows`).

    A fact that nobody sent cannot be withdrawn: it is rejected when it is looked up (`etl.withdrawals`).
    """

    table: type[Versioned]
    frame: pd.DataFrame
    locators: "pd.Series[str]"


@dataclass(frozen=True)
class Reject:
    """A record that cannot become a row: where it stood, why, and what it said."""

    table_name: str
    locator: str
    reason: str
    raw: str


@dataclass(frozen=True)
class Ignored:
    """Records that the source ignores by name, with the reason."""

    rows: int
    reason: str


@dataclass(frozen=True)
class Replaces:
    """The payload is the whole truth for this source's rows that match ``condition`` (SQL on alias ``t``).

    Known rows in that scope that the payload lacks are deleted as versions, unless more than ``max_vanished_share`` of
    them would go: then the load fails, until a feed has told so too often to be wrong (`etl.expectations`).
    """

    table: type[Versioned]
    condition: str
    max_vanished_share: float
    values: dict[str, Any]


@dataclass(frozen=True)
class Keeps:
    """Known rows that match ``condition`` (SQL on alias ``t``) stay as they are, whatever the payload says of them."""

    table: type[Versioned]
    condition: str
    values: dict[str, Any]


Landing = Rows | Reject | Ignored | Replaces | Keeps
"""What a load takes."""
Item = Landing | Withdrawn


class Source(Protocol):
    """One feed."""

    spec: Spec

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the payloads of a window.

        Errors of transport pass through; a key that is missing raises `data.errors.ConfigurationMissing`.
        """
        ...

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield rows, rejected and ignored records. Pure: the same payload gives the same items.

        Raises `data.errors.PayloadRejected` when the payload as a whole is not what the source publishes.
        """
        ...
