"""Time skipping on the embedded server, with a workflow that sleeps as journeys do."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from rich.console import Console
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from local.advance import Advanced, advance, told
from local.folder import DataFolder
from local.part import Part
from local.ports import HOST, Ports
from local.temporal import temporal

QUEUE = "journeys"
JOURNEY_ID = SearchAttributeKey.for_keyword("JourneyId")


@workflow.defn(name="Journey")
class Sleeper:
    """Sleeps two days; then one whose id ends with /carl is at its end, and the others wait for what never comes."""

    def __init__(self) -> None:
        self.awake = False

    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(timedelta(days=2), summary="Wait 2 days")
        self.awake = True
        if workflow.info().workflow_id.endswith("/carl"):
            return
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def is_awake(self) -> bool:
        return self.awake


@pytest_asyncio.fixture
async def server(folder: DataFolder, ports: Ports) -> AsyncIterator[Part]:
    part = Part(temporal(folder.temporal, ports.temporal, ports.ui), folder)
    await part.start()
    try:
        await part.ready()
        yield part
    finally:
        await part.stop()


async def start(client: Client, journey: str, contact: str) -> str:
    attributes = TypedSearchAttributes([SearchAttributePair(JOURNEY_ID, journey)])
    name = f"journey/{journey}/{contact}"
    await client.start_workflow(Sleeper.run, id=name, task_queue=QUEUE, search_attributes=attributes)
    return name


async def awake(client: Client, name: str) -> bool:
    return await client.get_workflow_handle(name).query(Sleeper.is_awake)


async def listed(client: Client, count: int) -> None:
    async with asyncio.timeout(10):
        while (await client.count_workflows()).count < count:  # noqa: ASYNC110 - the server lists with a delay
            await asyncio.sleep(0.1)


async def test_a_stack_that_was_restarted_moves_the_journeys_that_were_asked_for(
    server: Part, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second start over the same file: search attributes and sleepers must be there.
    await server.kill()
    await server.start()
    await server.ready()
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"{HOST}:{ports.temporal}")
    client = await Client.connect(f"{HOST}:{ports.temporal}")
    unsandboxed = UnsandboxedWorkflowRunner()  # the sandbox would import this whole test again
    async with Worker(client, task_queue=QUEUE, workflows=[Sleeper], workflow_runner=unsandboxed):
        anna, ben = await start(client, "welcome", "anna"), await start(client, "welcome", "ben")
        other = await start(client, "cart-abandonment", "anna")
        await listed(client, 3)
        silent = Console(file=io.StringIO())
        moved = await advance(timedelta(days=1), journey=None, contact=None, console=silent)
        assert told(moved) == "3 moved."
        assert not any([await awake(client, name) for name in (anna, ben, other)])
        moved = await advance(timedelta(days=1, minutes=1), journey="welcome", contact="anna", console=silent)
        assert told(moved) == "1 moved."
        assert [await awake(client, name) for name in (anna, ben, other)] == [True, False, False]
        await start(client, "welcome", "carl")
        await listed(client, 4)
        moved = await advance(timedelta(days=3), journey="welcome", contact="carl", console=silent)
        assert moved == Advanced(moved=1, ended=1)
        assert told(moved) == "1 moved; 1 of them came to its end."
