"""Goals and re-entry, from the event in the outbox to the row of the enrolment."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.client import Client

from store import enrolments, journeys
from store.session import Database
from tests.workflows.shop import Shop
from tests.workflows.world import journey
from workflows.router import Router

AGE = text("""
    UPDATE enrolments
    SET started_at = started_at - cast(:time AS interval), goal_until = goal_until - cast(:time AS interval)
""")


class Entrance(Shop):
    """One contact before a journey."""

    async def publish(self, **rules: Any) -> None:
        async with self.database.transaction() as session:
            await journeys.publish(session, journey({"wait": "30d"}, trigger={"event": "Cart Viewed"}, **rules))

    async def does(self, *names: str) -> None:
        for name in names:
            await self.happens([("u1", name)])
        router = Router(self.database, self.client)
        while await router.turn():
            pass

    async def leaves(self) -> None:
        """The run ends, here and in Temporal."""
        for row in await self.rows("SELECT id, workflow_id FROM enrolments WHERE status <> 'ended'"):
            await self.client.get_workflow_handle(row.workflow_id).terminate("it is over")
            async with self.database.transaction() as session:
                await enrolments.end(session, row.id, "completed", datetime.now(UTC))

    async def ages(self, time: timedelta) -> None:
        """All that has happened was so much earlier."""
        async with self.database.transaction() as session:
            await session.execute(AGE, {"time": time})

    async def runs(self) -> int:
        return len(await self.rows("SELECT 1 FROM enrolments"))

    async def goals(self) -> list[bool]:
        rows = await self.rows("SELECT goal_at IS NOT NULL AS reached FROM enrolments ORDER BY trigger_seq")
        return [row.reached for row in rows]


@pytest_asyncio.fixture
async def entrance(database: Database, temporal_client: Client) -> AsyncIterator[Entrance]:
    entrance = Entrance(database, temporal_client)
    yield entrance
    await entrance.leaves()
    await entrance.line.close()


@pytest.mark.parametrize(
    ("rule", "passed", "runs"),
    [
        ("never", timedelta(days=365), 1),
        ("always", timedelta(0), 2),
        ("after 7d", timedelta(days=6), 1),
        ("after 7d", timedelta(days=8), 2),
    ],
)
async def test_who_has_left_enters_again_by_the_authors_rule(
    entrance: Entrance, rule: str, passed: timedelta, runs: int
) -> None:
    await entrance.publish(re_entry=rule)
    await entrance.does("Cart Viewed", "Cart Viewed")
    assert await entrance.runs() == 1
    await entrance.leaves()
    await entrance.ages(passed)
    await entrance.does("Cart Viewed")
    assert await entrance.runs() == runs


GOAL = {"event": "Order Completed", "within": "5d"}


async def test_a_goal_is_recorded_during_the_run(entrance: Entrance) -> None:
    await entrance.publish(goal=GOAL)
    await entrance.does("Order Completed", "Cart Viewed")
    assert await entrance.goals() == [False]
    await entrance.does("Order Completed")
    assert await entrance.goals() == [True]


@pytest.mark.parametrize(("passed", "reached"), [(timedelta(days=4), True), (timedelta(days=6), False)])
async def test_a_goal_is_recorded_after_the_run_in_its_time(
    entrance: Entrance, passed: timedelta, reached: bool
) -> None:
    await entrance.publish(goal=GOAL)
    await entrance.does("Cart Viewed")
    await entrance.leaves()
    await entrance.ages(passed)
    await entrance.does("Order Completed")
    assert await entrance.goals() == [reached]


async def test_one_order_reaches_the_goals_of_all_runs_that_are_open(entrance: Entrance) -> None:
    await entrance.publish(goal=GOAL, re_entry="always")
    await entrance.does("Cart Viewed")
    await entrance.leaves()
    await entrance.does("Cart Viewed", "Order Completed")
    assert await entrance.goals() == [True, True]
