"""Tell Temporal that an attempt is alive, so that a dead worker's letters are taken over soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity

TIMEOUT = timedelta(seconds=15)
"""Without a sign of life for this long, the attempt is given to another worker."""


async def _beat() -> None:
    while True:
        await asyncio.sleep(TIMEOUT.total_seconds() / 3)
        activity.heartbeat()


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Heartbeat while the block runs."""
    heart = asyncio.create_task(_beat())
    try:
        yield
    finally:
        heart.cancel()
