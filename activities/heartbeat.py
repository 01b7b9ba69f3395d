"""Tell Temporal that an attempt is alive, so that a dead worker's letters are taken over soon."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity

TIMEOUT = timedelta(seconds=15)
"""Without a sign of life for this long, the attempt is given to another worker."""


async def _beat(details: Callable[[], Sequence[object]]) -> None:
    while True:
        await asyncio.sleep(TIMEOUT.total_seconds() / 3)
        activity.heartbeat(*details())


@asynccontextmanager
async def beating(details: Callable[[], Sequence[object]] = tuple) -> AsyncIterator[None]:
    """Heartbeat while the block runs; `details` tell the next attempt how far this one has come."""
    heart = asyncio.create_task(_beat(details))
    try:
        yield
    finally:
        heart.cancel()
