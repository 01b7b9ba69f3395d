"""Runs that are told to go on with another version of their journey."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from rules.journey import Journey
from rules.layout import lay_out
from tests.workflows.watching import at, begun_anew, eventually, until
from tests.workflows.world import Run, World, enter, happen, journey
from workflows.journey import JourneyWorkflow
from workflows.payloads import Migration

DAY = timedelta(days=1)


async def migrate(run: Run, definition: Journey, number: int = 2, request: str = "r1", **mapping: str) -> None:
    plan = lay_out(definition, number).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    await run.signal(JourneyWorkflow.migrate, Migration(plan, mapping, request))


async def moved(world: World, run: Run, definition: Journey, **more: Any) -> None:
    before, told = (await run.describe()).run_id, len(world.moves)
    await migrate(run, definition, **more)
    await eventually(lambda: len(world.moves) > told)
    await begun_anew(run, before)


async def test_a_sleeping_run_goes_on_with_the_new_version_in_a_new_history(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    run = await enter(temporal_client, journey({"send": "hello"}, {"id": "rest", "wait": "30d"}, {"send": "old"}))
    await until(run, at("rest"))
    new = journey({"send": "hello"}, {"id": "rest", "wait": "2d"}, {"wait_for": {"event": "New"}}, {"send": "new"})
    await moved(world, run, new)
    snapshot = await until(run, at("rest"))
    assert snapshot.version == 2
    assert [each.version for each in world.moves] == [2]
    await time.fast_forward(run, 3 * DAY)
    await until(run, at("for-new"))
    await happen(temporal_client, run, "New", 1)  # which the old version did not listen to
    assert await run.result() == "completed"
    assert world.letters == ["hello", "new"]
    (enrolment,) = world.endings
    assert ("migrated", "version 1 to 2") in world.said(enrolment)


async def test_a_step_that_is_gone_is_refused_without_harm_and_may_be_named_later(
    world: World, temporal_client: Client
) -> None:
    run = await enter(temporal_client, journey({"id": "rest", "wait": "30d"}, {"send": "old"}))
    await until(run, at("rest"))
    new = journey({"id": "bye", "send": "new"})
    await migrate(run, new)
    await eventually(lambda: bool(world.moves))
    assert world.moves[0].version is None
    assert (await until(run, at("rest"))).version == 1
    (enrolment,) = world.verdicts
    assert world.said(enrolment) == [("migrated", "refused")]
    await migrate(run, new)  # the same request again
    await migrate(run, new, request="r2", rest="bye")
    assert await run.result() == "completed"
    assert world.letters == ["new"]
    assert [each.version for each in world.moves] == [None, 2]


async def test_what_is_no_plan_is_refused(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"id": "rest", "wait": "30d"}, exit_on=["B"]))
    await until(run, at("rest"))
    await run.signal(JourneyWorkflow.migrate, Migration({"journey": "tried", "steps": "none"}, {}, "r1"))
    await eventually(lambda: bool(world.moves))
    assert world.moves[0].version is None
    await happen(temporal_client, run, "B", 1)
    assert await run.result() == "B"


async def test_a_migration_does_not_wait_for_a_letter_that_is_being_retried(
    world: World, temporal_client: Client
) -> None:
    world.receipts["hello"] = [ApplicationError("not yet", next_retry_delay=timedelta(hours=1))]
    run = await enter(temporal_client, journey({"send": "hello"}))
    await eventually(lambda: bool(world.orders))
    await moved(world, run, journey({"send": "hello"}, {"send": "bye"}))
    assert await asyncio.wait_for(run.result(), 10) == "completed"
    assert world.letters == ["hello", "hello", "bye"]
    assert world.orders[0].send_key == world.orders[1].send_key


async def test_a_paused_run_is_migrated_and_stays_paused(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"id": "rest", "wait": "1s"}, {"send": "old"}))
    await run.signal(JourneyWorkflow.pause)
    await until(run, lambda snapshot: snapshot.state.paused)
    await moved(world, run, journey({"id": "rest", "wait": "1s"}, {"send": "new"}))
    assert (await until(run, lambda snapshot: snapshot.version == 2)).state.paused
    await run.signal(JourneyWorkflow.resume)
    assert await run.result() == "completed"
    assert world.letters == ["new"]
