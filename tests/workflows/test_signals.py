import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import TimeSkipper

from rules.layout import lay_out
from tests.workflows.watching import at, begun_anew, count, look, until
from tests.workflows.world import World, enter, happen, journey
from workflows.journey import JourneyWorkflow
from workflows.starting import RunBusy, Starting, start, tell, workflow_id

DAY = timedelta(days=1)


async def test_a_checkpoint_begins_a_new_history_and_keeps_deadline_and_memory(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    definition = journey({"send": "hello"}, {"wait": "3d", "restart_on": ["Product Added"]}, {"send": "bye"})
    run = await enter(temporal_client, definition)
    await until(run, at("wait-3d"))
    await happen(temporal_client, run, "Product Added", 41)
    before = await until(run, lambda snapshot: 41 in snapshot.state.seen)
    first = (await run.describe()).run_id
    await run.signal(JourneyWorkflow.checkpoint)
    await begun_anew(run, first)
    # Temporal's own memory of signals ends with the run; the run's does not.
    await run.signal("product_added", {"seq": 41})
    after = await until(run, at("wait-3d"))
    assert after.until == before.until
    assert after.state.done == before.state.done
    assert len((await run.fetch_history()).events) < 20
    await time.fast_forward(run, 4 * DAY)
    assert await run.result() == "completed"
    assert world.letters == ["hello", "bye"]


async def test_a_checkpoint_loses_no_signal(world: World, temporal_client: Client) -> None:
    definition = journey({"wait_for": {"event": "Answered", "where": {"property": "number", "is": 30}}})
    run = await enter(temporal_client, definition)
    await until(run, at("for-answered"))
    for seq in range(1, 31):
        await happen(temporal_client, run, "Answered", seq, number=seq)
        if seq % 5 == 0:
            await run.signal(JourneyWorkflow.checkpoint)
    assert await asyncio.wait_for(run.result(), 30) == "completed"


async def test_a_long_history_is_begun_anew_by_itself(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"wait": "30d", "restart_on": ["Product Added"]}))
    await until(run, at("wait-30d"))
    first = (await run.describe()).run_id
    for seq in range(1, 520):
        await happen(temporal_client, run, "Product Added", seq)
    await begun_anew(run, first)
    assert (await until(run, lambda snapshot: 519 in snapshot.state.seen)).state.at == "wait-30d"
    await tell(temporal_client, run.id, "exit", "enough")


async def test_the_same_event_is_delivered_once(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"wait": "30d", "restart_on": ["Product Added"]}))
    await until(run, at("wait-30d"))
    for _ in range(3):
        await happen(temporal_client, run, "Product Added", 9)
    await until(run, lambda snapshot: 9 in snapshot.state.seen)
    assert await count(run, "workflow_execution_signaled_event_attributes") == 1
    await tell(temporal_client, run.id, "exit", "enough")


async def test_the_same_start_is_made_once(world: World, temporal_client: Client) -> None:
    definition = journey({"wait": "30d"})
    contact = uuid4()
    one = Starting(workflow_id("tried", contact, ""), uuid4(), lay_out(definition, 1), "Tried", datetime.now(UTC), {})
    await start(temporal_client, one)
    await start(temporal_client, one)
    other = Starting(one.workflow_id, uuid4(), one.plan, "Tried", one.entered, {})
    with pytest.raises(RunBusy):
        await start(temporal_client, other)
    await tell(temporal_client, one.workflow_id, "exit", "enough")
    await temporal_client.get_workflow_handle(one.workflow_id).result()
    # Over, and asked for once more by a router that did not hear the answer: it is not begun a second time.
    await start(temporal_client, one)
    described = await temporal_client.get_workflow_handle(one.workflow_id).describe()
    assert described.status is WorkflowExecutionStatus.COMPLETED


async def test_people_may_signal_with_temporal_s_own_tools(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"wait": "30d"}, exit_on=["Order Completed"]))
    await run.signal("order_completed")
    assert await run.result() == "Order Completed"


@pytest.mark.parametrize("payload", ["text", 7, [1], {"seq": "no number"}, {"properties": None}])
async def test_a_signal_that_cannot_be_read_counts_without_properties(
    world: World, temporal_client: Client, payload: object
) -> None:
    run = await enter(temporal_client, journey({"wait": "30d"}, exit_on=["Order Completed"]))
    await run.signal("order_completed", payload)
    assert await run.result() == "Order Completed"


async def test_a_signal_that_no_step_listens_to_changes_nothing(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"wait": "30d"}))
    before = await until(run, at("wait-30d"))
    await run.signal("something_else", {"seq": 5})
    assert await look(run) == before
    await tell(temporal_client, run.id, "exit", "enough")
