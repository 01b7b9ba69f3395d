"""What starts a journey, end to end: from what happens, through upkeep and routing, to the row of the enrolment."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.audience import Audiences, Call
from activities.upkeep import Upkeep
from rules.content import Content
from rules.journey import Journey
from rules.segment import Segment
from store.explanations import explained
from store.incoming import Incoming
from store.knowledge import Watch
from store.publishing import publish
from store.recording import record
from store.session import Database
from tests.workflows.shop import Shop
from tests.workflows.world import journey
from workflows.payloads import Heard
from workflows.router import Router
from workflows.starting import tell

LOYAL = Segment.model_validate({"segment": "loyal", "title": "Loyal", "when": {"trait": "orders", "gte": 3}})


class Triggers(Shop):
    """A shop with one contact, `u1`, whose events are routed at once."""

    def __init__(self, database: Database, client: Client) -> None:
        super().__init__(database, client)
        self.router = Router(database, client)
        self.upkeep = Upkeep(database, Watch(UTC))

    async def publish(self, *trigger: dict[str, Any], wait: str = "30d", **more: Any) -> None:
        """One journey, beside the segment `loyal`; the first computation of both is done."""
        definition: Journey = journey({"wait": wait}, trigger=list(trigger), **more)
        await self.goes_live(definition)

    async def goes_live(self, definition: Journey) -> None:
        async with self.database.transaction() as session:
            await publish(session, Content({definition.journey: definition}, {"loyal": LOYAL}))
        await ActivityEnvironment().run(self.upkeep.fill)

    async def comes(self, name: str, *, ago: timedelta = timedelta(0), user: str = "u1", **fields: Any) -> None:
        """An event is recorded and routed, with all that follows from it."""
        now = datetime.now(UTC)
        await record(self.line, [Incoming(str(uuid4()), name, now - ago, now, user_id=user, **fields)])
        await self.routes()

    async def routes(self) -> None:
        while await self.router.turn():
            pass

    async def enrolled(self) -> list[str]:
        """The events by which somebody has entered."""
        rows = await self.rows("SELECT name FROM enrolments e JOIN events v ON v.seq = e.trigger_seq ORDER BY v.seq")
        return [row.name for row in rows]

    async def decisions(self) -> list[tuple[str, str, str]]:
        """What was decided: its kind, the verdict and the reason."""
        rows = await self.rows("SELECT kind, verdict, reason FROM decisions ORDER BY id")
        return [(row.kind, row.verdict, row.reason) for row in rows]


@pytest_asyncio.fixture
async def shop(database: Database, temporal_client: Client) -> AsyncIterator[Triggers]:
    shop = Triggers(database, temporal_client)
    yield shop
    for row in await shop.rows("SELECT workflow_id FROM enrolments WHERE status <> 'ended'"):
        await tell(temporal_client, row.workflow_id, "exit", "the test is over")
    await shop.line.close()


async def test_entering_a_segment_starts_a_journey(shop: Triggers) -> None:
    await shop.publish({"segment": "loyal"})
    await shop.comes("Identified", traits={"orders": 2})
    assert await shop.enrolled() == []
    await shop.comes("Identified", traits={"orders": 3})
    assert await shop.enrolled() == ["Segment Entered"]
    assert await shop.decisions() == [("entered", "entered", "by Segment Entered")]


async def test_leaving_a_segment_starts_a_journey(shop: Triggers) -> None:
    await shop.publish({"segment": "loyal", "on": "left"})
    await shop.comes("Identified", traits={"orders": 3})
    assert await shop.enrolled() == []
    await shop.comes("Identified", traits={"orders": 1})
    assert await shop.enrolled() == ["Segment Left"]


async def test_a_birthday_starts_a_journey(shop: Triggers) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    born = f"1990-{soon:%m-%d}"
    await shop.publish({"date": "birthday", "yearly": True, "time": f"{soon:%H:%M:%S}", "zone": "UTC"})
    await shop.comes("Identified", traits={"birthday": born})
    assert await shop.enrolled() == []
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.1)
    await ActivityEnvironment().run(shop.upkeep.work_off)
    await shop.routes()
    assert await shop.enrolled() == ["Date Reached"]
    ((properties,),) = await shop.rows("SELECT properties FROM events WHERE name = 'Date Reached'")
    assert properties == {"journey": "tried", "trait": "birthday", "date": f"{soon:%Y-%m-%d}"}


async def test_a_schedule_lets_an_audience_enter_at_a_bounded_rate(shop: Triggers) -> None:
    await shop.publish({"schedule": "0 9 * * 1", "segment": "loyal", "per_second": 4})
    for number in range(10):
        await shop.comes("Identified", user=f"u{number}", traits={"orders": 3})
    call = Call("tried", "loyal", "0 9 * * 1", "UTC", 4, at=datetime.now(UTC).replace(microsecond=0))
    calling = asyncio.create_task(ActivityEnvironment().run(Audiences(shop.database).call, call))
    while not calling.done():
        await shop.routes()
        await asyncio.sleep(0.05)
    assert (await calling).called == 10
    await shop.routes()
    entered = [row.started_at for row in await shop.rows("SELECT started_at FROM enrolments ORDER BY started_at")]
    assert len(entered) == 10
    for first in entered:
        assert sum(first <= at < first + timedelta(seconds=0.95) for at in entered) <= 4


async def test_of_several_triggers_the_first_that_comes_starts_the_journey(shop: Triggers) -> None:
    await shop.publish({"event": "Signed Up"}, {"segment": "loyal"})
    await shop.comes("Identified", traits={"orders": 3})
    await shop.comes("Signed Up")
    assert await shop.enrolled() == ["Segment Entered"]
    assert [verdict for _, verdict, _ in await shop.decisions()] == ["entered", "inside"]


async def test_a_late_event_starts_no_journey_unless_its_trigger_allows_it(shop: Triggers) -> None:
    await shop.publish({"event": "Signed Up", "late": "2d"})
    await shop.comes("Signed Up", user="u1", ago=timedelta(days=3))
    await shop.comes("Signed Up", user="u2", ago=timedelta(days=1))
    await shop.comes("Signed Up", user="u3", ago=timedelta(days=1), backfill=True)
    await shop.comes("Signed Up", user="u4", ago=timedelta(days=3), backfill=True)
    ids = await shop.rows("SELECT i.value FROM enrolments JOIN identities i USING (contact_id) ORDER BY value")
    assert [row.value for row in ids] == ["u2", "u3"]
    assert [each for each in await shop.decisions() if each[0] == "refused"] == [
        ("refused", "late", "Signed Up happened 3 days before it came; the journey takes events up to 2 days late"),
        (
            "refused",
            "backfill",
            "Signed Up was imported, and happened 3 days before it came; the journey takes events up to 2 days late",
        ),
    ]


async def test_what_an_import_brings_changes_segments_and_starts_nothing(shop: Triggers) -> None:
    await shop.publish({"segment": "loyal"}, {"event": "Order Completed"})
    await shop.comes("Order Completed", traits={"orders": 5}, backfill=True)
    assert await shop.rows("SELECT 1 FROM memberships") != []
    assert await shop.enrolled() == []
    assert [verdict for _, verdict, _ in await shop.decisions()] == ["backfill"]


async def test_refusals_stand_in_rows_with_what_they_rest_on_and_once_a_day(shop: Triggers) -> None:
    trigger = {"event": "Order Completed", "where": {"property": "total", "gte": 100}}
    await shop.publish(trigger, key="properties.order_id", re_entry="after 7d")
    for total in (5, 6, 7):
        await shop.comes("Order Completed", properties={"total": total, "order_id": "o1"})
    await shop.comes("Order Completed", properties={"total": 100})
    for _ in range(3):
        await shop.comes("Order Completed", properties={"total": 100, "order_id": "o1"})
    *first, last = await shop.decisions()
    assert first == [
        ("refused", "filter", "Order Completed does not count; total is at least 100: no, it is 5"),
        ("refused", "no key", "Order Completed tells no properties.order_id"),
        ("entered", "entered", "by Order Completed"),
    ]
    assert last[:2] == ("refused", "inside")
    assert last[2].startswith("on the way since 20")
    facts = await shop.rows("SELECT facts, enrolment_id, version, journey FROM decisions ORDER BY id")
    assert facts[0].facts["conditions"] == [{"words": "total is at least 100", "held": False, "value": 5}]
    assert (facts[0].journey, facts[0].version, facts[0].enrolment_id) == ("tried", 1, None)
    assert facts[2].facts["key"] == "o1"
    assert facts[3].facts["enrolment"] == str(facts[2].enrolment_id)


async def test_who_was_refused_is_explained_by_the_condition_that_failed_and_the_value_it_had(shop: Triggers) -> None:
    await shop.publish({"event": "Order Completed", "where": {"property": "total", "gte": 100}})
    await shop.comes("Order Completed", properties={"total": 5})
    (contact,) = [row.id for row in await shop.rows("SELECT id FROM contacts")]
    async with shop.database.transaction() as session:
        (answer,) = await explained(session, contact, "tried", None)
    assert answer.said.startswith("not entered: Order Completed does not count; total is at least 100: no, it is 5 (")
    assert [each.verdict for each in answer.decisions] == ["filter"]


async def test_a_number_beyond_all_bounds_is_refused_like_any_other(shop: Triggers) -> None:
    small = {"property": "total", "lt": 100}
    await shop.publish({"event": "Order Completed", "where": small}, exit_on={"event": "Order Updated", "where": small})
    await shop.comes("Order Completed", properties={"total": 1e30})
    ((_, verdict, reason),) = await shop.decisions()
    assert (verdict, await shop.rows("SELECT 1 FROM outbox")) == ("filter", [])
    assert reason.endswith('total is under 100: no, it is "1.00000000000000E+30"')
    await shop.comes("Order Completed", properties={"total": 1})
    await shop.comes("Order Updated", properties={"total": 1e30})
    assert await shop.rows("SELECT 1 FROM outbox") == []


async def test_another_router_knows_what_was_refused_today(shop: Triggers) -> None:
    await shop.publish({"event": "Signed Up"})
    for _ in range(2):
        await shop.comes("Signed Up", ago=timedelta(days=1))
        shop.router = Router(shop.database, shop.client)
    assert len(await shop.decisions()) == 1


async def test_a_run_that_waits_for_a_date_hears_that_the_trait_has_changed(shop: Triggers) -> None:
    definition = journey({"wait_until": {"trait": "trial_ends_at"}}, trigger={"event": "Trial Started"})
    await shop.goes_live(definition)
    await shop.comes("Trial Started", traits={"trial_ends_at": "2030-01-01"})
    await shop.comes("Identified", traits={"trial_ends_at": "2030-02-01", "city": "Visby"})
    await shop.comes("Identified", traits={"city": "Turku"})
    ((workflow,),) = await shop.rows("SELECT workflow_id FROM enrolments")
    assert await _signals(shop, workflow) == [("traits_changed", ["trial_ends_at"])]


async def _signals(shop: Triggers, workflow: str) -> list[tuple[str, list[str]]]:
    """The names of the signals that a run was sent, and the traits that each names."""
    history = await shop.client.get_workflow_handle(workflow).fetch_history()
    told = []
    for event in history.events:
        if event.HasField("workflow_execution_signaled_event_attributes"):
            signal = event.workflow_execution_signaled_event_attributes
            (heard,) = await shop.client.data_converter.decode(signal.input.payloads, [Heard])
            told.append((signal.signal_name, heard.traits))
    return told
