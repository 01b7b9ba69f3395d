"""Steps that reach beyond one run, end to end: moving dates, conditions, webhooks, other journeys."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.activities.receiver import Receiver, receiving
from tests.end_to_end.person import Person
from tests.end_to_end.running import Running, running, until
from tests.end_to_end.shop_client import Shop

DAY = timedelta(days=1)
TEMPLATES = Path(__file__).parent / "shop" / "templates"
TRIAL = """
journey: trial
title: A trial that ends
class: transactional
trigger: {event: Trial Started}
exit_on: [Trial Ended]
limit: 90d
steps:
  - wait_until: {trait: trial_ends, offset: -3d, time: "10:00"}
  - set: {traits: {trial_warned: true}, topics: {news: true}}
  - webhook: {url: "http://127.0.0.1:%d/hook", traits: [trial_ends], properties: [plan]}
  - wait_for: {condition: {all: [{trait: plan, is: paid}, {topic: news}]}}
    timeout: 10d
    otherwise: [{exit: lapsed}]
  - repeat: {every: 7d, at_most: 2, steps: [{send: receipt}]}
  - enrol: thanks
"""
THANKS = """
journey: thanks
title: Thank somebody who pays
class: transactional
trigger: {api: true}
steps: [{send: goodbye}]
"""


@dataclass(frozen=True)
class World:
    """A stack with two journeys, and a system that takes their webhooks."""

    stack: Running
    receiver: Receiver

    def person(self, user: str) -> Person:
        return Person(self.stack, Shop(self.stack.api, self.stack.environment["KUNDRESA_WRITE_KEYS"]), user)


@pytest_asyncio.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("journeys")
    async with receiving() as receiver:
        (folder / "trial.yaml").write_text(TRIAL % receiver.port)
        (folder / "thanks.yaml").write_text(THANKS)
        settings = {
            "KUNDRESA_JOURNEYS_DIR": str(folder),
            "KUNDRESA_TEMPLATES_DIR": str(TEMPLATES),
            "KUNDRESA_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "KUNDRESA_WEBHOOK_PRIVATE": "true",
        }
        async with running(settings) as stack:
            yield World(stack, receiver)


def day(offset: int) -> str:
    return f"{datetime.now(UTC) + offset * DAY:%Y-%m-%d}"


async def test_a_trial_is_followed_from_its_moving_end_to_another_journey(world: World) -> None:
    person = world.person("anna")
    await person.comes(trial_ends=day(30), number=1, subscribes=False)
    await person.does("Trial Started", plan="gold")
    first = await person.waits_until("trial")
    await person.comes(trial_ends=day(20), subscribes=False)

    async def moved() -> bool:
        return first - await person.waits_until("trial") > 9 * DAY

    await until(moved, "the wait follows the trait")
    await person.forward("trial", 19 * DAY)
    await until(lambda: _told(world), "the webhook is called")
    (taken,) = world.receiver.taken
    assert taken.told["data"]["traits"] == {"trial_ends": day(20)}
    assert taken.told["data"]["properties"] == {"plan": "gold"}
    await person.comes(plan="paid", subscribes=False)
    await person.gets("receipt")
    await person.forward("trial", 8 * DAY)
    await person.stands("trial", "ended", "completed")
    await person.gets("goodbye")
    await person.stands("thanks", "ended", "completed")
    assert await person.letters() == ["receipt", "receipt", "goodbye"]
    told = await world.stack.rows("SELECT kind, verdict FROM decisions WHERE journey = 'trial' ORDER BY at, id")
    assert [row["kind"] for row in told if row["kind"] != "letter"] == [
        *("entered", "wait", "set", "webhook", "wait", "repeat", "repeat", "repeat", "enrol", "ended")
    ]


async def _told(world: World) -> bool:
    return bool(world.receiver.taken)
