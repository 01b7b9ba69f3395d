"""People inside when a version is published: pinned, migrated, drained or ended, on a real Temporal and database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment, TimeSkipper
from temporalio.worker import Worker

from activities.enrolments import Enrolments
from activities.migrating import ENDED, Migrating
from rules.choices import Choice
from rules.content import Content
from rules.journey import Journey
from store import changeovers
from store.session import Database
from tests.workflows.shop import Shop, routing
from tests.workflows.watching import look
from tests.workflows.world import journey
from workflows.census import Census
from workflows.choosing import ChoiceRefused, examine
from workflows.journey import JourneyWorkflow
from workflows.migrating import ChangeOverWorkflow
from workflows.payloads import Snapshot
from workflows.publishing import begin, propose, publish
from workflows.starting import JOURNEYS_QUEUE, SWEEPS_QUEUE, tell

DAY = timedelta(days=1)
FIRST = journey({"wait": "10d", "id": "pause"}, {"wait": "20d"}, title="First")
LONGER = journey({"wait": "15d", "id": "pause"}, {"wait": "20d"}, title="Longer")
OTHER = journey({"wait": "9d"}, title="Other")


class Publisher:
    """A shop's journey, whoever is inside, and who publishes."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.client = shop, shop.client

    async def publish(self, definition: Journey, choice: Choice | None = None) -> None:
        """As `kundresa apply` does."""
        chosen = {"tried": choice} if choice is not None else {}
        content = Content(journeys={"tried": definition})
        examine(await propose(self.shop.database, content, Census(self.client), chosen), content, chosen)
        await publish(self.shop.database, content, chosen)
        await begin(self.client, [name for name, each in chosen.items() if each.manner in ("migrate", "end")])

    async def enters(self, user: str) -> str:
        """The workflow of somebody who has just entered."""
        before = set(await self.shop.rows("SELECT workflow_id FROM enrolments"))
        await self.shop.happens([(user, "Signed Up")])
        await self.shop.drained()
        (entered,) = set(await self.shop.rows("SELECT workflow_id FROM enrolments")) - before
        return str(entered[0])

    async def look(self, workflow: str) -> Snapshot:
        return await look(self.client.get_workflow_handle(workflow))

    async def sleeps_in(self, workflow: str, version: int) -> Snapshot:
        """The run as soon as it sleeps in this version."""

        async def sleeps() -> bool:
            snapshot = await self.look(workflow)
            return snapshot.version == version and snapshot.until is not None

        await eventually(sleeps, f"{workflow} sleeps in version {version}")
        return await self.look(workflow)

    async def versions(self) -> list[tuple[int, str, str | None]]:
        """Version, status and reason of every enrolment, in the order in which they entered."""
        rows = await self.shop.rows("SELECT version, status, reason FROM enrolments ORDER BY trigger_seq")
        return [tuple(row) for row in rows]

    async def live(self) -> tuple[int | None, int | None]:
        ((live, after),) = await self.shop.rows("SELECT live_version, next_version FROM journeys")
        return live, after


