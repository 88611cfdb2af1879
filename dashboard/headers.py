"""The headers that keep a page to itself: every response carries them, refusals and failures too."""

from collections.abc import Callable, Iterable

from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def content_policy(inline_scripts: Iterable[str]) -> str:
    """Return what a page may load and do: nothing but what this server sends.

    ``inline_scripts`` are the hashes of the scripts that Dash writes into the page. Styles may stand in the page: Dash,
    Plotly and the grid write theirs there. The grid's icons are a font in a data address; a chart is saved by a blob.

    >>> content_policy(["'sha256-abc='"]).split("; ")[1]
    "script-src 'self' 'sha256-abc='"
    """
    allowed = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *inline_scripts]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in allowed.items())


class GuardedServer(FastAPI):
    """A server that sends `HEADERS` and a content policy with everything it says.

    ``inline_scripts`` returns the hashes of the scripts in the page; Dash knows the last of them at the first request.
    """

    inline_scripts: Callable[[], Iterable[str]] = tuple

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the headers are set where the answer leaves, so that no way out misses them."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = HEADERS | {"Content-Security-Policy": content_policy(self.inline_scripts())}
                told = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
                message = {**message, "headers": [*message.get("headers", []), *told]}
            await send(message)

        await super().__call__(scope, receive, guarded)
