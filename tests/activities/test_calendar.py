"""The calendar: Temporal's schedules follow what is published."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client, ScheduleActionStartWorkflow, ScheduleDescription
from temporalio.testing import ActivityEnvironment

from activities.audience import Call
from activities.calendar import PREFIX, Calendar, Kept
from rules.content import Content
from rules.journey import Journey
from store.publishing import publish
from store.session import Database
from tests.rules.journeys import journey


class Clockwork:
    """A calendar, and journeys that are published one after the other."""

    def __init__(self, database: Database, client: Client) -> None:
        self.database, self.client = database, client
        self.name = f"weekly-{uuid4().hex[:8]}"
        self.calendar = Calendar(database, client, "Europe/Helsinki", "nobody-works-here")

    async def publish(self, *triggers: dict[str, Any]) -> Kept:
        """Publish one journey of these schedules, or none, and keep the calendar."""
        live: dict[str, Journey] = {}
        if triggers:
            live[self.name] = journey("[{wait: 1h}]", journey=self.name, trigger=list(triggers))
        async with self.database.transaction() as session:
            await publish(session, Content(live))
        return await self.keep()

    async def keep(self) -> Kept:
        kept: Kept = await ActivityEnvironment().run(self.calendar.keep)
        return kept

    async def described(self, suffix: str = "") -> ScheduleDescription:
        return await self.client.get_schedule_handle(f"{PREFIX}{self.name}{suffix}").describe()

    async def call(self, suffix: str = "") -> Call:
        action = (await self.described(suffix)).schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        (call,) = await self.client.data_converter.decode([*action.args], [Call])
        assert isinstance(call, Call)
        return call

    async def names(self) -> set[str]:
        return {each.id async for each in await self.client.list_schedules() if self.name in each.id}


@pytest_asyncio.fixture
async def clockwork(database: Database, temporal_client: Client) -> AsyncIterator[Clockwork]:
    clockwork = Clockwork(database, temporal_client)
    yield clockwork
    for name in await clockwork.names():
        await temporal_client.get_schedule_handle(name).delete()


MONDAYS = {"schedule": "0 9 * * 1", "segment": "loyal", "per_second": 20}


async def test_a_live_journey_has_a_schedule_in_the_shop_s_zone_or_its_own(clockwork: Clockwork) -> None:
    kept = await clockwork.publish(MONDAYS, {"schedule": "30 18 1 * *", "segment": "all", "zone": "Asia/Tokyo"})
    assert (kept.schedules, kept.made) == (2, 2)
    assert await clockwork.call() == Call(clockwork.name, "loyal", "0 9 * * 1", "Europe/Helsinki", 20)
    assert await clockwork.call("/2") == Call(clockwork.name, "all", "30 18 1 * *", "Asia/Tokyo", 50)
    info = (await clockwork.described()).info
    assert {(at.weekday(), at.hour) for at in info.next_action_times} <= {(0, 6), (0, 7)}
    assert info.next_action_times


async def test_a_round_without_news_changes_nothing(clockwork: Clockwork) -> None:
    await clockwork.publish(MONDAYS)
    assert await clockwork.keep() == Kept(schedules=1)


async def test_a_changed_schedule_is_changed_and_stays_paused(clockwork: Clockwork) -> None:
    await clockwork.publish(MONDAYS)
    await clockwork.client.get_schedule_handle(f"{PREFIX}{clockwork.name}").pause(note="not now")
    kept = await clockwork.publish(MONDAYS | {"schedule": "0 10 * * 2"})
    assert (kept.made, kept.changed) == (0, 1)
    assert (await clockwork.call()).schedule == "0 10 * * 2"
    described = await clockwork.described()
    assert {at.weekday() for at in described.info.next_action_times} == {1}
    assert (described.schedule.state.paused, described.schedule.state.note) == (True, "not now")


async def test_the_schedule_of_a_journey_that_is_gone_is_removed(clockwork: Clockwork) -> None:
    await clockwork.publish(MONDAYS, {"schedule": "0 9 * * 2", "segment": "loyal"})
    await _listed(clockwork, 2)
    assert (await clockwork.publish(MONDAYS)).removed == 1
    await _listed(clockwork, 1)
    assert (await clockwork.publish()).removed == 1
    await _listed(clockwork, 0)


async def test_a_line_that_temporal_refuses_stops_no_other(
    clockwork: Clockwork, caplog: pytest.LogCaptureFixture
) -> None:
    kept = await clockwork.publish({"schedule": "every monday", "segment": "loyal"}, MONDAYS)
    assert kept.made == 1
    assert (await clockwork.call("/2")).schedule == "0 9 * * 1"
    assert f"calendar/{clockwork.name} is refused by Temporal" in caplog.text


async def _listed(clockwork: Clockwork, number: int) -> None:
    """Temporal's list of schedules is behind by a moment."""
    for _ in range(100):
        if len(await clockwork.names()) == number:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"there are {await clockwork.names()}")
