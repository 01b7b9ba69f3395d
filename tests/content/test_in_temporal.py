"""The main way of every shipped journey through the real workflow, with skipped time."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from activities.decisions import Answer, Appointment, Moment, Question
from rules.facts import Facts
from rules.holds import holds
from rules.moments import settled
from tests.content.customers import CUSTOMERS
from tests.content.playing import SHIPPED, ZONE, Script
from tests.content.readers import READERS
from tests.workflows.world import Run, World, happen
from workflows.starting import Starting, start, workflow_id

MAIN = {script.journey: script for script in reversed((*READERS, *CUSTOMERS))}
LONG = timedelta(days=120)


@dataclass
class Stage(World):
    """A world in which scripts are played: conditions and dates are asked of what happens in each of them."""

    scripts: dict[UUID, Script] = field(default_factory=dict)

    @activity.defn
    async def decide(self, question: Question) -> Answer:
        script = self.scripts[question.enrolment]
        facts = Facts(
            question.now,
            script.traits,
            [script.first],
            script.first.properties,
            topics=dict.fromkeys(script.topics, True),
            named=SHIPPED.named,
        )
        cases = (number for number, condition in enumerate(question.conditions) if holds(condition, facts))
        return Answer(next(cases, None))

    @activity.defn
    async def locate(self, appointment: Appointment) -> Moment:
        script = self.scripts[appointment.enrolment]
        moment = settled(appointment.local, appointment.now, ZONE, script.traits, script.first.properties)
        return Moment(moment, ZONE.key)

    async def play(self, client: Client, script: Script) -> tuple[str, list[str]]:
        """Why the run of this script ended, and the letters that it ordered."""
        run, enrolment = await self._enter(client, script)
        time, passed = TimeSkipper(client), timedelta(0)
        for number, later in enumerate(sorted(script.later, key=lambda each: each.after), 2):
            await time.fast_forward(run, later.after - passed)
            passed = later.after
            await happen(client, run, later.event, number, tuple(later.traits), **later.properties)
        await time.fast_forward(run, LONG)
        return await run.result(), [order.letter for order in self.orders if order.enrolment == enrolment]

    async def _enter(self, client: Client, script: Script) -> tuple[Run, UUID]:
        # Chance decides by the contact: this one is held out of no journey.
        contact, enrolment = uuid5(NAMESPACE_OID, script.journey), uuid4()
        self.scripts[enrolment] = script
        run = workflow_id(script.journey, contact, "")
        title, began = SHIPPED.journeys[script.journey].title, script.entering().start
        await start(client, Starting(run, enrolment, script.plan, title, datetime.now(UTC), began))
        return client.get_workflow_handle(run), enrolment


@pytest_asyncio.fixture(scope="module")
async def played(temporal_client: Client) -> dict[str, tuple[str, list[str]] | BaseException]:
    """What came of the main way of every journey; all are played at the same time."""
    stage = Stage()
    journeys, letters, webhooks = stage.workers(temporal_client)
    async with journeys, letters, webhooks:
        plays = (asyncio.wait_for(stage.play(temporal_client, script), 120) for script in MAIN.values())
        return dict(zip(MAIN, await asyncio.gather(*plays, return_exceptions=True), strict=True))


@pytest.mark.parametrize("script", MAIN.values(), ids=MAIN)
async def test_the_main_way_of_a_journey_sends_its_letters_in_order(
    played: dict[str, tuple[str, list[str]] | BaseException], script: Script
) -> None:
    assert played[script.journey] == (script.ends, [letter for _, letter in script.letters])
