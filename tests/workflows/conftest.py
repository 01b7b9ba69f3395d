"""A world with workers, and a way to skip time."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from tests.workflows.world import World


@pytest_asyncio.fixture
async def world(temporal_client: Client) -> AsyncIterator[World]:
    world = World()
    journeys, letters = world.workers(temporal_client)
    async with journeys, letters:
        yield world


@pytest.fixture
def time(temporal_client: Client) -> TimeSkipper:
    return TimeSkipper(temporal_client)
