"""Wait until something is so, by looking again and again."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(so: Callable[[], Awaitable[bool]], *, every: float, within: float) -> None:
    """Return as soon as it is so. Raises TimeoutError; both times are seconds."""
    async with asyncio.timeout(within):
        while True:
            if await so():
                return
            await asyncio.sleep(every)
