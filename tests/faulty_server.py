"""A web server on loopback that answers as it is told, also wrongly: each answer is a function on the open socket."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], None]


@dataclass
class FaultyServer:
    """Answers the n-th request with the n-th of ``answers``, the last one for ever after; keeps what was asked."""

    answers: list[Answer]
    requests: list[bytes] = field(default_factory=list)
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed"

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(30)
            try:
                asked = connection.recv(65536)
                with self.lock:
                    self.requests.append(asked)
                    answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
                answer(connection)
            except OSError:
                return


@contextmanager
def serving(*answers: Answer) -> Iterator[FaultyServer]:
    """A server with these answers, until the end of the block."""
    server = FaultyServer(list(answers))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        server.port = listening.getsockname()[1]
        threading.Thread(target=server._serve, args=(listening,), daemon=True).start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> Answer:
    """A well-formed answer. Header names are given with underscores."""
    told = {"Content-Length": str(len(body)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return lambda connection: connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)


def silence(seconds: float = 20) -> Answer:
    """Take the request and say nothing."""
    return lambda _: time.sleep(seconds)


def drip(start: bytes, pause_seconds: float = 0.05, times: int = 400) -> Answer:
    """Say the start, then one byte at a time."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(times):
            time.sleep(pause_seconds)
            connection.sendall(b"x")

    return send


def cut(start: bytes, *, reset: bool = False) -> Answer:
    """Say the start and hang up, politely or with a reset."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        if reset:
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return send
