"""Runs that are worth remembering: each leaves the histories that later code must be able to replay."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.testing import TimeSkipper

from activities.orders import Receipt
from rules.layout import lay_out
from rules.names import TRAITS_CHANGED
from tests.workflows.world import Run, World, enter, happen, journey
from workflows.journey import JourneyWorkflow
from workflows.payloads import Migration
from workflows.starting import tell

Scenario = Callable[[Client, World], Awaitable[Run]]
DAY = timedelta(days=1)


async def _pause() -> None:
    # Long enough for the run to have taken what it was told: each wake becomes a task of its own.
    await asyncio.sleep(0.5)


async def slept_signalled_branched_and_begun_anew(client: Client, world: World) -> Run:
    """A run that slept, was signalled, took a branch, continued as new, and ended."""
    world.traits = {"orders_count": 4}
    definition = journey(
        {"wait": "1h", "restart_on": ["Product Added"]},
        {"send": "reminder"},
        {"wait_for": {"event": "Email Link Clicked"}, "timeout": "23h", "otherwise": [{"send": "nudge"}]},
        {
            "branch": [
                {"when": {"trait": "orders_count", "gte": 3}, "then": [{"send": "loyal"}]},
                {"otherwise": [{"send": "code"}]},
            ]
        },
        {"set": {"traits": {"reminded": True}}},
        {"wait": "3d"},
        {"send": "bye"},
        exit_on=["Order Completed"],
    )
    time, run = TimeSkipper(client), await enter(client, definition)
    await _pause()
    await happen(client, run, "Product Added", 11)
    await _pause()
    await time.fast_forward(run, timedelta(hours=2))
    await _pause()
    await run.signal(JourneyWorkflow.checkpoint)
    await _pause()
    await happen(client, run, "Email Link Clicked", 12)
    await _pause()
    await time.fast_forward(run, 4 * DAY)
    await run.result()
    return run


async def left_in_the_middle(client: Client, world: World) -> Run:
    """A run that its exit event ended during a sleep."""
    run = await enter(client, journey({"send": "hello"}, {"wait": "30d"}, exit_on=["Order Completed"]))
    await _pause()
    await happen(client, run, "Order Completed", 21)
    await run.result()
    return run


async def still_asleep(client: Client, world: World) -> Run:
    """A run in the middle of its sleep."""
    run = await enter(client, journey({"send": "hello"}, {"wait": "30d"}))
    await _pause()
    return run


async def local_time(client: Client, world: World) -> Run:
    """A run that waited for a Monday morning where the contact lives."""
    definition = journey({"wait_until": {"time": "09:30", "weekday": "mon"}}, {"send": "hello"})
    time, run = TimeSkipper(client), await enter(client, definition)
    await _pause()
    await time.fast_forward(run, 8 * DAY)
    await run.result()
    return run


async def held_and_paused(client: Client, world: World) -> Run:
    """A run that its paused journey held, that an operator paused after that, and that went on both times."""
    world.held = True
    run = await enter(client, journey({"send": "hello"}, {"wait": "1d"}, {"send": "bye"}))
    await _pause()
    world.held = False
    await tell(client, run.id, "resume", "")
    await _pause()
    await tell(client, run.id, "pause", "")
    await _pause()
    await TimeSkipper(client).fast_forward(run, 2 * DAY)
    await tell(client, run.id, "resume", "")
    await run.result()
    return run


async def cancelled_by_the_moment(client: Client, world: World) -> Run:
    """A run whose letter was stopped at the last moment, by an event that it had not heard of yet."""
    world.receipts["hello"] = [Receipt("cancelled", "Order Completed")]
    run = await enter(client, journey({"send": "hello"}, {"wait": "1d"}, exit_on=["Order Completed"]))
    await run.result()
    return run


async def followed_a_date(client: Client, world: World) -> Run:
    """A run that waited for a date that moved away and came nearer, and then for one that was not there."""
    world.traits = {"trial_ends": "2031-05-17"}
    definition = journey({"wait_until": {"trait": "trial_ends", "offset": "-3d", "time": "09:00"}}, {"send": "ends"},
                         {"wait_until": {"trait": "birthday"}}, {"send": "bye"})  # fmt: skip
    time, run = TimeSkipper(client), await enter(client, definition)
    for seq, day in enumerate(("2032-05-17", "2030-05-17"), start=1):
        await _pause()
        world.traits = {"trial_ends": day}
        await happen(client, run, TRAITS_CHANGED, seq, traits=["trial_ends"])
    await _pause()
    await time.fast_forward(run, 5 * 366 * DAY)
    await run.result()
    return run


async def waited_for_a_condition(client: Client, world: World) -> Run:
    """A run that asked on arrival, after a change, when time alone could tell, and began anew in between."""
    world.traits = {"vip_since": "2031-05-17"}
    awaited = [{"condition": {"trait": "vip_since", "before": "now"}}, {"event": "Product Viewed"}]
    definition = journey({"wait_for": awaited}, {"send": "vip"}, {"wait_for": awaited}, {"send": "bye"})
    time, run = TimeSkipper(client), await enter(client, definition)
    await _pause()
    await happen(client, run, TRAITS_CHANGED, 1, traits=["vip_since"])
    await _pause()
    await run.signal(JourneyWorkflow.checkpoint)
    await _pause()
    await time.fast_forward(run, 6 * 366 * DAY)
    await run.result()
    return run


async def split_repeated_and_called(client: Client, world: World) -> Run:
    """A run that drew its lot, went round, called a webhook, told the staff, and entered another journey."""
    rounds = [{"send": "tip"}, {"set": {"traits": {"tips": True}}}]
    definition = journey(
        {"split": [{"share": 1, "name": "one", "then": [{"send": "one"}]}, {"share": 1, "name": "other"}]},
        {"repeat": {"every": "7d", "at_most": 3, "until": {"trait": "enough", "is": True}, "steps": rounds}},
        {"webhook": "https://crm.example/hook"},
        {"notify": "sales", "letter": "alert"},
        {"enrol": "nurture"},
    )
    time, run = TimeSkipper(client), await enter(client, definition)
    await _pause()
    await run.signal(JourneyWorkflow.checkpoint)
    await _pause()
    await time.fast_forward(run, 8 * DAY)
    world.traits = {"enough": True}
    await time.fast_forward(run, 7 * DAY)
    await run.result()
    return run


async def moved_to_another_version(client: Client, world: World) -> Run:
    """A run that was refused one version, and went on with another to its limit."""
    run = await enter(client, journey({"send": "hello"}, {"id": "rest", "wait": "30d"}))
    for request, steps in enumerate(([{"send": "bye"}], [{"id": "rest", "wait": "60d"}, {"send": "bye"}]), start=2):
        await _pause()
        plan = lay_out(journey(*steps, limit="40d"), request).model_dump(mode="json", by_alias=True)
        await run.signal(JourneyWorkflow.migrate, Migration(plan, {}, str(request)))
    await _pause()
    await TimeSkipper(client).fast_forward(run, 41 * DAY)
    await run.result()
    return run


SCENARIOS: tuple[Scenario, ...] = (
    slept_signalled_branched_and_begun_anew,
    left_in_the_middle,
    still_asleep,
    local_time,
    held_and_paused,
    cancelled_by_the_moment,
    followed_a_date,
    waited_for_a_condition,
    split_repeated_and_called,
    moved_to_another_version,
)
