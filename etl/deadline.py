"""End a request that takes too long as a whole, however slowly and steadily the server speaks."""

import socket
import threading
from types import TracebackType
from typing import Any, Self

import httpx


class Deadline:
    """While open, cuts the connection of one request after ``seconds``; ``passed`` tells whether it did.

    The timeouts of httpx count from one byte to the next: a server that sends its head a byte a second holds the
    caller for hours.
    """

    def __init__(self, request: httpx.Request, seconds: float) -> None:
        self.passed = False
        self._stream: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        request.extensions = {**request.extensions, "trace": self._trace}

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Remember the connection once it stands; httpx reports each step of a request here."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._stream = info["return_value"]

    def _cut(self) -> None:
        """Shut the socket down, which wakes whoever waits for it."""
        self.passed = True
        if self._stream is not None:
            try:
                socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)
            except OSError:  # it is closed already
                return

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._timer.cancel()
