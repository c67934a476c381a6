"""Waiting for what the server does in the background of a test's own event loop."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds. Raises TimeoutError if it does not come true."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)
