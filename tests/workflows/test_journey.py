import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from activities.orders import Receipt
from rules.plan import lay_out
from tests.workflows.world import Run, World, enter, happen, journey
from workflows.journey import JourneyWorkflow
from workflows.payloads import Note, Snapshot
from workflows.starting import RunBusy, RunOver, Starting, start, tell, workflow_id

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SKIPPED: Final = "workflow_execution_time_skipping_transitioned_event_attributes"


async def look(run: Run) -> Snapshot:
    return await run.query(JourneyWorkflow.state)


async def until(run: Run, holds: Callable[[Snapshot], bool]) -> Snapshot:
    """The state of the run as soon as this is true of it."""
    for _ in range(100):
        snapshot = await look(run)
        if holds(snapshot):
            return snapshot
        await asyncio.sleep(0.05)
    raise AssertionError(f"never came true; the run stands at {await look(run)}")


async def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("never came true")


async def begun_anew(run: Run, first: str | None) -> None:
    """Wait until the run has a new history."""
    for _ in range(200):
        if (await run.describe()).run_id != first:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the run keeps its history")


def at(step: str) -> Callable[[Snapshot], bool]:
    return lambda snapshot: snapshot.state.at == step and snapshot.state.over is None


async def count(run: Run, kind: str) -> int:
    history = await run.fetch_history()
    return sum(event.HasField(kind) for event in history.events)  # type: ignore[arg-type]  # one name of many


async def test_a_run_sleeps_sends_and_ends(world: World, temporal_client: Client, time: TimeSkipper) -> None:
    run = await enter(temporal_client, journey({"wait": "30d"}, {"send": "hello"}))
    await until(run, at("wait-30d"))
    await time.fast_forward(run, 31 * DAY)
    assert await run.result() == "completed"
    assert world.letters == ["hello"]
    assert [ending.reason for ending in world.endings.values()] == ["completed"]


async def test_entry_timer_letter_and_exit_take_at_most_18_events_and_5_kilobytes(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    run = await enter(temporal_client, journey({"wait": "1d"}, {"send": "hello"}))
    await until(run, at("wait-1d"))
    await time.fast_forward(run, 2 * DAY)
    await run.result()
    history = await run.fetch_history()
    # The record of the skipped time is not part of the run.
    told = [event for event in history.events if not event.HasField(SKIPPED)]
    assert len(told) <= 18
    described = await run.describe()
    assert described.raw_description.workflow_execution_info.history_size_bytes <= 5000


async def test_the_now_of_a_letter_is_the_run_s_own(world: World, temporal_client: Client, time: TimeSkipper) -> None:
    run = await enter(temporal_client, journey({"wait": "30d"}, {"send": "hello"}))
    await until(run, at("wait-30d"))
    await time.fast_forward(run, 31 * DAY)
    await run.result()
    assert world.orders[0].now >= datetime.now(UTC) + 29 * DAY


async def test_a_wait_begins_anew_when_its_event_comes_and_keeps_its_one_timer(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    definition = journey({"wait": "1h", "restart_on": ["Product Added"]}, {"send": "hello"})
    run = await enter(temporal_client, definition)
    first = await until(run, at("wait-1h"))
    for seq in range(1, 6):
        await happen(temporal_client, run, "Product Added", seq)
    moved = await until(run, lambda snapshot: snapshot.until != first.until)
    assert first.until is not None
    assert moved.until is not None
    assert moved.until > first.until
    assert await count(run, "timer_started_event_attributes") == 1
    assert await count(run, "timer_canceled_event_attributes") == 0
    await time.fast_forward(run, 2 * HOUR)
    assert await run.result() == "completed"


async def test_an_exit_event_ends_the_run_at_once_from_a_sleep(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"wait": "30d"}, {"send": "hello"}, exit_on=["Order Completed"]))
    await until(run, at("wait-30d"))
    await happen(temporal_client, run, "Order Completed", 7)
    assert await run.result() == "Order Completed"
    assert world.letters == []


