"""The worker's log stays readable while Temporal is away."""

import asyncio

import pytest
from temporalio.client import Client

import worker
from local.folder import DataFolder
from local.part import Part
from local.ports import HOST, Ports
from local.temporal import temporal


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
