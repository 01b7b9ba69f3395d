"""The worker's log stays readable while Temporal is away, and still tells what an operator must know."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

import worker
from local.folder import DataFolder
from local.part import Part
from local.ports import HOST, Ports
from local.temporal import temporal

HISTORY = Path(__file__).parents[1] / "histories" / "still_asleep-1.json"


@workflow.defn(name="Journey")
class OtherCode:
    """Code that no longer fits the histories."""

    @workflow.run
    async def run(self, _given: Any) -> None:
        """End where the history has a timer."""


async def test_while_temporal_is_away_the_sdk_warns_neither_in_colour_nor_at_all(
    folder: DataFolder, ports: Ports, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    server = Part(temporal(folder.temporal, ports.temporal, ports.ui), folder)
    await server.start()
    await server.ready()
    client = await Client.connect(f"{HOST}:{ports.temporal}", runtime=worker.runtime())
    await server.kill()
    with pytest.raises(TimeoutError):  # long enough for several tries, each of which the SDK would tell
        await asyncio.wait_for(client.count_workflows(), 4)
    said = capfd.readouterr()
    assert said.out + said.err == ""
    assert [record for record in caplog.records if record.name.startswith("temporalio")] == []


async def test_a_run_whose_code_no_longer_fits_its_history_is_told(caplog: pytest.LogCaptureFixture) -> None:
    unsandboxed = UnsandboxedWorkflowRunner()  # the sandbox would import this whole test again
    replayer = Replayer(workflows=[OtherCode], workflow_runner=unsandboxed, runtime=worker.runtime())
    history = WorkflowHistory.from_json("journey/welcome/anna", HISTORY.read_text())
    assert (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure is not None
    async with asyncio.timeout(5):
        while "Nondeterminism error" not in caplog.text:  # noqa: ASYNC110 - the SDK hands its log over with a delay
            await asyncio.sleep(0.05)
