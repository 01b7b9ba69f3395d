import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from activities.orders import Receipt
from tests.workflows.watching import at, count, eventually, until
from tests.workflows.world import World, enter, happen, journey

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SKIPPED: Final = "workflow_execution_time_skipping_transitioned_event_attributes"


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
