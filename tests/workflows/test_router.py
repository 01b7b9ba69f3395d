"""The router on a real database and a real Temporal: nothing is lost or begun twice when its work is cut off."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from rules.journey import Journey
from store import journeys
from store.incoming import Incoming
from store.recording import record
from store.session import Database, Line
from tests.workflows.world import journey
from workflows.payloads import Enrolled
from workflows.router import Router
from workflows.starting import TemporalAway, tell

CART = journey({"wait": "30d"}, trigger={"event": "Product Added"}, exit_on=["Order Completed"])
LATER = journey({"wait": "60d"}, trigger={"event": "Product Added"}, exit_on=["Order Refunded"])


class Shop:
    """A database that events come into, and routers that work on it."""

    def __init__(self, database: Database, client: Client, dead: Client) -> None:
        self.database = database
        self.client = client
        self.router = Router(database, client)
        self.cut_off = Router(database, dead)
        self.line = Line(database.url)

    async def publish(self, definition: Journey) -> None:
        async with self.database.transaction() as session:
            await journeys.publish(session, definition)

    async def happens(self, name: str, **fields: Any) -> None:
        now = datetime.now(UTC)
        await record(self.line, [Incoming(str(uuid4()), name, now, now, **fields)])

    async def routes(self) -> None:
        while await self.router.turn():
            pass

    async def is_cut_off(self) -> None:
        """A router writes down who enters, and then Temporal does not answer."""
        with pytest.raises(TemporalAway):
            await self.cut_off.turn()

    async def rows(self, sql: str) -> list[Any]:
        async with self.database.transaction() as session:
            return list((await session.execute(text(sql))).all())

    async def run(self) -> tuple[str, Enrolled]:
        """The only enrolment's workflow, and what it was started with."""
        ((workflow, enrolment),) = await self.rows("SELECT workflow_id, id FROM enrolments WHERE status <> 'ended'")
        history = await self.client.get_workflow_handle(workflow).fetch_history()
        payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
        (enrolled,) = await self.client.data_converter.decode(payloads, [Enrolled])
        assert enrolled.enrolment == enrolment
        return workflow, enrolled


@pytest_asyncio.fixture
async def shop(database: Database, temporal_client: Client) -> AsyncIterator[Shop]:
    dead = await Client.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)
    shop = Shop(database, temporal_client, dead)
    await shop.publish(CART)
    yield shop
    for (workflow,) in await shop.rows("SELECT workflow_id FROM enrolments WHERE status <> 'ended'"):
        await tell(temporal_client, workflow, "exit", "the test is over")
    await shop.line.close()


async def test_a_start_that_was_cut_off_is_made_up_for(shop: Shop) -> None:
    await shop.happens("Product Added", user_id="u1")
    await shop.is_cut_off()
    assert await shop.rows("SELECT 1 FROM outbox")
    await shop.routes()
    assert not await shop.rows("SELECT 1 FROM outbox")
    assert (await shop.run())[1].plan["version"] == 1


async def test_a_start_that_was_cut_off_survives_a_merge(shop: Shop) -> None:
    await shop.happens("Product Added", anonymous_id="browser")
    await shop.is_cut_off()
    await shop.happens("Identified", user_id="u1", email="anna@example.org")
    await shop.happens("Identified", user_id="u1", anonymous_id="browser")
    assert len(await shop.rows("SELECT 1 FROM contacts WHERE merged_into IS NULL")) == 1
    await shop.routes()
    await shop.run()
    assert len(await shop.rows("SELECT 1 FROM enrolments")) == 1


async def test_a_start_that_was_cut_off_is_made_in_the_version_that_was_entered(shop: Shop) -> None:
    await shop.happens("Product Added", user_id="u1")
    await shop.is_cut_off()
    await shop.publish(LATER)
    await shop.routes()
    assert (await shop.run())[1].plan["version"] == 1


async def test_a_start_that_was_cut_off_is_made_though_the_journey_was_withdrawn(shop: Shop) -> None:
    await shop.happens("Product Added", user_id="u1")
    await shop.is_cut_off()
    async with shop.database.transaction() as session:
        assert await journeys.withdraw(session, keep=[]) == ["tried"]
    await shop.routes()
    await shop.run()


async def test_a_run_that_is_over_is_not_begun_again_by_the_event_that_began_it(shop: Shop) -> None:
    await shop.happens("Product Added", user_id="u1")
    await shop.is_cut_off()
    await shop.rows("UPDATE enrolments SET status = 'ended' RETURNING 1")
    await shop.routes()
    assert len(await shop.rows("SELECT 1 FROM enrolments")) == 1
    ((workflow,),) = await shop.rows("SELECT workflow_id FROM enrolments")
    assert [run.id async for run in shop.client.list_workflows(f"WorkflowId = '{workflow}'")] == []


POISON = """
    INSERT INTO journey_versions (journey, number, hash, definition) VALUES ('tried', 9, 'x', '{"journey": "tried"}')
    RETURNING 1
"""


async def test_a_version_that_this_code_cannot_read_stops_no_other_journey(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await shop.publish(journey({"wait": "30d"}, journey="other", trigger={"event": "Signed Up"}))
    await shop.rows(POISON)
    await shop.rows("UPDATE journeys SET live_version = 9 WHERE name = 'tried' RETURNING 1")
    await shop.happens("Product Added", user_id="u1")
    await shop.happens("Signed Up", user_id="u2")
    await shop.routes()
    assert (await shop.run())[1].plan["journey"] == "other"
    assert "version 9 of journey tried" in caplog.text


async def test_events_of_a_contact_inside_such_a_version_wait_and_those_of_others_do_not(shop: Shop) -> None:
    await shop.happens("Product Added", user_id="u1")
    await shop.routes()
    workflow, _ = await shop.run()
    await shop.rows(POISON)
    await shop.rows("UPDATE enrolments SET version = 9 RETURNING 1")
    await shop.happens("Order Completed", user_id="u1")
    await shop.happens("Page Viewed", user_id="u1")
    await shop.happens("Product Added", user_id="u2")
    await shop.routes()
    ((error,), (none,)) = await shop.rows("SELECT error FROM outbox ORDER BY seq")
    assert (error, none) == ("a journey of this contact was published by newer code", None)
    assert len(await shop.rows("SELECT 1 FROM enrolments")) == 2
    # The newer code can be read after all: what has waited goes on, in its order.
    await shop.rows("UPDATE enrolments SET version = 1 RETURNING 1")
    await shop.rows("UPDATE outbox SET not_before = NULL RETURNING 1")
    await shop.routes()
    assert not await shop.rows("SELECT 1 FROM outbox")
    history = await shop.client.get_workflow_handle(workflow).fetch_history()
    signals = [event for event in history.events if event.HasField("workflow_execution_signaled_event_attributes")]
    assert [each.workflow_execution_signaled_event_attributes.signal_name for each in signals] == ["order_completed"]
