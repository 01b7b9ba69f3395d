"""Several routers on one database, against a real Temporal: no run starts twice, and each contact's order is kept."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from store import journeys
from store.session import Database
from tests.workflows.shop import Shop, routing
from tests.workflows.world import journey
from workflows.payloads import Heard
from workflows.starting import TemporalProblem, hear

CART = journey(
    {"wait": "30d", "restart_on": ["Product Added", "Cart Viewed"]},
    trigger={"event": "Product Added"},
    exit_on=["Order Completed"],
)
CONTACTS, EVENTS = 24, 12


@pytest_asyncio.fixture
async def shop(database: Database, temporal_client: Client) -> AsyncIterator[Shop]:
    shop = Shop(database, temporal_client)
    async with database.transaction() as session:
        await journeys.publish(session, CART)
    yield shop
    for (workflow,) in await shop.rows("SELECT workflow_id FROM enrolments"):
        await temporal_client.get_workflow_handle(workflow).terminate("the test is over")
    await shop.line.close()


async def test_three_routers_start_each_run_once_and_keep_every_contacts_order(
    shop: Shop, temporal_client: Client
) -> None:
    users, chance = [f"u{number}" for number in range(CONTACTS)], random.Random(7)
    async with routing(shop, temporal_client, temporal_client, temporal_client) as routers:
        for _ in range(EVENTS):
            chance.shuffle(users)
            await shop.happens([(user, chance.choice(("Product Added", "Cart Viewed"))) for user in users])
        await shop.drained()
        assert sum(router.routed for router in routers) == CONTACTS * EVENTS
        assert sum(router.routed > 0 for router in routers) >= 2
    entered = await shop.rows("SELECT workflow_id, contact_id, trigger_seq FROM enrolments")
    assert len(entered) == len({row.contact_id for row in entered})
    for row in entered:
        later = await shop.rows(
            f"SELECT seq FROM events WHERE contact_id = '{row.contact_id}' AND seq > {row.trigger_seq} ORDER BY seq"
        )
        assert await shop.heard(row.workflow_id) == [each.seq for each in later]


async def test_a_router_that_dies_in_the_middle_leaves_nothing_behind(shop: Shop, temporal_client: Client) -> None:
    users = [f"u{number}" for number in range(CONTACTS)]
    for name in ("Product Added", "Cart Viewed", "Product Added"):
        await shop.happens([(user, name) for user in users])
    async with routing(shop, temporal_client) as (dying,):
        for _ in range(200):
            if await shop.rows("SELECT 1 FROM enrolments LIMIT 1"):
                break
            await asyncio.sleep(0.01)
    assert dying.routed < len(users) * 3
    async with routing(shop, temporal_client):
        await shop.drained()
    entered = await shop.rows("SELECT workflow_id, trigger_seq FROM enrolments")
    assert len(entered) == CONTACTS
    for row in entered:
        told = await shop.heard(row.workflow_id)
        assert told == sorted(set(told))
        assert len(told) == 2


async def test_while_temporal_is_away_events_wait_and_then_all_are_routed_in_order(
    shop: Shop, temporal_client: Client
) -> None:
    away = await Client.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)
    await shop.happens([("u1", "Product Added"), ("u1", "Cart Viewed"), ("u2", "Product Added"), ("u2", "Page Viewed")])
    async with routing(shop, away) as (router,):
        await asyncio.sleep(0.5)
        assert router.routed == 0
        assert len(await shop.rows("SELECT * FROM outbox")) == 4
        assert await shop.rows("SELECT error FROM outbox WHERE error IS NOT NULL") == []
    async with routing(shop, temporal_client):
        await shop.drained()
    told = [await shop.heard(row.workflow_id) for row in await shop.rows("SELECT workflow_id FROM enrolments")]
    assert sorted(map(len, told)) == [0, 1]


async def test_an_event_that_cannot_be_routed_blocks_its_contact_and_nobody_else(
    shop: Shop, temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.happens([("u1", "Product Added"), ("u2", "Product Added")])
    async with routing(shop, temporal_client):
        await shop.drained()
    ((blocked,),) = await shop.rows(
        "SELECT e.workflow_id FROM enrolments e JOIN identities i ON i.contact_id = e.contact_id WHERE value = 'u1'"
    )
    refusing = Refusing(blocked)
    monkeypatch.setattr("workflows.router.hear", refusing.hear)
    await shop.happens([(user, name) for name in ("Cart Viewed", "Product Added") for user in ("u1", "u2")])
    async with routing(shop, temporal_client):
        for _ in range(200):
            if len(await shop.rows("SELECT 1 FROM outbox")) == 2:
                break
            await asyncio.sleep(0.02)
        waiting = await shop.rows("SELECT attempts, error FROM outbox ORDER BY seq")
        assert [row.attempts for row in waiting] == [1, 0]
        assert "refused" in waiting[0].error
        refusing.refuses = False
        await shop.rows("UPDATE outbox SET not_before = now() WHERE not_before IS NOT NULL RETURNING 1")
        await shop.drained()
    told = await shop.heard(blocked)
    assert told == sorted(told)
    assert len(told) == 2


class Refusing:
    """Temporal refuses one run's signals."""

    def __init__(self, workflow: str) -> None:
        self._hear, self._workflow = hear, workflow
        self.refuses = True

    async def hear(self, client: Client, workflow: str, event: str, heard: Heard) -> None:
        if self.refuses and workflow == self._workflow:
            raise TemporalProblem("refused for the test")
        await self._hear(client, workflow, event, heard)
