"""The main way of every shipped journey through the real workflow, with skipped time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from activities.decisions import Answer, Appointment, Moment, Question
from rules.facts import Facts, Happening
from rules.holds import holds
from rules.moments import settled
from tests.content.customers import CUSTOMERS
from tests.content.playing import SHIPPED, ZONE, Script
from tests.content.readers import READERS
from tests.workflows.world import Run, World, happen
from workflows.starting import RunOver, Starting, start, workflow_id

MAIN = {script.journey: script for script in reversed((*READERS, *CUSTOMERS))}
LONG = timedelta(days=120)


@dataclass
class Stage(World):
    """A world in which one script is played: conditions and dates are asked of what happens in it."""

    script: Script = field(default_factory=lambda: MAIN["welcome"])
    happened: list[Happening] = field(default_factory=list)

    @activity.defn
    async def decide(self, question: Question) -> Answer:
        script = self.script
        facts = Facts(
            question.now,
            script.traits,
            self.happened,
            script.first.properties,
            topics=dict.fromkeys(script.topics, True),
            named=SHIPPED.named,
        )
        cases = (number for number, condition in enumerate(question.conditions) if holds(condition, facts))
        return Answer(next(cases, None))

    @activity.defn
    async def locate(self, appointment: Appointment) -> Moment:
        script = self.script
        return Moment(
            settled(appointment.local, appointment.now, ZONE, script.traits, script.first.properties), ZONE.key
        )


@pytest_asyncio.fixture(scope="module")
async def stage(temporal_client: Client) -> AsyncIterator[Stage]:
    stage = Stage()
    journeys, letters, webhooks = stage.workers(temporal_client)
    async with journeys, letters, webhooks:
        yield stage


async def entered(client: Client, script: Script) -> tuple[Run, UUID]:
    # Chance decides by the contact: this one is held out of no journey.
    contact, enrolment = uuid5(NAMESPACE_OID, script.journey), uuid4()
    run = workflow_id(script.journey, contact, "")
    title = SHIPPED.journeys[script.journey].title
    began = script.entering().start
    await start(client, Starting(run, enrolment, script.plan, title, datetime.now(UTC), began))
    return client.get_workflow_handle(run), enrolment


@pytest.mark.parametrize("script", MAIN.values(), ids=MAIN)
async def test_the_main_way_of_a_journey_sends_its_letters_in_order(
    stage: Stage, temporal_client: Client, script: Script
) -> None:
    stage.script, stage.happened = script, [script.first]
    time = TimeSkipper(temporal_client)
    run, enrolment = await entered(temporal_client, script)
    passed = timedelta(0)
    for number, later in enumerate(sorted(script.later, key=lambda each: each.after), 2):
        await time.fast_forward(run, later.after - passed)
        passed = later.after
        try:
            await happen(temporal_client, run, later.event, number, tuple(later.traits), **later.properties)
        except RunOver:
            break
    await time.fast_forward(run, LONG)
    assert await run.result() == script.ends
    sent = [order.letter for order in stage.orders if order.enrolment == enrolment]
    assert sent == [letter for _, letter in script.letters]
