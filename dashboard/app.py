"""The application: one ASGI server with the pages, the tiles and the health check."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from dash import Dash
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware.gzip import GZipMiddleware

from dashboard import faults, files, health, live, templates, tiles
from dashboard.api.server import create_api
from dashboard.bounds import Bounded
from dashboard.headers import GuardedServer
from dashboard.shell import DOCUMENT, shell
from dashboard.words import PURPOSE
from data.errors import WaypostError

API = "/api/v1"


def create_server() -> FastAPI:
    """Return the server with every route; the database is opened on the first request that needs it."""
    server = GuardedServer(title="Waypost", docs_url=None, redoc_url=None, lifespan=_visited)
    for router in (tiles.router, files.router, health.router, templates.router, live.router):
        server.include_router(router)
    server.mount(API, create_api())
    for kind in (WaypostError, SQLAlchemyError, TimeoutError):
        server.add_exception_handler(kind, faults.answer)
    server.middleware("http")(_guard)
    app = Dash(
        "dashboard",
        server=server,
        use_pages=True,
        title="Waypost",
        description=PURPOSE,
        index_string=DOCUMENT,
        update_title=None,
        suppress_callback_exceptions=True,
        enable_mcp=False,
        on_error=faults.on_callback_error,
    )
    app.layout = shell
    server.inline_scripts = app.csp_hashes
    server.add_middleware(GZipMiddleware, compresslevel=5)
    server.add_middleware(Bounded)  # the last one added is the first one asked
    return server


@asynccontextmanager
async def _visited(server: FastAPI) -> AsyncIterator[None]:
    """Visit the first page before anybody else: Dash finds its scripts and styles on a visit to "/" only."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://waypost") as web:
        await web.get("/")
    yield


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Any]]) -> Any:
    """Refuse state-changing requests from other sites."""
    if request.method not in {"GET", "HEAD"} and request.headers.get("sec-fetch-site") == "cross-site":
        return JSONResponse({"detail": "requests from other sites are refused"}, 403)
    return await call_next(request)
