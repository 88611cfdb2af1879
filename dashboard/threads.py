"""Keep slow reads off the event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
DEADLINE_SECONDS = 30


def threaded(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Return a callback that runs in a worker thread, so that one slow page does not hold up the others.

    Dash's ASGI backend calls plain functions on the event loop. Raises TimeoutError after `DEADLINE_SECONDS`: a
    connection that a dead network holds open would keep a viewer waiting for ever.
    """

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.wait_for(asyncio.to_thread(function, *args, **kwargs), DEADLINE_SECONDS)

    return run
