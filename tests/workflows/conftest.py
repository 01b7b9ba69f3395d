"""A world with workers, and a way to skip time."""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper

from tests.workflows.world import World


@pytest_asyncio.fixture(scope="module", autouse=True)
async def nobody_else(temporal_client: Client) -> None:
    """Runs that other tests have left behind would be worked on here."""
    async for run in temporal_client.list_workflows('ExecutionStatus = "Running"'):
        with suppress(RPCError):  # it has ended meanwhile
            await temporal_client.get_workflow_handle(run.id).terminate()


@pytest_asyncio.fixture
async def world(temporal_client: Client) -> AsyncIterator[World]:
    world = World()
    journeys, letters, webhooks = world.workers(temporal_client)
    async with journeys, letters, webhooks:
        yield world


@pytest.fixture
def time(temporal_client: Client) -> TimeSkipper:
    return TimeSkipper(temporal_client)
