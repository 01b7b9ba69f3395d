import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from tests.workflows.watching import at, eventually, until
from tests.workflows.world import World, enter, happen, journey
from workflows.journey import JourneyWorkflow
from workflows.payloads import Note
from workflows.starting import RunOver, tell

DAY = timedelta(days=1)


async def test_a_paused_run_keeps_its_deadline_and_acts_after_resume(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    run = await enter(temporal_client, journey({"wait": "1d"}, {"send": "hello"}))
    await until(run, at("wait-1d"))
    await tell(temporal_client, run.id, "pause", "")
    await until(run, lambda snapshot: snapshot.state.paused)
    await time.fast_forward(run, 2 * DAY)
    assert world.letters == []
    await tell(temporal_client, run.id, "resume", "")
    assert await run.result() == "completed"
    assert world.letters == ["hello"]
    assert world.standings == ["paused", "active"]


async def test_a_pause_does_not_wait_for_a_letter_that_is_being_retried(world: World, temporal_client: Client) -> None:
    world.receipts["hello"] = [ApplicationError("not yet", next_retry_delay=timedelta(hours=1))]
    run = await enter(temporal_client, journey({"send": "hello"}))
    await eventually(lambda: bool(world.orders))
    await tell(temporal_client, run.id, "pause", "")
    await eventually(lambda: world.standings == ["paused"])
    await tell(temporal_client, run.id, "resume", "")
    assert await asyncio.wait_for(run.result(), 10) == "completed"
    assert [order.send_key for order in world.orders] == [world.orders[0].send_key] * 2


async def test_a_paused_journey_holds_the_run_at_its_next_letter_until_resume(
    world: World, temporal_client: Client
) -> None:
    world.held = True
    run = await enter(temporal_client, journey({"send": "hello"}))
    await until(run, lambda snapshot: snapshot.state.held)
    world.held = False
    await tell(temporal_client, run.id, "resume", "")
    assert await run.result() == "completed"
    assert world.letters == ["hello"]


async def test_a_held_run_leaves_at_once_on_its_exit_event(world: World, temporal_client: Client) -> None:
    world.held = True
    run = await enter(temporal_client, journey({"send": "hello"}, exit_on=["Order Completed"]))
    await until(run, lambda snapshot: snapshot.state.held)
    await happen(temporal_client, run, "Order Completed", 1)
    assert await run.result() == "Order Completed"
    assert world.letters == []


async def test_an_operator_ends_a_run_with_a_reason(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"wait": "30d"}))
    await run.signal(JourneyWorkflow.exit, Note("asked by support"))
    assert await run.result() == "asked by support"
    with pytest.raises(RunOver):
        await tell(temporal_client, run.id, "exit", "again")