async def test_an_exit_event_ends_the_run_while_its_letter_is_being_retried(
    world: World, temporal_client: Client
) -> None:
    later = ApplicationError("not yet", next_retry_delay=HOUR)
    world.receipts["hello"] = [later, later]
    run = await enter(temporal_client, journey({"send": "hello"}, exit_on=["Order Completed"]))
    await eventually(lambda: bool(world.orders))
    await happen(temporal_client, run, "Order Completed", 7)
    assert await asyncio.wait_for(run.result(), 10) == "Order Completed"


async def test_a_letter_that_was_cancelled_by_the_truth_of_the_moment_ends_the_run(
    world: World, temporal_client: Client
) -> None:
    world.receipts["hello"] = [Receipt("cancelled", "Order Completed")]
    run = await enter(temporal_client, journey({"send": "hello"}, {"send": "again"}, exit_on=["Order Completed"]))
    assert await run.result() == "Order Completed"
    assert world.letters == ["hello"]


@pytest.mark.parametrize("outcome", ["unsubscribed", "suppressed", "expired", "failed", "render_failed", "unknown"])
async def test_a_letter_that_is_not_sent_does_not_end_the_run(
    world: World, temporal_client: Client, outcome: str
) -> None:
    world.receipts["hello"] = [Receipt(outcome, "a reason")]
    run = await enter(temporal_client, journey({"send": "hello"}, {"send": "again"}))
    assert await run.result() == "completed"
    assert world.letters == ["hello", "again"]


async def test_a_wait_for_goes_on_with_its_event(world: World, temporal_client: Client) -> None:
    definition = journey(
        {"wait_for": {"event": "Email Link Clicked"}, "timeout": "2d", "otherwise": [{"send": "nudge"}]},
        {"send": "thanks"},
    )
    run = await enter(temporal_client, definition)
    await until(run, at("for-email-link-clicked"))
    await happen(temporal_client, run, "Email Link Clicked", 3)
    assert await run.result() == "completed"
    assert world.letters == ["thanks"]


async def test_a_wait_for_takes_its_other_way_when_the_time_is_over(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    definition = journey(
        {"wait_for": {"event": "Email Link Clicked"}, "timeout": "2d", "otherwise": [{"send": "nudge"}]},
        {"send": "thanks"},
    )
    run = await enter(temporal_client, definition)
    await until(run, at("for-email-link-clicked"))
    await time.fast_forward(run, 3 * DAY)
    await run.result()
    assert world.letters == ["nudge", "thanks"]


async def test_a_branch_takes_the_way_of_the_moment(world: World, temporal_client: Client) -> None:
    world.traits = {"orders_count": 5}
    definition = journey(
        {
            "branch": [
                {"when": {"trait": "orders_count", "gte": 3}, "then": [{"send": "loyal"}]},
                {"otherwise": [{"send": "new"}]},
            ]
        },
        {"send": "bye"},
    )
    run = await enter(temporal_client, definition)
    await run.result()
    assert world.letters == ["loyal", "bye"]


async def test_set_and_exit_do_what_they_say(world: World, temporal_client: Client) -> None:
    definition = journey({"set": {"traits": {"greeted": True}}}, {"exit": "greeted already"}, {"send": "hello"})
    run = await enter(temporal_client, definition)
    assert await run.result() == "greeted already"
    assert [changing.change.traits for changing in world.changes] == [{"greeted": True}]


async def test_a_local_time_is_located_once_and_waited_for(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    definition = journey({"wait_until": {"time": "09:30", "weekday": ["mon"]}}, {"send": "hello"})
    run = await enter(temporal_client, definition)
    snapshot = await until(run, lambda snapshot: snapshot.until is not None)
    assert snapshot.until is not None
    local = snapshot.until.astimezone(ZoneInfo("Europe/Helsinki"))
    assert (local.weekday(), local.hour, local.minute) == (0, 9, 30)
    await time.fast_forward(run, 8 * DAY)
    assert await run.result() == "completed"


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
