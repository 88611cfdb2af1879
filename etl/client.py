"""The one HTTP client of all feeds: bounded in time and size, patient with busy servers, and only to its host."""

import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx

from data.errors import PayloadRejected

TIMEOUT = httpx.Timeout(30, connect=10)
TOTAL_SECONDS = 120
ATTEMPTS = 3
_RETRIED = {429, 500, 502, 503, 504}


@contextmanager
def client(*hosts: str) -> Iterator[httpx.Client]:
    """Yield a client that may speak to these hosts over https only, redirects included."""

    def allowed(request: httpx.Request) -> None:
        if request.url.host not in hosts or request.url.scheme != "https":
            where = " or ".join(hosts)
            raise PayloadRejected(str(request.url.copy_with(query=None)), f"is not https on {where}; not followed")

    headers = {"User-Agent": "waypost (humanitarian early warning)"}
    hooks = {"request": [allowed]}
    with httpx.Client(timeout=TIMEOUT, headers=headers, event_hooks=hooks, follow_redirects=True) as session:
        yield session


def get(session: httpx.Client, url: str, max_bytes: int, **params: str | int) -> tuple[bytes, str]:
    """Return body and content type of a GET; see `send`."""
    return send(session, session.build_request("GET", url, params=params), max_bytes)


def post(session: httpx.Client, url: str, max_bytes: int, **form: str) -> tuple[bytes, str]:
    """Return body and content type of a POST of form fields (a request for a token); see `send`."""
    return send(session, session.build_request("POST", url, data=form), max_bytes)


def send(session: httpx.Client, request: httpx.Request, max_bytes: int) -> tuple[bytes, str]:
    """Return body and content type of a request, retried with back-off while the server is busy.

    Raises `httpx.HTTPError` when it stays unreachable or answers with an error, `PayloadRejected` when the body is too
    large or dripped for longer than the total deadline.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with closing(session.send(request, stream=True)) as answer:
                if answer.status_code in _RETRIED and attempt < ATTEMPTS:
                    time.sleep(_pause_seconds(answer, attempt))
                    continue
                answer.raise_for_status()
                return _body(answer, max_bytes), answer.headers.get("content-type", "")
        except httpx.TransportError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(2**attempt * random.uniform(0.5, 1))  # noqa: S311 - jitter
    raise AssertionError("the last attempt returns or raises")


def _body(answer: httpx.Response, max_bytes: int) -> bytes:
    """Read a body, counted after decompression, within the size and the total time."""
    blocks, size, end = [], 0, time.monotonic() + TOTAL_SECONDS
    for block in answer.iter_bytes():
        blocks.append(block)
        size += len(block)
        if size > max_bytes:
            raise PayloadRejected(answer.url.host, f"answered with more than {max_bytes:,} bytes")
        if time.monotonic() > end:
            raise PayloadRejected(answer.url.host, f"took more than {TOTAL_SECONDS} s for {size:,} bytes")
    return b"".join(blocks)


def _pause_seconds(answer: httpx.Response, attempt: int) -> float:
    """Return how long to wait: what the server asks for, at most half a minute."""
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), 30) if asked.isdigit() else 2**attempt * random.uniform(0.5, 1)  # noqa: S311 - jitter
