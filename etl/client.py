"""The one HTTP client of all feeds: bounded in time and size, patient with busy servers, and only to its host."""

import os
import random
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from data.errors import PayloadRejected, WaypostError
from etl.archive import Archive
from etl.conditional import Conditional
from etl.deadline import Deadline

TIMEOUT = httpx.Timeout(30, connect=10)
TOTAL_SECONDS = 120.0
"""How long one attempt may take from the first byte to the last."""
LIMITS = httpx.Limits(max_keepalive_connections=0)
"""Each request has a connection of its own to be cut."""
ATTEMPTS = 3
LONGEST_PAUSE_SECONDS = 30.0
_RETRIED = {429, 500, 502, 503, 504}
pause = time.sleep


class RateLimited(WaypostError):
    """The server ``host`` asks to be left alone, longer than we wait within one look.

    ``asked`` is its Retry-After: seconds, a date, or empty.
    """

    exit_code = os.EX_TEMPFAIL
    http_status = 503

    def __init__(self, host: str, asked: str) -> None:
        super().__init__(host, asked)
        self.host, self.asked = host, asked

    def __str__(self) -> str:
        wish = f"; it asks to wait {self.asked} seconds" if self.asked.isdecimal() else ""
        wish = wish or (f"; it asks to wait until {self.asked}" if self.asked else "")
        return f"rate limited by {self.host}{wish}; the last good data are kept"


@contextmanager
def client(*hosts: str, archive: Archive | None = None) -> Iterator[httpx.Client]:
    """Yield a client that may speak to these hosts over https only, redirects included.

    With an ``archive`` it asks only for what is new since the body kept there (`etl.conditional`).
    """

    def allowed(request: httpx.Request) -> None:
        if request.url.host not in hosts or request.url.scheme != "https":
            where = " or ".join(hosts)
            raise PayloadRejected(str(request.url.copy_with(query=None)), f"is not https on {where}; not followed")

    headers = {"User-Agent": "waypost (humanitarian early warning)", "Accept-Encoding": "gzip"}
    hooks = {"request": [allowed]}
    wire: httpx.BaseTransport = httpx.HTTPTransport(limits=LIMITS)
    transport = wire if archive is None else Conditional(archive, wire)
    with httpx.Client(
        timeout=TIMEOUT, headers=headers, event_hooks=hooks, follow_redirects=True, transport=transport
    ) as session:
        yield session


def get(session: httpx.Client, url: str, max_bytes: int, **params: str | int) -> tuple[bytes, str]:
    """Return body and content type of a GET; see `send`."""
    return send(session, session.build_request("GET", httpx.URL(url).copy_merge_params(params)), max_bytes)


def post(session: httpx.Client, url: str, max_bytes: int, **form: str) -> tuple[bytes, str]:
    """Return body and content type of a POST of form fields (a request for a token); see `send`."""
    return send(session, session.build_request("POST", url, data=form), max_bytes)


def send(session: httpx.Client, request: httpx.Request, max_bytes: int) -> tuple[bytes, str]:
    """Return body and content type of a request, retried with back-off while the server is busy.

    Raises `httpx.HTTPError` when it stays unreachable or answers with an error, `RateLimited` when it keeps asking for
    patience, `PayloadRejected` when the body is too large, is cut off or takes longer than the total deadline.
    """
    host = request.url.host
    for attempt in range(1, ATTEMPTS + 1):
        deadline = Deadline(request, TOTAL_SECONDS)
        try:
            with deadline, closing(session.send(request, stream=True)) as answer:
                if answer.status_code in _RETRIED and attempt < ATTEMPTS:
                    wait = _pause_seconds(answer, attempt)
                elif answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    raise RateLimited(host, answer.headers.get("retry-after", "")[:60])
                else:
                    answer.raise_for_status()
                    body = _body(answer, max_bytes)
                    if keep := answer.extensions.get("keep"):
                        keep(body)
                    return body, answer.headers.get("content-type", "")
        except httpx.TransportError as error:
            if deadline.passed:
                raise PayloadRejected(host, f"took more than {TOTAL_SECONDS:g} s") from error
            if attempt == ATTEMPTS:
                raise
            wait = _jittered(attempt)
        pause(wait)
    raise AssertionError("the last attempt returns or raises")


def _body(answer: httpx.Response, max_bytes: int) -> bytes:
    """Read a body, unpacked no further than the limit, and whole or not at all."""
    host, encoding = answer.url.host, answer.headers.get("content-encoding", "identity").strip().lower()
    in_memory = answer.is_stream_consumed  # an answer that was never on the wire, and is not packed
    if encoding not in {"identity", "gzip", "deflate", ""}:  # "gzip, gzip" unpacks a million-fold
        raise PayloadRejected(host, f"answered in an encoding that nobody asked for: {encoding[:40]!r}")
    unpacker = zlib.decompressobj(wbits=47) if encoding in {"gzip", "deflate"} and not in_memory else None
    blocks, size = [], 0
    for raw in [answer.content] if in_memory else answer.iter_raw():
        block = raw if unpacker is None else _unpacked(unpacker, raw, max_bytes - size + 1, host)
        blocks.append(block)
        size += len(block)
        if size > max_bytes:
            raise PayloadRejected(host, f"answered with more than {max_bytes:,} bytes")
    if not size and answer.status_code != httpx.codes.NO_CONTENT:
        raise PayloadRejected(host, "answered with an empty body")
    if unpacker is not None and size and (not unpacker.eof or unpacker.unused_data):
        raise PayloadRejected(host, f"was cut off, or went on, after {size:,} unpacked bytes")
    return b"".join(blocks)


def _unpacked(unpacker: "zlib._Decompress", raw: bytes, most: int, host: str) -> bytes:
    """Unpack a block to at most so many bytes; raise `PayloadRejected` when it is not what its header says."""
    try:
        return unpacker.decompress(raw, most)
    except zlib.error as error:
        raise PayloadRejected(host, f"answered with a damaged packed body ({error})") from error


def _pause_seconds(answer: httpx.Response, attempt: int) -> float:
    """Return how long to wait: what the server asks for, at most half a minute."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return min(float(asked), LONGEST_PAUSE_SECONDS)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return _jittered(attempt)
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1), LONGEST_PAUSE_SECONDS)


def _jittered(attempt: int) -> float:
    """Return a pause that doubles with each attempt, with jitter so that many clients do not come back together."""
    return float(2**attempt) * random.uniform(0.5, 1)  # noqa: S311 - jitter
