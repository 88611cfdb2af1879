"""Refuse requests that are too large before anything reads them: Dash reads a body of JSON before any route does."""

import json

from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BYTES = 16_000_000
"""What a request may send: a table of `etl.intake.MOST_BYTES` is a third larger as the text of a callback."""


class Bounded:
    """The outermost layer of the application: a request with a body says how long it is, and is not too long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 411 (length not told) or 413 (too long)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = {name: value.decode("latin-1") for name, value in scope["headers"]}
        length = told.get(b"content-length", "0")
        if b"transfer-encoding" in told:
            await _refuse(send, 411, "The length is needed", "a request says how many bytes it has (Content-Length)")
        elif not length.isdigit() or int(length) > MOST_BYTES:
            await _refuse(send, 413, "Too large", f"a request may have {MOST_BYTES:,} bytes")
        else:
            await self.app(scope, receive, send)


async def _refuse(send: Send, status: int, title: str, detail: str) -> None:
    """Answer with a problem document (RFC 9457) and end the connection, whose body nobody reads."""
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
