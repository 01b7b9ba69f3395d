"""A schedule fires on a real Temporal, and everybody in its segment is called: once, at the time that was meant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client, ScheduleBackfill, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.audience import Audiences, Call, Progress
from activities.calendar import PREFIX, Calendar
from rules.content import Content
from rules.segment import Segment
from store.incoming import Incoming
from store.publishing import publish
from store.recording import record
from store.session import Database, Line
from tests.rules.journeys import journey
from tests.store.happening import rows
from workflows.calendar import AudienceWorkflow

LOYAL = Segment.model_validate({"segment": "loyal", "title": "Loyal", "when": {"trait": "orders", "gte": 3}})
MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)
"""A Monday, 9:00 in Helsinki."""


class Stage:
    """People, a journey with a schedule, and a queue for its audience."""

    def __init__(self, database: Database, client: Client) -> None:
        self.database, self.client = database, client
        self.queue = f"audience-{uuid4().hex}"
        self.journey = f"weekly-{uuid4().hex[:8]}"
        self.calendar = Calendar(database, client, "Europe/Helsinki", self.queue)

    async def opens(self, people: int, per_second: int) -> None:
        """So many people in the segment, one outside, and the journey is published."""
        trigger = {"schedule": "0 9 * * 1", "segment": "loyal", "per_second": per_second}
        definition = journey("[{wait: 30d}]", journey=self.journey, trigger=trigger)
        async with self.database.transaction() as session:
            await publish(session, Content({self.journey: definition}, {"loyal": LOYAL}))
        now, line = datetime.now(UTC), Line(self.database.url)
        orders = [3] * people + [2]
        told = [
            Incoming(str(uuid4()), "Told", now, now, user_id=f"u{n}", traits={"orders": of})
            for n, of in enumerate(orders)
        ]
        await record(line, told)
        await line.close()
        await ActivityEnvironment().run(self.calendar.keep)

    def call(self, **more: Any) -> Call:
        return replace(Call(self.journey, "loyal", "0 9 * * 1", "Europe/Helsinki", 50, MONDAY), **more)

    @asynccontextmanager
    async def working(self, **options: Any) -> AsyncIterator[Worker]:
        audiences = Audiences(self.database)
        async with Worker(
            self.client, task_queue=self.queue, workflows=[AudienceWorkflow], activities=[audiences.call], **options
        ) as worker:
            yield worker

    async def starts(self, call: Call) -> WorkflowHandle[AudienceWorkflow, Progress]:
        return await self.client.start_workflow(
            AudienceWorkflow.run, call, id=f"audience/{uuid4()}", task_queue=self.queue
        )

    async def called(self) -> list[tuple[Any, ...]]:
        """Whom the journey called: the contact, the time, and when that was."""
        return await rows(
            self.database,
            """
            SELECT contact_id, properties, received_at, occurred_at FROM events
            WHERE name = 'Schedule Reached' ORDER BY seq
            """,
        )

    async def until_called(self, number: int) -> None:
        for _ in range(600):
            if len(await self.called()) >= number:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"only {len(await self.called())} were called")


@pytest_asyncio.fixture
async def stage(database: Database, temporal_client: Client) -> AsyncIterator[Stage]:
    stage = Stage(database, temporal_client)
    yield stage
    async for known in await temporal_client.list_schedules():
        if known.id == f"{PREFIX}{stage.journey}":
            await temporal_client.get_schedule_handle(known.id).delete()


async def test_a_firing_calls_everybody_in_the_segment_at_the_time_that_was_meant(stage: Stage) -> None:
    await stage.opens(people=7, per_second=50)
    handle = stage.client.get_schedule_handle(f"{PREFIX}{stage.journey}")
    before = timedelta(minutes=30)
    async with stage.working():
        # A time that Temporal has missed, and makes up for now.
        await handle.backfill(ScheduleBackfill(MONDAY - before, MONDAY + before))
        await stage.until_called(7)
    called = await stage.called()
    at = "2026-11-16T07:00:00+00:00"
    assert [properties for _, properties, _, _ in called] == [
        {"journey": stage.journey, "segment": "loyal", "at": at}
    ] * 7
    assert {occurred for _, _, _, occurred in called} == {MONDAY}
    ids = await rows(stage.database, "SELECT message_id FROM events WHERE name = 'Schedule Reached'")
    assert {name for (name,) in ids} == {f"schedule/{stage.journey}/{at}/{contact}" for contact, _, _, _ in called}


async def test_no_more_than_so_many_are_called_in_a_second(stage: Stage) -> None:
    await stage.opens(people=11, per_second=4)
    async with stage.working():
        progress = await (await stage.starts(stage.call(per_second=4))).result()
    assert (progress.called, progress.done) == (11, True)
    times = [at for _, _, at, _ in await stage.called()]
    assert len(times) == 11
    for first in times:
        assert sum(first <= at < first + timedelta(seconds=0.95) for at in times) <= 4


async def test_the_same_time_again_calls_nobody_twice(stage: Stage) -> None:
    await stage.opens(people=5, per_second=50)
    async with stage.working():
        for _ in range(2):
            await (await stage.starts(stage.call())).result()
    assert len(await stage.called()) == 5


async def test_an_audience_that_was_cut_off_goes_on_where_it_was(stage: Stage) -> None:
    await stage.opens(people=9, per_second=3)
    async with stage.working(graceful_shutdown_timeout=timedelta(0)):
        handle = await stage.starts(stage.call(per_second=3))
        await stage.until_called(3)
    begun = len(await stage.called())
    assert begun < 9
    async with stage.working():
        assert (await handle.result()).done
    contacts = [contact for contact, _, _, _ in await stage.called()]
    assert len(contacts) == len(set(contacts)) == 9


async def test_an_audience_goes_on_from_the_contact_that_it_has_come_to(stage: Stage) -> None:
    await stage.opens(people=6, per_second=50)
    everybody = [contact for (contact,) in await rows(stage.database, "SELECT id FROM contacts ORDER BY id")]
    half = everybody[3]
    async with stage.working():
        progress = await (await stage.starts(stage.call(progress=Progress(half, 100)))).result()
    left = {contact for contact, _, _, _ in await stage.called()}
    assert left
    assert all(contact > half for contact in left)
    assert progress.called == 100 + len(left)


async def test_operators_see_how_far_an_audience_has_come(stage: Stage) -> None:
    await stage.opens(people=3, per_second=50)
    async with stage.working():
        handle = await stage.starts(stage.call())
        await handle.result()
        details = await handle.query("__temporal_workflow_metadata")
    assert details.current_details == (
        f"**{stage.journey}** calls segment **loyal** (2026-11-16 07:00 UTC), at most 50 a second.\n\n"
        "Everybody: 3 called."
    )


async def test_a_segment_that_is_gone_ends_the_audience_with_a_reason(stage: Stage) -> None:
    await stage.opens(people=1, per_second=50)
    async with stage.database.transaction() as session:
        await publish(session, Content(None, {}))
    async with stage.working():
        handle = await stage.starts(stage.call())
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
    failed = failure.value.cause
    assert isinstance(failed, ActivityError)
    assert str(failed.cause) == "SegmentMissing: there is no segment loyal"


async def test_the_audience_of_a_journey_that_was_withdrawn_is_left_in_peace(stage: Stage) -> None:
    await stage.opens(people=3, per_second=50)
    async with stage.database.transaction() as session:
        await publish(session, Content({}))
    async with stage.working():
        progress = await (await stage.starts(stage.call())).result()
    assert progress == Progress(done=True)
    assert await stage.called() == []
