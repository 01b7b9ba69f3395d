"""Segments, end to end: entering and leaving start, wake and end runs; time alone does, too; runs ask for the truth."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from sqlalchemy import text
from temporalio.client import Client
from temporalio.service import RPCError

from mail.relays import Relays
from rules.content import Content
from rules.journey import Journey
from rules.segment import Segment
from settings import Settings
from store.explanations import results
from store.publishing import publish
from store.session import Database
from tests.workflows.shop import Shop, routing
from worker import workers
from workflows.schedules import BACK_FILL, UPKEEP, schedule_upkeep

BOUGHT = {"event": "Order Completed"}
_SETTINGS: dict[str, Any] = {"write_keys": "key", "admin_key": "a" * 16, "secret": "s" * 20}


@dataclass
class Segmented(Shop):
    """A shop with segments, journeys, workers, a router, and the sweeps of its schedules."""

    def __init__(self, database: Database, client: Client) -> None:
        super().__init__(database, client)
        self.segments: dict[str, Segment] = {}
        self.journeys: dict[str, Journey] = {}

    async def segment(self, name: str, when: dict[str, Any]) -> None:
        self.segments[name] = Segment.model_validate({"segment": name, "title": name, "when": when})
        await self._publish()

    async def journey(self, name: str, *steps: dict[str, Any], **rules: Any) -> None:
        says = {"journey": name, "title": name, "class": "transactional", "re_entry": "always", "steps": steps}
        self.journeys[name] = Journey.model_validate(says | rules)
        await self._publish()

    async def _publish(self) -> None:
        async with self.database.transaction() as session:
            await publish(session, Content(journeys=self.journeys, segments=self.segments))
        await self.until("SELECT 1 FROM fills WHERE filled_at IS NULL", lambda rows: not rows)

    async def until(self, sql: str, so: Callable[[list[Any]], bool], seconds: float = 20) -> list[Any]:
        for _ in range(int(seconds / 0.1)):
            if so(rows := await self.rows(sql)):
                return rows
            await asyncio.sleep(0.1)
        raise AssertionError(f"{sql} tells {await self.rows(sql)}")

    async def trait(self, name: str, value: object) -> None:
        """The contact has this trait now, and nobody was told."""
        async with self.database.transaction() as session:
            told = (
                "UPDATE contacts SET traits = traits || jsonb_build_object(cast(:name AS text), cast(:value AS text))"
            )
            await session.execute(text(told), {"name": name, "value": value})


@pytest_asyncio.fixture
async def shop(database: Database, temporal_client: Client) -> AsyncIterator[Segmented]:
    shop = Segmented(database, temporal_client)
    settings = Settings(database_url=database.url, **_SETTINGS)
    relays = Relays(1)
    async with AsyncExitStack() as stack:
        for each in workers(settings, temporal_client, database, relays, ["journeys", "sweeps"]):
            await stack.enter_async_context(each)
        await schedule_upkeep(temporal_client, timedelta(seconds=1))
        await stack.enter_async_context(routing(shop, temporal_client))
        yield shop
        for name in (UPKEEP, BACK_FILL):
            await temporal_client.get_schedule_handle(name).delete()
        for row in await shop.rows("SELECT workflow_id FROM enrolments WHERE status <> 'ended'"):
            with suppress(RPCError):  # it has ended meanwhile
                await temporal_client.get_workflow_handle(row.workflow_id).terminate()
    await shop.line.close()
    await relays.close()


RUNS = "SELECT journey, status, reason FROM enrolments ORDER BY started_at"


async def test_entering_starts_a_run_and_leaving_ends_it(shop: Segmented) -> None:
    await shop.segment("keen", {"event": "Product Viewed", "times": {"exactly": 2}})
    left = {"event": "Segment Left", "where": {"property": "segment", "is": "keen"}}
    await shop.journey("coax", {"wait": "30d"}, trigger={"segment": "keen"}, exit_on=[left])
    await shop.happens([("u1", "Product Viewed"), ("u1", "Product Viewed")])
    await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["active"])
    await shop.happens([("u1", "Product Viewed")])
    (run,) = await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["ended"])
    assert run.reason is not None
    assert "Segment Left" in run.reason


async def test_leaving_starts_a_run_and_entering_wakes_it(shop: Segmented) -> None:
    await shop.segment("browsing", {"event": "Product Viewed", "times": {"exactly": 1}})
    await shop.segment("buyers", BOUGHT)
    entered = {"event": "Segment Entered", "where": {"property": "segment", "is": "buyers"}}
    steps: list[dict[str, Any]] = [{"wait_for": entered, "timeout": "30d"}, {"set": {"traits": {"woken": True}}}]
    await shop.journey("after", *steps, trigger={"segment": "browsing", "on": "left"})
    await shop.happens([("u1", "Product Viewed")])
    await shop.drained()
    assert await shop.rows(RUNS) == []
    await shop.happens([("u1", "Product Viewed")])
    await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["active"])
    await shop.happens([("u1", "Order Completed")])
    await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["ended"])
    ((traits,),) = await shop.rows("SELECT traits FROM contacts")
    assert traits["woken"] is True


async def test_a_run_that_waits_for_being_in_a_segment_is_woken_by_events_and_by_time(shop: Segmented) -> None:
    await shop.segment("buyers", BOUGHT)
    await shop.segment("quiet", {"event": "Order Completed", "within": "3s", "times": {"exactly": 0}})
    both = {"all": [{"segment": "buyers"}, {"segment": "quiet"}]}
    await shop.journey("after", {"wait_for": {"condition": both}}, trigger={"event": "Signed Up"})
    await shop.happens([("u1", "Signed Up")])
    await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["active"])
    await shop.happens([("u1", "Order Completed")])
    await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["ended"])
    ((early,),) = await shop.rows(
        "SELECT e.ended_at < v.received_at + interval '2 seconds' FROM enrolments e"
        " JOIN events v ON v.contact_id = e.contact_id AND v.name = 'Order Completed'"
    )
    assert not early


async def test_who_was_held_out_is_measured_to_the_end_of_the_goals_time(shop: Segmented) -> None:
    split = {"split": [{"share": 1, "name": "told", "then": [{"wait": "1s"}]}, {"holdout": 1}]}
    goal = {"event": "Order Completed", "within": "5d"}
    await shop.journey("tried", split, trigger={"event": "Signed Up"}, goal=goal)
    users = [f"u{number}" for number in range(12)]
    await shop.happens([(user, "Signed Up") for user in users])
    await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["ended"] * len(users))
    await shop.happens([(user, "Order Completed") for user in users])
    await shop.drained()
    async with shop.database.transaction() as session:
        whole, *ways = await results(session, "tried", None)
    assert whole == ("", "all", 12, 12)
    assert {way for _, way, _, _ in ways} == {"told", "holdout"}
    assert all(entered == reached for _, _, entered, reached in ways)


async def test_time_alone_lets_a_contact_enter_and_so_starts_a_run(shop: Segmented) -> None:
    quiet = {"all": [BOUGHT, {"not": {**BOUGHT, "within": "3s"}}]}
    await shop.segment("quiet", quiet)
    await shop.journey("wake", {"wait": "30d"}, trigger={"segment": "quiet"})
    began = datetime.now(UTC)
    await shop.happens([("u1", "Order Completed")])
    await shop.until(RUNS, lambda rows: [row.status for row in rows] == ["active"])
    assert datetime.now(UTC) - began >= timedelta(seconds=3)


async def test_who_was_in_a_segment_from_its_beginning_does_not_enter_it(shop: Segmented) -> None:
    await shop.journey("early", {"wait": "30d"}, trigger={"segment": "buyers"})
    await shop.happens([("u1", "Order Completed")])
    await shop.drained()
    await shop.segment("buyers", BOUGHT)
    await shop.until("SELECT 1 FROM memberships", lambda rows: len(rows) == 1)
    await shop.drained()
    assert await shop.rows(RUNS) == []
    await shop.happens([("u2", "Order Completed")])
    await shop.until(RUNS, lambda rows: len(rows) == 1)


async def test_a_run_asks_for_the_truth_and_not_for_the_kept_membership(shop: Segmented) -> None:
    await shop.segment("gold", {"trait": "plan", "is": "gold"})
    steps: list[dict[str, Any]] = [
        {
            "branch": [
                {"when": {"segment": "gold"}, "then": [{"set": {"traits": {"way": "gold"}}}]},
                {"otherwise": [{"set": {"traits": {"way": "plain"}}}]},
            ]
        }
    ]
    await shop.journey("asks", *steps, trigger={"event": "Cart Viewed"})
    await shop.happens([("u1", "Product Viewed")])
    await shop.drained()
    for plan, kept in (("gold", False), ("basic", True)):
        await shop.trait("plan", plan)
        async with shop.database.transaction() as session:
            # The membership is made wrong: it says the opposite of the truth.
            await session.execute(text("DELETE FROM memberships"))
            if kept:
                wrong = "INSERT INTO memberships (segment, contact_id) SELECT 'gold', id FROM contacts"
                await session.execute(text(wrong))
        await shop.happens([("u1", "Cart Viewed")])
        way = "gold" if plan == "gold" else "plain"
        await shop.until(f"SELECT 1 FROM contacts WHERE traits ->> 'way' = '{way}'", bool)


async def test_having_been_in_a_journey_is_noticed_within_seconds(shop: Segmented) -> None:
    await shop.segment("inside", {"in_journey": "short"})
    await shop.journey("short", {"wait": "3s"}, trigger={"event": "Cart Viewed"})
    await shop.happens([("u1", "Cart Viewed")])
    await shop.until("SELECT 1 FROM memberships", lambda rows: len(rows) == 1)
    await shop.until("SELECT 1 FROM memberships", lambda rows: not rows)
    told = await shop.rows("SELECT name FROM events WHERE name LIKE 'Segment%' ORDER BY seq")
    assert [row.name for row in told] == ["Segment Entered", "Segment Left"]