async def eventually(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    for _ in range(300):
        if await holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it never came true: {what}")


@pytest_asyncio.fixture
async def publisher(database: Database, temporal_client: Client) -> AsyncIterator[Publisher]:
    shop, enrolments = Shop(database, temporal_client), Enrolments(database)
    migrating = Migrating(database, temporal_client)
    journeys = Worker(
        temporal_client,
        task_queue=JOURNEYS_QUEUE,
        workflows=[JourneyWorkflow],
        activities=[enrolments.finish, enrolments.stand, enrolments.move],
    )
    sweeps = Worker(
        temporal_client,
        task_queue=SWEEPS_QUEUE,
        workflows=[ChangeOverWorkflow],
        activities=[migrating.tell_travellers, migrating.close_changeover],
    )
    async with journeys, sweeps, routing(shop, temporal_client):
        publisher = Publisher(shop)
        await publisher.publish(FIRST)
        yield publisher
        for (workflow,) in await shop.rows("SELECT workflow_id FROM enrolments WHERE status <> 'ended'"):
            await tell(temporal_client, workflow, "exit", "the test is over")
    await shop.line.close()


async def counted(publisher: Publisher, step: str, people: int) -> None:
    """Temporal's list of runs has come to know who is where."""

    async def knows() -> bool:
        proposal = await propose(
            publisher.shop.database, Content(journeys={"tried": LONGER}), Census(publisher.client), {}
        )
        (proposed,) = proposal.of("journeys")
        return [each.people for each in proposed.inside if each.step == step] == [people]

    await eventually(knows, f"{people} at {step}")


async def test_who_is_pinned_keeps_the_version_and_the_next_one_enters_the_new_one(publisher: Publisher) -> None:
    anna = await publisher.enters("anna")
    before = await publisher.look(anna)
    await publisher.publish(LONGER)
    ben = await publisher.enters("ben")
    assert (await publisher.look(anna)).until == before.until
    assert [(await publisher.look(each)).version for each in (anna, ben)] == [1, 2]
    assert await publisher.versions() == [(1, "active", None), (2, "active", None)]


async def test_who_migrates_sleeps_on_at_the_same_step_by_the_new_clock(publisher: Publisher) -> None:
    anna, ben = await publisher.enters("anna"), await publisher.enters("ben")
    before = await publisher.look(anna)
    assert before.until is not None
    await publisher.publish(LONGER, Choice("migrate"))
    after = await publisher.sleeps_in(anna, 2)
    assert after.state.at == "pause"
    assert after.until == before.until + 5 * DAY
    await publisher.sleeps_in(ben, 2)
    assert await publisher.versions() == [(2, "active", None), (2, "active", None)]


async def test_a_mapping_leads_from_a_step_that_is_gone(publisher: Publisher) -> None:
    anna = await publisher.enters("anna")
    await counted(publisher, "pause", 1)
    with pytest.raises(ChoiceRefused, match=r"step pause of version 1 is gone, with 1 at it.* tried:pause=wait-9d"):
        await publisher.publish(OTHER, Choice("migrate"))
    assert await publisher.live() == (1, None), "refused before anything was done"
    with pytest.raises(ChoiceRefused, match="has no step nowhere, which pause is mapped to"):
        await publisher.publish(OTHER, Choice("migrate", {"pause": "nowhere"}))
    await publisher.publish(OTHER, Choice("migrate", {"pause": "wait-9d"}))
    assert (await publisher.sleeps_in(anna, 2)).state.at == "wait-9d"
    assert await publisher.versions() == [(2, "active", None)]


async def test_when_temporal_is_away_every_step_that_is_gone_needs_a_mapping(publisher: Publisher) -> None:
    await publisher.enters("anna")
    content, chosen = Content(journeys={"tried": OTHER}), {"tried": Choice("migrate", {"pause": "wait-9d"})}
    proposal = await propose(publisher.shop.database, content, Census(None), chosen)
    assert not proposal.counted
    assert proposal.of("journeys")[0].people == {1: 1}
    with pytest.raises(ChoiceRefused, match="step wait-20d of version 1 is gone, and how many"):
        examine(proposal, content, chosen)


async def test_who_ends_leaves_at_once_and_may_enter_the_new_version(publisher: Publisher) -> None:
    anna = await publisher.enters("anna")
    await publisher.publish(journey({"wait": "3d"}, re_entry="always"), Choice("end"))
    assert await publisher.client.get_workflow_handle(anna).result() == ENDED
    assert await publisher.versions() == [(1, "ended", ENDED)]
    again = await publisher.enters("ben")
    assert (await publisher.look(again)).version == 2


async def test_who_is_inside_a_journey_that_is_gone_can_be_ended_but_not_moved(publisher: Publisher) -> None:
    anna, none = await publisher.enters("anna"), Content(journeys={})
    proposal = await propose(publisher.shop.database, none, Census(publisher.client), {})
    assert [(each.name, each.change, each.people) for each in proposal.files] == [("tried", "gone", {1: 1})]
    with pytest.raises(ChoiceRefused, match="tried is gone: those inside can finish"):
        examine(proposal, none, {"tried": Choice("migrate")})
    await publish(publisher.shop.database, none, {"tried": Choice("end")})
    await begin(publisher.client, ["tried"])
    assert await publisher.client.get_workflow_handle(anna).result() == ENDED
    assert await publisher.live() == (None, None)


async def test_a_drained_journey_takes_nobody_until_everybody_has_finished(publisher: Publisher) -> None:
    anna = await publisher.enters("anna")
    migrating = Migrating(publisher.shop.database, publisher.client)
    await publisher.publish(LONGER, Choice("drain"))
    assert await publisher.live() == (None, 2)
    await publisher.shop.happens([("ben", "Signed Up")])
    await publisher.shop.drained()
    assert await publisher.versions() == [(1, "active", None)], "ben does not enter"
    await publisher.publish(LONGER)
    await migrating.settle_versions()
    assert await publisher.live() == (None, 2), "neither the same files nor a round of housekeeping changes that"
    await tell(publisher.client, anna, "exit", "asked for by support")
    await publisher.client.get_workflow_handle(anna).result()
    await migrating.settle_versions()
    assert await publisher.live() == (2, None)
    assert (await publisher.look(await publisher.enters("carl"))).version == 2


async def test_a_rollback_brings_people_back_to_the_old_version(publisher: Publisher) -> None:
    anna = await publisher.enters("anna")
    before = await publisher.look(anna)
    for definition, version in ((LONGER, 2), (FIRST, 1)):
        await publisher.publish(definition, Choice("migrate"))
        after = await publisher.sleeps_in(anna, version)
    assert await publisher.live() == (1, None)
    assert after.until == before.until


async def test_a_change_over_goes_three_times_and_then_it_is_done(publisher: Publisher) -> None:
    await publisher.enters("anna")
    await publisher.publish(LONGER, Choice("migrate"))
    sweep = publisher.client.get_workflow_handle("changeover/tried", result_type=int)
    await TimeSkipper(publisher.client).fast_forward(sweep, timedelta(minutes=2))
    assert await sweep.result() == 1
    assert await publisher.shop.rows("SELECT 1 FROM changeovers WHERE done_at IS NULL") == []


async def test_what_temporal_was_not_there_to_begin_is_begun_by_the_housekeeping(
    publisher: Publisher, temporal_client: Client
) -> None:
    anna = await publisher.enters("anna")
    await publish(publisher.shop.database, Content(journeys={"tried": LONGER}), {"tried": Choice("migrate")})
    async with publisher.shop.database.transaction() as session:
        assert await changeovers.open_ones(session) == ["tried"]
    assert (await publisher.look(anna)).version == 1
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, task_queue=SWEEPS_QUEUE)
    await environment.run(Migrating(publisher.shop.database, temporal_client).settle_versions)
    await publisher.sleeps_in(anna, 2)
