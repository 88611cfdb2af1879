"""The application: one ASGI server with the pages, the tiles and the health check."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from dash import Dash
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from dashboard import files, health, tiles
from dashboard.shell import shell
from data.errors import WaypostError

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_server() -> FastAPI:
    """Return the server with every route; the database is opened on the first request that needs it."""
    server = FastAPI(title="Waypost", docs_url=None, redoc_url=None)
    for router in (tiles.router, files.router, health.router):
        server.include_router(router)
    server.add_exception_handler(WaypostError, _explain)
    server.middleware("http")(_guard)
    app = Dash(
        "dashboard",
        server=server,
        use_pages=True,
        title="Waypost",
        update_title=None,
        suppress_callback_exceptions=True,
        enable_mcp=False,
        on_error=_on_callback_error,
    )
    app.layout = shell
    return server


def _on_callback_error(error: Exception) -> None:
    """Log what went wrong in a callback; the page keeps its last good state."""
    logging.getLogger("waypost").error("a callback failed: %s: %s", type(error).__name__, error)


async def _explain(_: Request, error: Exception) -> Response:
    """Answer with the status and text of one of our errors."""
    status = error.http_status if isinstance(error, WaypostError) else 500
    return JSONResponse({"detail": str(error)}, status)


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Any]]) -> Any:
    """Refuse state-changing requests from other sites and send the headers that keep a page to itself."""
    if request.method not in {"GET", "HEAD"} and request.headers.get("sec-fetch-site") == "cross-site":
        return JSONResponse({"detail": "requests from other sites are refused"}, 403)
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response
