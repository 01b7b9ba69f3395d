"""A letter that has to wait: the run stays with it, and its history does not grow."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from activities.orders import Receipt
from activities.timetable import later
from tests.workflows.watching import eventually
from tests.workflows.world import World, enter, journey

NIGHT = timedelta(hours=8, minutes=30)


async def test_a_deferred_letter_costs_no_history_and_leaves_when_it_may(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    now = datetime.now(UTC)
    stale = now + timedelta(days=9)
    world.receipts["hello"] = [
        later("quiet hours 22:00 to 08:00", NIGHT, stale, now),
        later("no room: 1 marketing letter in 1 day", NIGHT * 2, stale, now),
        Receipt("sent"),
    ]
    run = await enter(temporal_client, journey({"send": "hello"}))
    await eventually(lambda: len(world.orders) == 1)
    await time.fast_forward(run, NIGHT * 3 + timedelta(minutes=1))
    assert await run.result() == "completed"
    assert len(world.orders) == 3
    kinds = [event.event_type for event in (await run.fetch_history()).events]
    of_the_letter = [kind for kind in kinds if EventType.Name(kind).startswith("EVENT_TYPE_ACTIVITY_TASK")]
    assert [EventType.Name(kind).removeprefix("EVENT_TYPE_ACTIVITY_TASK_") for kind in of_the_letter] == [
        "SCHEDULED",
        "STARTED",
        "COMPLETED",
    ]
