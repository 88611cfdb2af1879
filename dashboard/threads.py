"""Keep slow reads off the event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def threaded(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Return a callback that runs in a worker thread, so that one slow page does not hold up the others.

    Dash's ASGI backend calls plain functions on the event loop.
    """

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(function, *args, **kwargs)

    return run
