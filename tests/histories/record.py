"""Record histories: `python -m tests.histories.record`. What is recorded already is never written again.

Each history of a run's chain becomes a file `<scenario>-<number>.json`. A scenario whose meaning changes gets a new
name: the old files stay, since runs of that time are still asleep.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from local.folder import DataFolder
from local.part import Part
from local.ports import HOST, Ports
from local.temporal import temporal
from tests.histories.scenarios import SCENARIOS, Scenario
from tests.workflows.world import World

FOLDER = Path(__file__).parent
# Histories tell who took part: a name that is nobody's machine.
IDENTITY = "recorder"


async def main() -> None:
    """Record the scenarios that have no file yet."""
    missing = [each for each in SCENARIOS if not list(FOLDER.glob(f"{each.__name__}-*.json"))]
    with TemporaryDirectory() as path:
        folder, ports = DataFolder.at(Path(path)), Ports.free()
        server = Part(temporal(folder.temporal, ports.temporal, ports.ui), folder)
        await server.start()
        try:
            await server.ready()
            address = f"{HOST}:{ports.temporal}"
            client = await Client.connect(address, data_converter=pydantic_data_converter, identity=IDENTITY)
            for scenario in missing:
                await _record(client, scenario)
        finally:
            await server.stop()
    await asyncio.sleep(0.5)


async def _record(client: Client, scenario: Scenario) -> None:
    world = World()
    journeys, letters, webhooks = world.workers(client)
    async with journeys, letters, webhooks:
        run = await scenario(client, world)
        chain = [each.run_id async for each in client.list_workflows(f'WorkflowId = "{run.id}"')]
        while not chain:
            await asyncio.sleep(0.1)
            chain = [each.run_id async for each in client.list_workflows(f'WorkflowId = "{run.id}"')]
    for number, run_id in enumerate(reversed(chain), start=1):
        history = await client.get_workflow_handle(run.id, run_id=run_id).fetch_history()
        file = FOLDER / f"{scenario.__name__}-{number}.json"
        file.write_text(history.to_json() + "\n")
        print(f"{file.name}: {len(history.events)} events")  # noqa: T201  (it is a command)


if __name__ == "__main__":
    asyncio.run(main())
